"""Certificates as the core sees them: what a proof found, in the few words that an adoption depends on.

The proof is made elsewhere and its full text is a blob. The engine finds it by its hash and hands this summary
in; the core never proves anything, it only insists that everything was proved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from everycall.core.base import Frozen, Identifier, Word
from everycall.core.facts import PROTECTED
from everycall.core.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection

Verdict = Literal["holds", "refuted", "not_established"]
"""What was found of a property. Only `holds` is a pass: a timeout or two engines that disagree are not."""

REQUIRED_PROPERTIES: Final = (
    "like_calls_alike",
    "protected_list",
    "unknown",
    "danger",
    "no_silent_refusal",
    "no_dead_rule",
)
"""What must hold before a policy comes into force without an objection."""

ENGINES: Final = 2
"""So many engines, different ones, must have said so."""


class PropertyVerdict(Frozen, frozen=True, kw_only=True):
    """One property of the whole policy."""

    name: Identifier
    verdict: Verdict


class AttributeVerdict(Frozen, frozen=True, kw_only=True):
    """One protected fact: whether no answer depends on it."""

    name: Identifier
    verdict: Verdict


class CertificateSummary(Frozen, frozen=True, kw_only=True):
    """What a certificate says: its own hash, the policy's, and each verdict."""

    certificate: Identifier
    policy: Identifier
    version: Word
    properties: Annotated[tuple[PropertyVerdict, ...], msgspec.Meta(max_length=100)] = ()
    attributes: Annotated[tuple[AttributeVerdict, ...], msgspec.Meta(max_length=300)] = ()
    engines: Annotated[tuple[Word, ...], msgspec.Meta(max_length=10)] = ()
