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
    from collections.abc import Mapping, Sequence

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
    """The nearest free units with what the plan asks for, ties by name; as many of them as there are units for.

    Units whose time is unknown come last. What the fewest units have is found first, so that a unit with two
    capabilities is not spent on the plentiful one, whatever the order in which the plan names them.
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
    needed: dict[str, int] = {}
    for requirement in response.plan.send:
        there = sum(1 for unit in here if requirement.capability in unit.capabilities)
        needed[requirement.capability] = needed.get(requirement.capability, 0) + max(requirement.count - there, 0)
    for capability, units_of in _served(free, needed).items():
        taken.update((unit.id, capability) for unit in units_of)
        if len(units_of) < needed[capability]:
            lacking[capability] = None
    wanted = {requirement.capability for requirement in response.plan.send if requirement.count}
    officers = sum(unit.officers for unit in here) + sum(state.units[key].officers for key in taken)
    while officers < response.plan.minimum_officers:
        # More of what the plan asks for, until enough people stand there.
        able = [u for u in free if u.officers and wanted.intersection(u.capabilities)]
        unit = _nearest(able, taken, state)
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


def _served(free: Sequence[Unit], needed: Mapping[str, int]) -> dict[str, list[Unit]]:
    """Which units serve which capability, by its name: as many as can be served together.

    What the fewest can serve comes first, and takes the nearest. Where none is left, those taken before make
    room if another can stand in for them (an augmenting path: H. W. Kuhn, "The Hungarian method for the
    assignment problem", Naval Research Logistics Quarterly 2, 1955), so that nothing lacks that need not.
    A crew goes out with one unit at a time.

    Args:
        free: The units that could go, nearest first.
        needed: How many units of each capability are still to be found.
    """
    able = {name: [unit for unit in free if name in unit.capabilities] for name in needed}
    holder: dict[str, tuple[str, Unit]] = {}
    for name in sorted(needed, key=lambda name: (len({_team(unit) for unit in able[name]}), name)):
        for _ in range(needed[name]):
            if not _take(name, able, holder, set()):
                break  # a further one of the same would find none either
    served: dict[str, list[Unit]] = {name: [] for name in sorted(needed)}
    for name, unit in holder.values():
        served[name].append(unit)
    return served


def _take(name: str, able: Mapping[str, Sequence[Unit]], holder: dict[str, tuple[str, Unit]], asked: set[str]) -> bool:
    """Take one more unit for a capability: the nearest that is not taken, else one that can be replaced."""
    unit = next((unit for unit in able[name] if _team(unit) not in holder), None)
    if unit is not None:
        holder[_team(unit)] = name, unit
        return True
    for unit in able[name]:
        team = _team(unit)
        if team in asked:
            continue
        asked.add(team)
        other, _ = holder[team]
        if other != name and _take(other, able, holder, asked):
            holder[team] = name, unit
            return True
    return False


def _team(unit: Unit) -> str:
    """Who goes out with one unit at a time: its crew, else it alone."""
    return f"unit {unit.id}" if unit.crew is None else f"crew {unit.crew}"


def _nearest(free: list[Unit], taken: dict[str, str], state: State) -> Unit | None:
    """The next unit that is not taken; a crew goes out with one unit at a time."""
    crews = {state.units[key].crew for key in taken} - {None}
    return next((unit for unit in free if unit.id not in taken and unit.crew not in crews), None)


def _recommended(_state: State, _event: UnitsRecommended) -> None:
    """A proposal changes nothing until somebody assigns."""


DECIDE: Final[DecideTable] = {Recommend: recommend}
EVOLVE: Final[EvolveTable] = {UnitsRecommended: _recommended}
