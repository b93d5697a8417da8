"""Undoing an act: whether it can be taken back, and what has to follow so that nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.assignments import Assignment
from everycall.core.clocks import (
    CALL_KINDS,
    RESPONSE_KINDS,
    find_out,
    response_clock,
    resting,
    retirement,
)
from everycall.core.clocks import (
    unplaced as was_unplaced,
)
from everycall.core.deadlines import Deadline
from everycall.core.incidents import Incident, Response, ResponseNamed
from everycall.core.needs import Need
from everycall.core.outcomes import StruckOutcome, name_of
from everycall.core.refusals import Refusal, unknown
from everycall.core.taking_back import Back, taken_back
from everycall.core.undo import ActUndone, Undo
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.core.actors import Actor
    from everycall.core.acts import Act, Change
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable
    from everycall.core.state import State


def undo(state: State, _actor: Actor, body: Undo, given: Given) -> list[Event] | Refusal:
    """Take back one act, once."""
    act = state.acts.get(body.act)
    if act is None:
        return unknown("act", body.act)
    if act.undone:
        return Refusal(
            code="already_undone",
            rule="house:6",
            because=f"The {act.kind} {body.act} was already taken back.",
            instead="Do it again as a new act if it is wanted after all.",
        )
    moved = _moved_since(state, act)
    if moved is not None:
        return moved
    back = taken_back(state, body.act, act)
    struck = tuple(
        StruckOutcome(need=change.key, outcome=name_of(now.outcome))
        for change in act.changes
        if change.table == "needs"
        and (now := state.needs.get(change.key)) is not None
        and now.outcome is not None
        and (then := back.need(change.key)) is not None
        and then.outcome is None
    )
    following = _Following(back, given)
    following.responses()
    following.calls()
    following.drop_what_is_about_nothing()
    touches = (*act.subjects(), *back.incidents)
    event = ActUndone(
        act=body.act,
        kind=act.kind,
        at=given.at,
        reason=body.reason,
        struck=struck,
        reopens=tuple(following.reopens),
        closes=tuple(following.closes),
        touches=tuple(dict.fromkeys(touches)),
        sets=following.sets(),
        ends=following.ends(),
    )
    waits = waiting_changes(state, given.at, pending=following.pending)
    return [event, *waits]


def _moved_since(state: State, act: Act) -> Refusal | None:
    """What stands in the way: what the act moved was moved on since."""
    for change in act.changes:
        where = _moved_on(state, change)
        if where is not None:
            return Refusal(
                code="moved_since",
                rule="house:6",
                because=f"{change.key} was moved on since and is {where} now.",
                instead="Take the later act back first, or move it from where it is now.",
            )
    return None


def _moved_on(state: State, change: Change) -> str | None:
    """Where something is that this change had put elsewhere; None where it stayed."""
    before, after = change.before, change.after
    if isinstance(before, Incident) and isinstance(after, Incident):
        if before.merged_into is not None or after.merged_into is None:
            return None
        into = state.incidents.get(after.merged_into)
        return None if into is None or into.merged_into is None else f"in incident {into.merged_into}"
    now = state.table(change.table).get(change.key) if change.table in ("needs", "assignments") else None
    if not isinstance(now, (Need, Assignment)):
        return None
    if not isinstance(before, (Need, Assignment)) or not isinstance(after, (Need, Assignment)):
        return None
    moved_by_it = before.incident != after.incident
    if not moved_by_it or now.incident == after.incident:
        return None
    return "in no incident" if now.incident is None else f"in incident {now.incident}"


class _Following:
    """What follows from taking an act back: responses that open and close, deadlines that stand again."""

    def __init__(self, back: Back, given: Given) -> None:
        self.back = back
        self.state = back.state
        self.given = given
        self.reopens: list[ResponseNamed] = []
        self.closes: list[ResponseNamed] = []
        self.pending: list[tuple[str, Response]] = []
        self.deadlines: dict[str, Deadline | None] = {}
        for change in back.act.changes:
            if change.table == "deadlines":
                now = back.state.deadlines.get(change.key)
                if now == change.after:
                    self.deadlines[change.key] = change.before if isinstance(change.before, Deadline) else None
                elif now is not None and change.after is not None and change.before is None:
                    self.deadlines[change.key] = None  # the act set it; that rungs have passed changes nothing

    def held(self, key: str) -> Deadline | None:
        """A deadline as it will stand."""
        return self.deadlines[key] if key in self.deadlines else self.state.deadlines.get(key)

    def take(self, sets: Iterable[Deadline], ends: Iterable[str]) -> None:
        for key in ends:
            self.deadlines[key] = None
        for deadline in sets:
            self.deadlines[deadline.key] = deadline

    def responses(self) -> None:
        """Each response that the act had to do with, as it will be."""
        for place in self.back.incidents:
            before = self.state.incidents.get(place)
            incident = self.back.incident(place)
            after = {} if incident is None else incident.responses
            gone = () if before is None else [agency for agency in before.responses if agency not in after]
            for agency in gone:
                self._end_all(place, agency)
            for response in after.values():
                self._response(place, response)
            if incident is None:
                self.take((), [key for key in (f"retire:{place}",) if self.held(key) is not None])
            elif any(named.incident == place for named in self.closes):
                self._retirement(place)
            elif incident.merged_into is None and not any(
                self.back.anything_open(r) or self.back.engaged(r) for r in incident.responses.values()
            ):
                self._still_retires(place)

    def drop_what_is_about_nothing(self) -> None:
        """A deadline of a response that went elsewhere does not come back."""
        for key, deadline in self.deadlines.items():
            if deadline is not None and deadline.kind in RESPONSE_KINDS:
                place, agency = deadline.subject.split("/", 1)
                incident = self.back.incident(place)
                if incident is None or agency not in incident.responses:
                    self.deadlines[key] = None

    def _end_all(self, place: str, agency: str) -> None:
        keys = [f"{kind}:{place}/{agency}" for kind in RESPONSE_KINDS]
        self.take((), [key for key in keys if self.held(key) is not None])

    def _response(self, place: str, response: Response) -> None:
        back = self.back
        at_work, attended = back.at_work(response), back.attended(response)
        named = ResponseNamed(incident=place, agency=response.agency)
        if back.anything_open(response) or back.engaged(response):
            if response.closed_at is not None:
                self.reopens.append(named)
                response = replace(response, closed_at=None)
                if self.held(f"retire:{place}") is not None:
                    self.take((), (f"retire:{place}",))
            if response.hold is None and not at_work and not attended:
                self.pending.append((place, response))
        elif response.closed_at is None:
            self.closes.append(named)
        sets, ends = response_clock(
            self.state,
            place,
            response,
            self.given,
            is_open=back.is_open(response),
            at_work=at_work,
            attended=attended,
            held=self.held,
            sooner=False,
            rests=resting(self.state, response, need_of=back.need),
        )
        self.take(sets, ends)

    def _retirement(self, subject: str) -> None:
        if self.held(f"retire:{subject}") is None:
            self.take(retirement(self.state, self.given, subject), ())

    def _still_retires(self, subject: str) -> None:
        """What is settled all the same leaves memory as before: its deadline is not this act's alone."""
        key = f"retire:{subject}"
        if key in self.state.deadlines and self.deadlines.get(key, self) is None:
            del self.deadlines[key]

    def calls(self) -> None:
        """Each call that the act had to do with: an open need in no incident has to be found out about."""
        for subject in self.back.act.subjects():
            call = self.state.calls.get(subject)
            if call is None:
                continue
            needs = [need for key in call.needs if (need := self.back.need(key)) is not None]
            unplaced = [n for n in needs if n.outcome is None and n.incident is None and not n.reconstructed]
            standing = any(self.held(f"{kind}:{subject}") is not None for kind in CALL_KINDS)
            if unplaced and not standing:
                self.take((find_out(self.state, subject, self.given, needs=unplaced),), ())
            elif (
                not unplaced
                and self.held(key := f"find_out:{subject}") is not None
                and (was_unplaced(self.state, subject) or key not in self.state.deadlines)
                and not any(n.type is None and n.outcome is None and not n.reconstructed for n in needs)
            ):
                self.take((), (f"find_out:{subject}",))
            if all(n.outcome is not None or n.reconstructed for n in needs):
                keys = [f"{kind}:{subject}" for kind in CALL_KINDS]
                self.take((), [key for key in keys if self.held(key) is not None])
            if all(n.outcome is not None for n in needs):
                self._still_retires(subject)

    def sets(self) -> tuple[Deadline, ...]:
        """The deadlines that the event sets."""
        found = [d for key, d in self.deadlines.items() if d is not None and d != self.state.deadlines.get(key)]
        return tuple(found)

    def ends(self) -> tuple[str, ...]:
        """The deadlines that it ends."""
        return tuple(key for key, d in self.deadlines.items() if d is None and key in self.state.deadlines)


DECIDE: Final[DecideTable] = {Undo: undo}
