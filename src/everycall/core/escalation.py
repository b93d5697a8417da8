"""Escalation: a rung that was due passes, and whether somebody was reached.

`DeadlinePassed` says that a rung was due and who was to be told; that a person was reached is another event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.actors import Role
from everycall.core.base import CommandBody, Identifier, Instant, Key, Word
from everycall.core.deadlines import DeadlineKind, next_rung, put
from everycall.core.event import Event
from everycall.core.refusals import Refusal, unknown

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.deadlines import Deadline
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.state import State


class DeadlinePassed(Event, frozen=True, kw_only=True):
    """A rung was due at `due` and what it waits for had not been recorded. `role` is who is to be told."""

    kind: DeadlineKind
    subject: Key
    due: Instant
    rung: int
    role: Role | None
    touches: tuple[Identifier, ...] = ()


class PersonReached(Event, frozen=True, kw_only=True):
    """Whether somebody was reached about an overdue step."""

    kind: DeadlineKind
    subject: Key
    person: Identifier
    reached: bool
    by_channel: Word = ""
    touches: tuple[Identifier, ...] = ()


class ReportReached(CommandBody, frozen=True, kw_only=True):
    """Report that a person was, or was not, reached about an overdue step."""

    kind: DeadlineKind
    subject: Key
    person: Identifier
    reached: bool
    by_channel: Word = ""


def passed(deadline: Deadline) -> DeadlinePassed:
    """The event for the rung that is due."""
    return DeadlinePassed(
        kind=deadline.kind,
        subject=deadline.subject,
        due=deadline.due,
        rung=deadline.rung,
        role=deadline.ladder[deadline.rung].role if deadline.ladder else None,
        touches=deadline.touches,
    )


def put_off(deadline: Deadline) -> DeadlinePassed:
    """The event by which something stays in memory, because a part of it is not settled yet.

    What settles that part sets the deadline anew.
    """
    return DeadlinePassed(
        kind=deadline.kind,
        subject=deadline.subject,
        due=deadline.due,
        rung=deadline.rung,
        role=None,
        touches=deadline.touches,
        ends=(deadline.key,),
    )


def report_reached(state: State, _actor: Actor, body: ReportReached, _given: Given) -> list[Event] | Refusal:
    """Record whether somebody was reached."""
    deadline = state.deadlines.get(f"{body.kind}:{body.subject}")
    if deadline is None:
        return unknown("deadline", f"{body.kind}:{body.subject}")
    return [
        PersonReached(
            kind=body.kind,
            subject=body.subject,
            person=body.person,
            reached=body.reached,
            by_channel=body.by_channel,
            touches=deadline.touches,
        )
    ]


def _passed(state: State, event: DeadlinePassed) -> None:
    deadline = state.deadlines.get(f"{event.kind}:{event.subject}")
    if deadline is not None:
        put(state, next_rung(deadline))


def _reached(_state: State, _event: PersonReached) -> None:
    """Reaching a person is told in the story; it changes no deadline."""


DECIDE: Final[DecideTable] = {ReportReached: report_reached}
EVOLVE: Final[EvolveTable] = {DeadlinePassed: _passed, PersonReached: _reached}
