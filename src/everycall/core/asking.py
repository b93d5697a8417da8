"""Asking the policy about a need: it is told what it was adopted as reading, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.core.facts import readable
from everycall.core.policies import Asked

if TYPE_CHECKING:
    from collections.abc import Collection

    from everycall.core.facts import Fact
    from everycall.core.needs import Need
    from everycall.core.state import State


def asked_about(state: State, need: Need, reads: Collection[str], facts: tuple[Fact, ...] | None = None) -> Asked:
    """What a policy that reads these facts is asked about a need.

    `facts` are those of a call that is just being taken, or as they are about to be.
    """
    call = state.calls.get(need.call)
    known = facts if facts is not None else () if call is None else call.facts
    return Asked(
        service=need.service,
        incident_type=need.type,
        facts=readable(known, reads),
        received_at=need.opened_at if call is None else call.received_at,
    )
