"""The past needs of a record, each as it stood when help was first decided on. Read-only and streaming.

The first decision is what matters here: it is what the rule in force said with what was known then, and what sent
(or did not send) the first unit. What became known later may have changed the plan; that is another question.
A need is decided first when its incident is opened. One that was linked to an incident under way was decided with
the others of that incident, and one that never came into an incident was not decided at all: for these the record
has no plan to compare with, and they are taken as they stood in the end.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from everycall.core.calls import CallTaken, CallUpdated, NeedAdded
from everycall.core.events import decode_event
from everycall.core.incidents import IncidentOpened
from everycall.core.linking import NeedsLinked
from everycall.core.needs import NeedClassified, NeedPrioritised, ServiceEstablished
from everycall.core.policies import NOT_RECORDED_PLAN, ResponsePlan
from everycall.core.retiring import Retired
from everycall.record import SqliteRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from everycall.core.event import Event
    from everycall.core.facts import Fact
    from everycall.core.needs import NeedTaken

Decided = Literal["opened", "joined", "never", "not_recorded"]
"""How: with an incident of its own; into one that was under way; not at all; the record is rebuilt and does not say."""


@dataclass(slots=True)
class PastNeed:
    """One need as it stood when help was first decided on.

    Attributes:
        need: Its id.
        call: The call's id.
        service: The service that was asked for.
        type: The type as it was known; none: unknown.
        priority: The first priority that the record has.
        facts: What was known of the call.
        received_at: The call's first instant, microseconds UTC.
        decided: How.
    """

    need: str
    call: str
    service: str
    type: str | None
    priority: str | None
    facts: tuple[Fact, ...]
    received_at: int
    decided: Decided = "never"


@dataclass(frozen=True, slots=True)
class PastDecision:
    """Needs that were decided on together, and the plan that the record has for them; none: it has none."""

    needs: tuple[PastNeed, ...]
    plan: ResponsePlan | None


@dataclass(slots=True)
class _Call:
    received_at: int
    facts: tuple[Fact, ...]
    reconstructed: bool
    needs: dict[str, PastNeed] = field(default_factory=dict)


class _Reader:
    """Folds events; gives each need once."""

    def __init__(self) -> None:
        self._calls: Final[dict[str, _Call]] = {}
        self._call_of: Final[dict[str, str]] = {}

    def add(self, event: Event) -> Iterator[PastDecision]:
        """What the event decides first."""
        if isinstance(event, CallTaken):
            call = _Call(received_at=event.received_at, facts=event.facts, reconstructed=event.reconstructed)
            self._calls[event.call] = call
            for need in event.needs:
                self._take(event.call, call, need)
        elif isinstance(event, NeedAdded):
            if event.call in self._calls:
                self._take(event.call, self._calls[event.call], event.need)
        elif isinstance(event, CallUpdated):
            if event.facts and event.call in self._calls:
                self._calls[event.call].facts += event.facts
        elif isinstance(event, (NeedClassified, ServiceEstablished, NeedPrioritised)):
            self._change(event)
        elif isinstance(event, IncidentOpened):
            for response in event.responses:
                yield from self._decided(response.needs, "opened", response.plan)
        elif isinstance(event, NeedsLinked):
            yield from self._decided(event.needs, "joined", None)
        elif isinstance(event, Retired):
            yield from self.left(event.calls)

    def left(self, calls: tuple[str, ...] | None = None) -> Iterator[PastDecision]:
        """Needs on which nothing was decided, of these calls or of all; they are forgotten."""
        for key in tuple(self._calls) if calls is None else calls:
            call = self._calls.pop(key, None)
            if call is None:
                continue
            for need in call.needs.values():
                del self._call_of[need.need]
                need.facts = call.facts
                yield PastDecision(needs=(need,), plan=None)

    def _take(self, key: str, call: _Call, need: NeedTaken) -> None:
        self._call_of[need.need] = key
        call.needs[need.need] = PastNeed(
            need=need.need,
            call=key,
            service=need.service,
            type=need.type,
            priority=need.priority,
            facts=(),
            received_at=call.received_at,
        )

    def _change(self, event: NeedClassified | ServiceEstablished | NeedPrioritised) -> None:
        key = self._call_of.get(event.need)
        need = None if key is None else self._calls[key].needs[event.need]
        if need is None:
            return
        if isinstance(event, NeedClassified):
            need.type = event.type
        elif isinstance(event, ServiceEstablished):
            need.service = event.service
        elif need.priority is None:
            need.priority = event.priority

    def _decided(self, needs: tuple[str, ...], how: Decided, plan: ResponsePlan | None) -> Iterator[PastDecision]:
        found: list[PastNeed] = []
        rebuilt = plan == NOT_RECORDED_PLAN
        for key in needs:
            call = self._calls.get(self._call_of.pop(key, ""))
            if call is not None:
                need = call.needs.pop(key)
                decided: Decided = "not_recorded" if rebuilt or call.reconstructed else how
                found.append(replace(need, facts=call.facts, decided=decided))
        if found:
            yield PastDecision(needs=tuple(found), plan=None if rebuilt else plan)


@dataclass(frozen=True, slots=True)
class Past:
    """A record, open for reading.

    Attributes:
        facts: What the record says about itself.
        decisions: Each need once, in the order of first decisions; can be gone through once.
    """

    facts: Mapping[str, str]
    decisions: Iterator[PastDecision]


@contextmanager
def past_of(path: Path, progress: Callable[[int, int], None] | None = None) -> Iterator[Past]:
    """Open a record for reading; nothing is written to it.

    Args:
        path: The record.
        progress: Told now and then how many entries are read, and how many there are.

    Raises:
        RecordError: There is no usable record.
        UnreadableEventError: An entry cannot be read; while the decisions are gone through.
    """
    with SqliteRecord.open(path, read_only=True) as record:
        yield Past(facts=dict(record.facts), decisions=_decisions(record, progress))


def _decisions(record: SqliteRecord, progress: Callable[[int, int], None] | None) -> Iterator[PastDecision]:
    reader, length = _Reader(), record.length()
    for sequence, data in record.read():
        yield from reader.add(decode_event(data).body)
        if progress is not None and sequence % 5_000 == 0:
            progress(sequence, length)
    yield from reader.left()
