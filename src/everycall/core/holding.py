"""Holding a response back, and letting it go.

A decision with a rule, a ground and an end. Waiting for want of units is no hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.asking import asked_about
from everycall.core.base import MINUTE, CommandBody, Identifier, Instant
from everycall.core.clocks import clock_of
from everycall.core.deadlines import Deadline, standing
from everycall.core.event import Event
from everycall.core.incidents import Hold, arrived, change_response, usable, working
from everycall.core.policies import HIGHEST_PRIORITIES, LONGEST_HOLD, declared, evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.versions import over_objection
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.state import State


class HoldResponse(CommandBody, frozen=True, kw_only=True):
    """Do not send yet. A rule must allow it; it ends by itself."""

    incident: Identifier
    agency: Identifier
    ground: Identifier
    until: Instant


class ReleaseHold(CommandBody, frozen=True, kw_only=True):
    """Send after all."""

    incident: Identifier
    agency: Identifier


class ResponseHeld(Event, frozen=True, kw_only=True):
    """A response is held back, by which rule, on what ground, until when."""

    incident: Identifier
    agency: Identifier
    hold: Hold


class HoldEnded(Event, frozen=True, kw_only=True):
    """A hold was released, or ended by itself; the response is pending on its original clock."""

    incident: Identifier
    agency: Identifier
    at: Instant
    released: bool


def hold_response(state: State, actor: Actor, body: HoldResponse, given: Given) -> list[Event] | Refusal:
    """Hold a response, if a rule allows it."""
    incident = usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    response = incident.responses.get(body.agency)
    if response is None or response.closed_at is not None:
        return unknown("open response of agency", body.agency)
    if working(state, response) or arrived(state, response) or response.hold is not None:
        return Refusal(
            code="cannot_be_held",
            rule="house:3",
            because=f"The response of {body.agency} is under way, attended or held already.",
            instead="Call its units back with a reason first, or release the hold and give a new one.",
        )
    needs = [need for key in response.needs if (need := state.needs[key]).outcome is None]
    if any(need.priority in HIGHEST_PRIORITIES or need.priority is None for need in needs):
        return Refusal(
            code="highest_priority_held",
            rule="house:3",
            because="A need of the highest, or of unknown, priority cannot be held back.",
            instead="Send help. If no unit is free the system stamps that the response waits.",
        )
    evaluator = evaluator_in_force(state, given)
    permission = None
    longest = given.since + LONGEST_HOLD
    for need in needs:
        asked = asked_about(state, need, declared(state, evaluator))
        permission = evaluator.may("hold", actor.role, body.ground, asked)
        if not permission.allowed:
            break
        if permission.longest is not None:
            longest = min(longest, given.since + permission.longest)
    if permission is None or not permission.allowed:
        rule = "house:9" if permission is None else f"{permission.policy}#{permission.rule}"
        return Refusal(
            code="hold_not_allowed",
            rule=rule,
            because=f"No rule lets a {actor.role} hold this on the ground {body.ground!r}.",
            instead="Send help; if no unit is free the system stamps that the response waits.",
        )
    if not given.since < body.until <= longest:
        return Refusal(
            code="hold_without_end",
            rule=f"{permission.policy}#{permission.rule}",
            because="A hold must end after it begins and within what its rule allows.",
            instead=f"Give an end within {max(longest - given.since, 0) // MINUTE} minutes from now.",
        )
    hold = Hold(
        ground=body.ground,
        by=actor.person,
        since=given.since,
        until=body.until,
        rule=permission.rule,
        policy=permission.policy,
        ladder=permission.ladder,
        over_objection=over_objection(state, given),
    )
    subject = f"{incident.id}/{body.agency}"
    return [
        ResponseHeld(
            incident=incident.id,
            agency=body.agency,
            hold=hold,
            sets=(
                Deadline(
                    kind="hold",
                    subject=subject,
                    due=body.until,
                    ladder=hold.ladder or response.plan.ladder,
                    touches=(incident.id,),
                ),
            ),
            ends=standing(state, f"dispatch:{subject}"),
        )
    ]


def release_hold(state: State, _actor: Actor, body: ReleaseHold, given: Given) -> list[Event] | Refusal:
    """Let a held response go."""
    incident = usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    response = incident.responses.get(body.agency)
    if response is None or response.hold is None:
        return Refusal(
            code="not_held",
            rule="house:6",
            because=f"The response of {body.agency} in incident {body.incident} is not held.",
            instead="Nothing has to be released.",
        )
    return hold_ended(state, body.incident, body.agency, given, released=True)


def hold_ended(state: State, incident: str, agency: str, given: Given, *, released: bool) -> list[Event]:
    """The events that end a hold; the response is pending on its original clock, or waits for a unit."""
    response = replace(state.incidents[incident].responses[agency], hold=None)
    sets, ends = clock_of(state, incident, response, given)
    ended = HoldEnded(incident=incident, agency=agency, at=given.at, released=released, sets=sets, ends=ends)
    pending = [] if working(state, response) or arrived(state, response) else [(incident, response)]
    return [ended, *waiting_changes(state, given.at, pending=pending)]


def let_go(state: State, incident: str, agency: str, at: int) -> HoldEnded:
    """The event that ends a hold because a unit goes."""
    return HoldEnded(
        incident=incident,
        agency=agency,
        at=at,
        released=True,
        ends=standing(state, f"hold:{incident}/{agency}"),
    )


def _held(state: State, event: ResponseHeld) -> None:
    marked = state.incidents[event.incident].responses[event.agency].over_objection or event.hold.over_objection
    change_response(state, event.incident, event.agency, hold=event.hold, waiting_since=None, over_objection=marked)
    state.refresh_response(event.incident, event.agency)


def _ended(state: State, event: HoldEnded) -> None:
    change_response(state, event.incident, event.agency, hold=None)
    state.refresh_response(event.incident, event.agency)


DECIDE: Final[DecideTable] = {HoldResponse: hold_response, ReleaseHold: release_hold}
EVOLVE: Final[EvolveTable] = {ResponseHeld: _held, HoldEnded: _ended}
