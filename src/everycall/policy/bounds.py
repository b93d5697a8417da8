"""The longest that a lawful policy may let anybody wait: numbers that ship, past which a plan counts as a refusal.

A policy that sends nobody, or within a year, refuses without saying so. All durations are seconds. None of these is a
goal; a goal stands in the plan. Where a number comes from a standard its line says so, all others are house bounds: of
our own choosing, wide enough for any centre that means to come.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from everycall.core.base import SECOND
from everycall.core.policies import HOUSE_FLOOR, LONGEST_HOLD, PermittedAct

if TYPE_CHECKING:
    from collections.abc import Mapping

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR

LATEST_DISPATCH: Final = (
    5 * _MINUTE,  # priority 0: five times the 60 s that NFPA 1225 gives the most urgent calls
    5 * _MINUTE,  # priority 1: the same
    15 * _MINUTE,  # house bound, as are all below
    1 * _HOUR,
    4 * _HOUR,
)
"""By when somebody must have been sent at the latest, by priority."""
LATEST_DISPATCH_OF_ALL: Final = 1 * _DAY
"""The same for every less urgent priority. House bound."""

LONGEST_WAITING_OFFER: Final = 30 * _MINUTE
"""How long our units may wait for another agency's answer. House bound."""
LONGEST_OFFER: Final = 1 * _HOUR
"""How long another agency may take to answer while our units go. House bound."""

LONGEST_GRANT: Final[Mapping[PermittedAct, int]] = MappingProxyType(
    {
        "hold": LONGEST_HOLD // SECOND,  # as where a rule names no time
        "hand_over": 1 * _HOUR,  # house bound
        "decline": 7 * _DAY,  # to its review; house bound
    }
)
"""The longest `within` of a grant."""

LONGEST_LADDER: Final = 1 * _DAY
"""How long after a missed deadline the last person of a ladder may hear of it. House bound."""

TIMES_THE_HOUSE: Final = 10
"""An allowance of the floor is at most so many times the house's own. House bound."""
FLOOR_MOST: Final[Mapping[str, int]] = MappingProxyType(
    {
        name: TIMES_THE_HOUSE * getattr(HOUSE_FLOOR, name) // SECOND
        for name in (
            "answer_within",  # the house's: NENA-STA-020.1
            "acknowledge_within",
            "call_back_within",
            "find_out_within",
            "hand_over_within",
            "hand_over_arrival_within",
            "welfare_every",
            "outcome_within",
            "retire_after",
        )
    }
    | {"review_within": LONGEST_GRANT["decline"]}
)
"""The longest of each allowance."""

TRIAGE_PRIORITY: Final = 3
"""The least urgent that the triage floor may be. House bound."""
TRIAGE_DISPATCH: Final = 10 * _MINUTE
"""The longest that the triage floor may let a call of unknown type wait for somebody to be sent. House bound."""
TRIAGE_FIND_OUT: Final = 10 * _MINUTE
"""The longest that a type may stay unknown by the triage floor. House bound."""


def latest_dispatch(priority: int) -> int:
    """By when somebody must have been sent at the latest, for a priority."""
    return LATEST_DISPATCH[priority] if priority < len(LATEST_DISPATCH) else LATEST_DISPATCH_OF_ALL
