"""The balance: needs received = needs with an outcome + open + spooled, at every moment (rule 2).

It is a fold over events and so independent of the state's tables; `open_in` counts the tables, and the two
must agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from everycall.core.calls import CallTaken, NeedAdded
from everycall.core.outcomes import name_of
from everycall.core.retiring import Recalled, Retired
from everycall.core.settling import NeedsReopened, NeedsSettled
from everycall.core.undo import ActUndone
from everycall.core.vocabulary import OUTCOME_NAMES, OutcomeName

if TYPE_CHECKING:
    from everycall.core.event import Event
    from everycall.core.state import State


@dataclass(slots=True)
class Tally:
    """Needs of one kind: received, by outcome, and open."""

    received: int = 0
    outcomes: dict[OutcomeName, int] = field(default_factory=lambda: dict.fromkeys(OUTCOME_NAMES, 0))
    open: int = 0

    @property
    def settled(self) -> int:
        """Needs with an outcome."""
        return sum(self.outcomes.values())


@dataclass(slots=True)
class Balance:
    """Requests, and self-initiated work counted apart."""

    calls: int = 0
    requests: Tally = field(default_factory=Tally)
    self_initiated: Tally = field(default_factory=Tally)
    _own: set[str] = field(default_factory=set)

    def add(self, event: Event) -> None:
        """Fold one event in."""
        kind = type(event)
        if kind is CallTaken:
            assert isinstance(event, CallTaken)  # noqa: S101 - tells the type checker what `kind` says
            self.calls += 1
            if event.self_initiated:
                self._own.add(event.call)
            self._receive(event.call, len(event.needs))
        elif kind is NeedAdded:
            assert isinstance(event, NeedAdded)  # noqa: S101
            self._receive(event.call, 1)
        elif kind is NeedsSettled:
            assert isinstance(event, NeedsSettled)  # noqa: S101
            name = name_of(event.outcome)
            for key in event.needs:
                tally = self._tally(key)
                tally.outcomes[name] += 1
                tally.open -= 1
        elif kind is NeedsReopened or kind is ActUndone:
            assert isinstance(event, (NeedsReopened, ActUndone))  # noqa: S101
            for struck in event.struck:
                tally = self._tally(struck.need)
                tally.outcomes[struck.outcome] -= 1
                tally.open += 1
        elif kind is Retired:
            assert isinstance(event, Retired)  # noqa: S101
            self._own.difference_update(event.calls)
        elif kind is Recalled:
            assert isinstance(event, Recalled)  # noqa: S101
            self._own.update(call.id for call in event.calls if call.self_initiated)

    def _receive(self, call: str, needs: int) -> None:
        tally = self.self_initiated if call in self._own else self.requests
        tally.received += needs
        tally.open += needs

    def _tally(self, need: str) -> Tally:
        """The needs of a call that a unit made of its own accord are all counted apart."""
        return self.self_initiated if need.rsplit("-", 1)[0] in self._own else self.requests

    def holds(self, state: State) -> bool:
        """Whether received = outcomes + open, both by this fold and by the tables of the state."""
        requests, own = open_in(state)
        return (
            self.requests.received == self.requests.settled + self.requests.open
            and self.self_initiated.received == self.self_initiated.settled + self.self_initiated.open
            and (requests, own) == (self.requests.open, self.self_initiated.open)
        )


def open_in(state: State) -> tuple[int, int]:
    """Open needs in the tables: requests, and self-initiated."""
    requests = own = 0
    for need in state.needs.values():
        if need.outcome is None:
            if need.self_initiated:
                own += 1
            else:
                requests += 1
    return requests, own
