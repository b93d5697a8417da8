"""Units, crews and vehicles: who can go.

Vehicles and crews are apart, so that one crew can staff two vehicles. A unit is free when it is signed on, in
service with its vehicle, has no work, and its crew is not out with another unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec.structs import replace

from everycall.core.base import CommandBody, Entity, Frozen, Identifier, Instant, Integer, Word, Words
from everycall.core.event import Event
from everycall.core.refusals import Refusal, unknown
from everycall.core.vocabulary import Service
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.state import State


class Agency(Entity, frozen=True, kw_only=True):
    """Who answers for services; `neighbour` ones are asked for mutual aid."""

    id: Identifier
    services: tuple[Service, ...]
    neighbour: bool = False


class Position(Frozen, frozen=True, kw_only=True):
    """Where a unit was, in 1e-7 degree (WGS 84), and when."""

    latitude_e7: int
    longitude_e7: int
    at: Instant


class Unit(Entity, frozen=True, kw_only=True):
    """A vehicle with a crew, as the radio knows it."""

    id: Identifier
    agency: Identifier
    capabilities: tuple[Word, ...] = ()
    station: Word = ""
    vehicle: Identifier | None = None
    crew: Identifier | None = None
    officers: int = 0
    signed_on_at: Instant | None = None
    out_of_service: Word | None = None
    position: Position | None = None
    assignments: tuple[Identifier, ...] = ()
    emergency_since: Instant | None = None


class Crew(Entity, frozen=True, kw_only=True):
    """People who go together, by staff code, and the units that they staff."""

    id: Identifier
    members: tuple[Identifier, ...] = ()
    units: tuple[Identifier, ...] = ()


class Vehicle(Entity, frozen=True, kw_only=True):
    """What drives, and whether it can."""

    id: Identifier
    out_of_service: Word | None = None


class EnrolAgency(CommandBody, frozen=True, kw_only=True):
    """Enter an agency, its services, and whether it is a neighbour."""

    agency: Identifier
    services: Annotated[tuple[Service, ...], msgspec.Meta(max_length=20)]
    neighbour: bool = False


class SignOn(CommandBody, frozen=True, kw_only=True):
    """A unit comes on duty, with its vehicle and crew."""

    unit: Identifier
    agency: Identifier
    capabilities: Words = ()
    station: Word = ""
    vehicle: Identifier | None = None
    crew: Identifier | None = None
    members: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=20)] = ()
    officers: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0


class SignOff(CommandBody, frozen=True, kw_only=True):
    """A unit goes off duty."""

    unit: Identifier


class TakeOutOfService(CommandBody, frozen=True, kw_only=True):
    """A unit or a vehicle cannot go, and why."""

    unit: Identifier | None = None
    vehicle: Identifier | None = None
    reason: Identifier


class ReturnToService(CommandBody, frozen=True, kw_only=True):
    """A unit or a vehicle can go again."""

    unit: Identifier | None = None
    vehicle: Identifier | None = None


class ReportPosition(CommandBody, frozen=True, kw_only=True):
    """Where a unit is."""

    unit: Identifier
    latitude_e7: Integer
    longitude_e7: Integer


class AgencyEnrolled(Event, frozen=True, kw_only=True):
    """An agency was entered."""

    agency: Identifier
    services: tuple[Service, ...]
    neighbour: bool = False


class UnitSignedOn(Event, frozen=True, kw_only=True):
    """A unit came on duty."""

    unit: Identifier
    agency: Identifier
    at: Instant
    capabilities: tuple[Word, ...] = ()
    station: Word = ""
    vehicle: Identifier | None = None
    crew: Identifier | None = None
    members: tuple[Identifier, ...] = ()
    officers: int = 0


class UnitSignedOff(Event, frozen=True, kw_only=True):
    """A unit went off duty."""

    unit: Identifier
    at: Instant


class WentOutOfService(Event, frozen=True, kw_only=True):
    """A unit or a vehicle cannot go."""

    reason: Word
    at: Instant
    unit: Identifier | None = None
    vehicle: Identifier | None = None


class CameIntoService(Event, frozen=True, kw_only=True):
    """A unit or a vehicle can go again."""

    at: Instant
    unit: Identifier | None = None
    vehicle: Identifier | None = None


class UnitPositioned(Event, frozen=True, kw_only=True):
    """Where a unit was."""

    unit: Identifier
    latitude_e7: int
    longitude_e7: int
    at: Instant


def why_not_free(state: State, unit: Unit, without: str | None = None) -> tuple[str, str] | None:
    """Why a unit cannot be sent, as a code and a sentence; None when it can.

    `without` leaves one assignment out: the one that is just ending.
    """
    if unit.signed_on_at is None:
        return "signed_off", f"{unit.id} is not on duty."
    if unit.out_of_service is not None:
        return "out_of_service", f"{unit.id} is out of service: {unit.out_of_service}."
    vehicle = state.vehicles.get(unit.vehicle) if unit.vehicle is not None else None
    if vehicle is not None and vehicle.out_of_service is not None:
        return (
            "vehicle_out_of_service",
            f"Vehicle {vehicle.id} of {unit.id} is out of service: {vehicle.out_of_service}.",
        )
    if unit.assignments and unit.assignments != (without,):
        held = state.assignments[unit.assignments[0]]
        return "already_assigned", f"{unit.id} is assigned to incident {held.incident}."
    crew = state.crews.get(unit.crew) if unit.crew is not None else None
    if crew is not None:
        for other in crew.units:
            mate = state.units.get(other)
            if other == unit.id or mate is None or mate.crew != unit.crew:
                continue
            if mate.assignments and mate.assignments != (without,):
                return "crew_committed", f"The crew of {unit.id} is out with {other}."
    return None


def enrol_agency(state: State, _actor: Actor, body: EnrolAgency, _given: Given) -> list[Event] | Refusal:
    """Enter or change an agency."""
    del state  # an agency may be entered again with other services
    return [AgencyEnrolled(agency=body.agency, services=body.services, neighbour=body.neighbour)]


def sign_on(state: State, _actor: Actor, body: SignOn, given: Given) -> list[Event] | Refusal:
    """A unit comes on duty; what waited for want of it waits no longer."""
    held = state.units.get(body.unit)
    if held is not None and held.assignments and held.agency != body.agency:
        return Refusal(
            code="still_assigned",
            rule="house:4",
            because=f"{body.unit} of {held.agency} still has work.",
            instead="Clear it first, or sign on under another name.",
        )
    event = UnitSignedOn(
        unit=body.unit,
        agency=body.agency,
        at=given.at,
        capabilities=body.capabilities,
        station=body.station,
        vehicle=body.vehicle,
        crew=body.crew,
        members=body.members,
        officers=body.officers,
    )
    return [event, *_waits_after(state, event, given.at)]


def _waits_after(state: State, event: _FleetEvent, at: int) -> Sequence[Event]:
    """What begins and ends to wait by a change of the fleet."""
    after = state.with_own_fleet()
    _EVOLVE_FLEET[type(event)](after, event)
    return waiting_changes(after, at, agencies=state.unserved)


def _known(state: State, unit: str) -> Unit | Refusal:
    return state.units.get(unit) or unknown("unit", unit)


def sign_off(state: State, _actor: Actor, body: SignOff, given: Given) -> list[Event] | Refusal:
    """A unit goes off duty, if it has no work."""
    unit = _known(state, body.unit)
    if isinstance(unit, Refusal):
        return unit
    if unit.assignments:
        return Refusal(
            code="still_assigned",
            rule="house:3",
            because=f"{unit.id} still has work ({', '.join(unit.assignments)}).",
            instead="Clear or cancel its assignments, then sign it off.",
        )
    event = UnitSignedOff(unit=unit.id, at=given.at)
    return [event, *_waits_after(state, event, given.at)]


def _one_of(body: TakeOutOfService | ReturnToService) -> Refusal | None:
    if (body.unit is None) == (body.vehicle is None):
        return Refusal(
            code="name_one",
            rule="house:4",
            because="Either a unit or a vehicle has to be named.",
            instead="Name the one it is about.",
        )
    return None


def take_out_of_service(state: State, _actor: Actor, body: TakeOutOfService, given: Given) -> list[Event] | Refusal:
    """A unit or vehicle cannot go. Work that it has stays; who breaks down on the way is told by a stamp."""
    refusal = _one_of(body)
    if refusal is not None:
        return refusal
    if body.unit is not None and body.unit not in state.units:
        return unknown("unit", body.unit)
    event = WentOutOfService(unit=body.unit, vehicle=body.vehicle, reason=body.reason, at=given.at)
    return [event, *_waits_after(state, event, given.at)]


def return_to_service(state: State, _actor: Actor, body: ReturnToService, given: Given) -> list[Event] | Refusal:
    """A unit or vehicle can go again."""
    refusal = _one_of(body)
    if refusal is not None:
        return refusal
    if body.unit is not None and body.unit not in state.units:
        return unknown("unit", body.unit)
    event = CameIntoService(unit=body.unit, vehicle=body.vehicle, at=given.at)
    return [event, *_waits_after(state, event, given.at)]


def _affected(state: State, unit: str | None, vehicle: str | None) -> list[str]:
    if unit is not None:
        return [unit]
    return [key for key, held in state.units.items() if held.vehicle == vehicle]


def report_position(state: State, _actor: Actor, body: ReportPosition, given: Given) -> list[Event] | Refusal:
    """Where a unit is."""
    if body.unit not in state.units:
        return unknown("unit", body.unit)
    return [UnitPositioned(unit=body.unit, latitude_e7=body.latitude_e7, longitude_e7=body.longitude_e7, at=given.at)]


def _enrolled(state: State, event: AgencyEnrolled) -> None:
    state.agencies[event.agency] = Agency(id=event.agency, services=event.services, neighbour=event.neighbour)


def _signed_on(state: State, event: UnitSignedOn) -> None:
    held = state.units.get(event.unit)
    # A unit that reported before anybody had heard of it has work already.
    work = [a for a in state.assignments.values() if a.unit == event.unit and not a.ended] if held is None else []
    work.sort(key=lambda assignment: assignment.stacked)
    state.units[event.unit] = Unit(
        id=event.unit,
        agency=event.agency,
        capabilities=event.capabilities,
        station=event.station,
        vehicle=event.vehicle,
        crew=event.crew,
        officers=event.officers,
        signed_on_at=event.at,
        position=None if held is None else held.position,
        assignments=tuple([a.id for a in work]) if held is None else held.assignments,
        emergency_since=None if held is None else held.emergency_since,
    )
    if event.vehicle is not None and event.vehicle not in state.vehicles:
        state.vehicles[event.vehicle] = Vehicle(id=event.vehicle)
    if held is not None and held.crew is not None and held.crew != event.crew:
        crew = state.crews[held.crew]
        state.crews[held.crew] = replace(crew, units=tuple(u for u in crew.units if u != event.unit))
    if event.crew is not None:
        crew = state.crews.get(event.crew, Crew(id=event.crew))
        units = crew.units if event.unit in crew.units else (*crew.units, event.unit)
        state.crews[event.crew] = replace(crew, members=event.members or crew.members, units=units)
    if held is not None and held.agency != event.agency:
        state.free.get(held.agency, set()).discard(event.unit)
    state.refresh_unit(event.unit)
    if held is not None and held.crew is not None and held.crew != event.crew:
        for mate in state.crews[held.crew].units:
            if mate in state.units:
                state.refresh_unit(mate)


def _signed_off(state: State, event: UnitSignedOff) -> None:
    state.units[event.unit] = replace(state.units[event.unit], signed_on_at=None)
    state.refresh_unit(event.unit)


def _out(state: State, event: WentOutOfService) -> None:
    _service(state, event.unit, event.vehicle, event.reason)


def _in(state: State, event: CameIntoService) -> None:
    _service(state, event.unit, event.vehicle, None)


def _service(state: State, unit: str | None, vehicle: str | None, reason: str | None) -> None:
    if unit is not None:
        state.units[unit] = replace(state.units[unit], out_of_service=reason)
        state.refresh_unit(unit)
    if vehicle is not None:
        state.vehicles[vehicle] = Vehicle(id=vehicle, out_of_service=reason)
        for key in _affected(state, None, vehicle):
            state.refresh_unit(key)


def _positioned(state: State, event: UnitPositioned) -> None:
    position = Position(latitude_e7=event.latitude_e7, longitude_e7=event.longitude_e7, at=event.at)
    unit = state.units[event.unit]
    if unit.position is None or unit.position.at <= event.at:
        state.units[event.unit] = replace(unit, position=position)


_FleetEvent = UnitSignedOn | UnitSignedOff | WentOutOfService | CameIntoService
_EVOLVE_FLEET: Final[EvolveTable] = {
    UnitSignedOn: _signed_on,
    UnitSignedOff: _signed_off,
    WentOutOfService: _out,
    CameIntoService: _in,
}

DECIDE: Final[DecideTable] = {
    EnrolAgency: enrol_agency,
    SignOn: sign_on,
    SignOff: sign_off,
    TakeOutOfService: take_out_of_service,
    ReturnToService: return_to_service,
    ReportPosition: report_position,
}
EVOLVE: Final[EvolveTable] = {
    AgencyEnrolled: _enrolled,
    **_EVOLVE_FLEET,
    UnitPositioned: _positioned,
}
