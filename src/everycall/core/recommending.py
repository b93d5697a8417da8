"""Recommending units: from the plan's capabilities and travel times to units, each with its reason.

The event keeps the candidates and their times, so that a replay never routes again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.base import CommandBody, Frozen, Identifier, Instant, Word
from everycall.core.event import Event
from everycall.core.incidents import usable
from everycall.core.refusals import Refusal, unknown
from everycall.core.units import why_not_free

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.state import State
    from everycall.core.units import Unit


class Recommend(CommandBody, frozen=True, kw_only=True):
    """Ask which units should go."""

    incident: Identifier
    agency: Identifier


class Candidate(Frozen, frozen=True, kw_only=True):
    """A unit that was looked at.

    Its time (milliseconds, none if unknown), and what it was taken for or why it was passed over.
    """

    unit: Identifier
    milliseconds: int | None = None
    taken_for: Word | None = None
    passed_over: Word | None = None


class UnitsRecommended(Event, frozen=True, kw_only=True):
    """What the centre proposed, from which candidates, and what could not be met."""

    incident: Identifier
    agency: Identifier
    at: Instant
    rule: Word
    policy: Word
    candidates: tuple[Candidate, ...]
    lacking: tuple[Word, ...] = ()


_SLOWEST: Final = 2**53
OFFICERS: Final = "officers"
"""What a unit is taken for, or what lacks, when the plan asks for more people than its units bring."""
PASSED_OVER: Final = 20
"""So many of the units that were not taken stand in the event, nearest first."""


def recommend(state: State, _actor: Actor, body: Recommend, given: Given) -> list[Event] | Refusal:
    """The nearest free units with what the plan asks for, ties by name.

    Units whose time is unknown come last.
    """
    incident = usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    response = incident.responses.get(body.agency)
    if response is None or response.closed_at is not None:
        return unknown("open response of agency", body.agency)
    units = [unit for unit in state.units.values() if unit.agency == body.agency]
    units.sort(key=lambda unit: (given.travel.get(unit.id, _SLOWEST), unit.id))
    mine = {state.assignments[key].unit for key in response.assignments if not state.assignments[key].ended}
    free = [unit for unit in units if why_not_free(state, unit) is None]
    taken: dict[str, str] = {}
    lacking: dict[str, None] = {}
    here = [state.units[key] for key in mine if key in state.units]
    for requirement in response.plan.send:
        there = sum(1 for unit in here if requirement.capability in unit.capabilities)
        for _ in range(max(requirement.count - there, 0)):
            unit = _nearest(free, taken, state, requirement.capability)
            if unit is None:
                lacking[requirement.capability] = None
            else:
                taken[unit.id] = requirement.capability
    wanted = {requirement.capability for requirement in response.plan.send}
    officers = sum(unit.officers for unit in here) + sum(state.units[key].officers for key in taken)
    while officers < response.plan.minimum_officers:
        # More of what the plan asks for, until enough people stand there.
        able = [u for u in free if u.officers and wanted.intersection(u.capabilities)]
        unit = _nearest(able, taken, state, None)
        if unit is None:
            lacking[OFFICERS] = None
            break
        taken[unit.id] = OFFICERS
        officers += unit.officers
    candidates: list[Candidate] = []
    for unit in units:
        if unit.id not in taken and len(candidates) >= PASSED_OVER + len(taken):
            continue
        why = why_not_free(state, unit)
        passed_over = None
        if unit.id not in taken:
            passed_over = why[0] if why is not None else "not_needed"
        candidates.append(
            Candidate(
                unit=unit.id,
                milliseconds=given.travel.get(unit.id),
                taken_for=taken.get(unit.id),
                passed_over=passed_over,
            )
        )
    return [
        UnitsRecommended(
            incident=incident.id,
            agency=body.agency,
            at=given.at,
            rule=response.plan.rule,
            policy=response.plan.policy,
            candidates=tuple(candidates),
            lacking=tuple(lacking),
        )
    ]


def _nearest(free: list[Unit], taken: dict[str, str], state: State, capability: str | None) -> Unit | None:
    """The next unit that is able and not taken; a crew goes out with one unit at a time."""
    crews = {state.units[key].crew for key in taken} - {None}
    return next(
        (
            unit
            for unit in free
            if unit.id not in taken
            and unit.crew not in crews
            and (capability is None or capability in unit.capabilities)
        ),
        None,
    )


def _recommended(_state: State, _event: UnitsRecommended) -> None:
    """A proposal changes nothing until somebody assigns."""


DECIDE: Final[DecideTable] = {Recommend: recommend}
EVOLVE: Final[EvolveTable] = {UnitsRecommended: _recommended}
