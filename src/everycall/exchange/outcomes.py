"""From what an export says to the outcome of a need: pure rules, and nothing invented.

The rules, in order:

1. A call that is still open has no outcome.
2. Words that say a unit came (`gone on arrival`, `quiet on arrival`) count as an arrival even where no time
of arrival was kept.
3. With an arrival: gone on arrival if the words say so, else unfounded if the words say so, else responded.
Whatever else the words say
   (cancelled, duplicate, test) stays in the basis: a unit did come.
4. Without one: the one thing that the words say. `Unfounded` alone says nothing, because that outcome means
that a unit looked.
5. Words that say two different things settle nothing.
6. Where nothing is said, the outcome is `not_recorded`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from everycall.core.vocabulary import Contact, OutcomeName
    from everycall.exchange.profiles import Said

OUTCOME_OF_WORDS: Final[dict[Said, OutcomeName]] = {
    "cancelled_by_caller": "cancelled_by_caller",
    # Cancelled by a named authority, with nobody there: closed unreached, and by whom is known.
    "cancelled_by_agency": "not_reached",
    "duplicate": "duplicate",
    "no_emergency": "no_emergency",
    "settled_by_phone": "advised",
    "accepted_by_other_agency": "handed_over",
    "declined": "declined",
    "not_established": "not_established",
}
"""What words settle where no unit came; words that are not here settle nothing."""


@dataclass(frozen=True)
class Settled:
    """How a need ended, as far as the export says.

    Attributes:
        outcome: the outcome, None while the call is open.
        contact: whether the unit that came met somebody, None where none came.
        contradiction: the words said two different things.
    """

    outcome: OutcomeName | None
    contact: Contact | None
    contradiction: bool = False


def settle(said: frozenset[Said], *, arrived: bool, still_open: bool = False) -> Settled:
    """The outcome of one need.

    Args:
        said: everything that the words of the row say.
        arrived: the row has the time of a unit's arrival.
        still_open: the feed lists calls in progress, and this is one.
    """
    if still_open:
        return Settled(None, None)
    if arrived or said & {"gone_on_arrival", "unit_arrived"}:
        if "gone_on_arrival" in said:
            return Settled("gone_on_arrival", "no")
        outcome: OutcomeName = "unfounded" if "unfounded" in said else "responded"
        return Settled(outcome, _contact(said))
    ends = {OUTCOME_OF_WORDS[word] for word in said if word in OUTCOME_OF_WORDS}
    if len(ends) == 1:
        return Settled(ends.pop(), None)
    return Settled("not_recorded", None, contradiction=len(ends) > 1)


def _contact(said: frozenset[Said]) -> Contact:
    met, missed = "contact" in said, "no_contact" in said
    if met == missed:
        return "not_said"
    return "yes" if met else "no"
