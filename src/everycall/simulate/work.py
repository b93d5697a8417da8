"""How dispatchers and units of the synthetic day work: processes that send commands, and nothing more."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from everycall.core.assignments import (
    Assign,
    CancelAssignment,
    CheckWelfare,
    CorrectStamp,
    MarkStampMissing,
    Preempt,
    ReportStamp,
    UnitAssigned,
)
from everycall.core.base import SECOND
from everycall.core.outcomes import GoneOnArrival, Outcome, Responded, Unfounded
from everycall.core.policies import priority_order
from everycall.core.recommending import Recommend, UnitsRecommended
from everycall.core.scene import AddPatient, PatientFound, ReportPatient
from everycall.core.settling import CloseResponse
from everycall.core.units import ReportPosition
from everycall.simulate import town
from everycall.simulate.taking import take

if TYPE_CHECKING:
    from random import Random

    from everycall.core.vocabulary import MissingReason, OutcomeName, StampName
    from everycall.simulate.driver import Process
    from everycall.simulate.floor import Asked, Floor

Sending = Generator[int, None, list[str]]
"""A process that ends with the assignments that it made."""

CHECK_EVERY: Final = 13
"""Minutes after which a careful dispatcher asks a unit on scene if it is all right; the floor allows 15."""

LOOK_AGAIN: Final = 30
PREEMPT_AFTER: Final = 60
LONGEST_WAIT: Final = 1_200
"""Seconds: how often a dispatcher looks at what waits, and how long before asking for a proposal anyway."""

FORGOTTEN: Final = 4
CORRECTED: Final = 3
NOT_TAKEN: Final = 5
CARE_REFUSED: Final = 22
"""In a hundred: arrivals entered later, arrivals corrected, stamps never taken, patients who refuse care."""

_REASONS: Final[tuple[MissingReason, ...]] = ("not_reported", "equipment_failed", "unit_too_busy")
_ON_SCENE_MINUTES: Final[dict[str, tuple[int, int]]] = {
    "police": (9, 34),
    "fire": (12, 45),
    "ems": (10, 24),
    "other": (8, 20),
}


def answered_for(floor: Floor, asked: Asked) -> Process:
    """An ordinary call from the first ring to the last unit clear."""
    taken = yield from take(floor, asked)
    serve_all(floor, asked, taken.incident)


def serve_all(floor: Floor, asked: Asked, incident: str) -> None:
    """Dispatchers begin to serve each response of an incident."""
    for agency in list(floor.driver.state.incidents[incident].responses):
        floor.driver.spawn(f"{asked.key}/{agency}", served(floor, asked, incident, agency))


def served(floor: Floor, asked: Asked, incident: str, agency: str) -> Process:
    """A dispatcher serves one response until units are on their way."""
    sent = yield from send(floor, asked, incident, agency)
    for number, key in enumerate(sent):
        floor.driver.spawn(f"{asked.key}/{key}", worked(floor, asked, key, leads=number == 0))


def send(floor: Floor, asked: Asked, incident: str, agency: str) -> Sending:
    """Look at the proposal and send; where nobody is free, wait, or take a unit from what is less urgent."""
    d, dice = floor.driver, floor.dice(f"send/{asked.key}/{agency}")
    yield dice.randrange(4, 18)
    waited = 0
    while floor.status(incident, agency) in ("pending", "waiting"):
        if floor.status(incident, agency) == "waiting" and waited < LONGEST_WAIT:
            waited += LOOK_AGAIN
            if waited >= PREEMPT_AFTER and floor.response(incident, agency).plan.priority == "1":
                taken = taken_from_less(floor, incident, agency)
                if taken is not None:
                    return [taken]
            yield LOOK_AGAIN
            continue
        proposed = d.do(floor.dispatcher(agency), Recommend(incident=incident, agency=agency))
        candidates = proposed.one(UnitsRecommended).candidates
        units = together([c.unit for c in candidates if c.taken_for is not None])
        yield dice.randrange(2, 9)
        units = [unit for unit in units if free(floor, unit)]
        if not units or floor.status(incident, agency) not in ("pending", "waiting"):
            yield LOOK_AGAIN
            continue
        made = d.do(floor.dispatcher(agency), Assign(incident=incident, units=tuple(units), agency=agency))
        return [event.assignment for event in made.all(UnitAssigned)]
    return []


def together(units: list[str]) -> list[str]:
    """Of units that share a crew only the first: the others cannot go once it goes."""
    crews: set[str] = set()
    chosen: list[str] = []
    for unit in units:
        crew = next((post.crew for post in town.ROSTER if post.unit == unit), unit)
        if crew not in crews:
            crews.add(crew)
            chosen.append(unit)
    return chosen


def free(floor: Floor, unit: str) -> bool:
    """Whether the board has a unit free."""
    held = floor.driver.state.units[unit]
    return unit in floor.driver.state.free.get(held.agency, set())


def worked(floor: Floor, asked: Asked, key: str, *, leads: bool) -> Process:
    """A unit's work on one incident: its stamps, some late or missing; who leads has the outcome entered."""
    d, dice = floor.driver, floor.dice(f"work/{asked.key}/{key}")
    unit = floor.assignment(key).unit
    me = floor.unit(unit)
    there = floor.where.incidents[floor.assignment(key).incident]
    yield dice.randrange(3, 25)
    if gone(floor, key):
        return
    _stamp(floor, key, "acknowledged", dice)
    yield dice.randrange(20, 80)
    if gone(floor, key):
        return
    _stamp(floor, key, "en_route", dice)
    yield town.travel_ms(floor.where.units[unit], there) // 1_000 + dice.randrange(5, 40)
    if gone(floor, key):
        return
    floor.where.units[unit] = there
    latitude, longitude = town.position(there)
    d.do(me, ReportPosition(unit=unit, latitude_e7=latitude, longitude_e7=longitude))
    forgot = dice.randrange(100) < FORGOTTEN
    arrived = d.now
    if not forgot:
        d.do(me, ReportStamp(unit=unit, stamp="on_scene", assignment=key))
    service = floor.response(floor.assignment(key).incident, floor.assignment(key).agency).service
    low, high = _ON_SCENE_MINUTES.get(service, (10, 30))
    minutes = asked.minutes if asked.minutes is not None else dice.randrange(low, high)
    yield dice.randrange(20, 70)
    if asked.finds == "responded" and not gone(floor, key):
        _stamp(floor, key, "contact_made", dice, spare=True)
    yield from staying(floor, key, minutes if leads else max(minutes // 2, 4))
    if gone(floor, key):
        return
    if forgot:
        # The dispatcher enters from the radio log what the unit forgot.
        d.do(
            floor.dispatcher(floor.assignment(key).agency),
            ReportStamp(unit=unit, stamp="on_scene", assignment=key, at=arrived),
        )
    elif dice.randrange(100) < CORRECTED:
        d.do(
            me,
            CorrectStamp(
                assignment=key,
                stamp="on_scene",
                at=arrived - dice.randrange(20, 90) * SECOND,
                reason="pressed_late",
            ),
        )
    if service == "ems" and asked.finds == "responded" and leads:
        yield from _with_patients(floor, asked, key, dice)
    if leads and not gone(floor, key):
        _close(floor, key, asked.finds)
        yield dice.randrange(5, 40)
    if not gone(floor, key):
        d.do(me, ReportStamp(unit=unit, stamp="clear", assignment=key))


def staying(floor: Floor, key: str, minutes: int) -> Process:
    """Time on scene, with the welfare checks that fall into it."""
    left = minutes
    while left > CHECK_EVERY:
        yield CHECK_EVERY * 60
        left -= CHECK_EVERY
        if gone(floor, key):
            return
        floor.driver.do(floor.dispatcher(floor.assignment(key).agency), CheckWelfare(assignment=key))
    yield left * 60


def gone(floor: Floor, key: str) -> bool:
    """Whether the work has ended: cleared, called back, or taken for another incident."""
    return floor.assignment(key).ended


def _stamp(floor: Floor, key: str, stamp: StampName, dice: Random, *, spare: bool = False) -> None:
    held = floor.assignment(key)
    me = floor.unit(held.unit)
    if dice.randrange(100) < (2 * NOT_TAKEN if spare else NOT_TAKEN):
        reason = dice.choice(_REASONS)
        floor.driver.do(me, MarkStampMissing(assignment=key, stamp=stamp, reason=reason))
        return
    floor.driver.do(me, ReportStamp(unit=held.unit, stamp=stamp, assignment=key))


def _with_patients(floor: Floor, asked: Asked, key: str, dice: Random) -> Process:
    d = floor.driver
    held = floor.assignment(key)
    me = floor.unit(held.unit)
    _stamp(floor, key, "at_patient", dice)
    patients = [d.do(me, AddPatient(incident=held.incident)).one(PatientFound).patient for _ in range(asked.patients)]
    refused = asked.patient_state != "transported" or dice.randrange(100) < CARE_REFUSED
    for patient in patients[1:] if not refused else patients:
        state = asked.patient_state if asked.patient_state != "transported" else "refused_care"
        d.do(me, ReportPatient(incident=held.incident, patient=patient, state=state, unit=held.unit))
    if refused:
        return
    d.do(
        me,
        ReportPatient(
            incident=held.incident,
            patient=patients[0],
            state="transported",
            unit=held.unit,
            hospital=town.HOSPITAL_NAME,
        ),
    )
    d.do(me, ReportStamp(unit=held.unit, stamp="transporting", assignment=key))
    yield town.travel_ms(floor.where.units[held.unit], town.HOSPITAL) // 1_000 + 60
    floor.where.units[held.unit] = town.HOSPITAL
    if gone(floor, key):
        return
    d.do(me, ReportStamp(unit=held.unit, stamp="at_hospital", assignment=key, hospital=town.HOSPITAL_NAME))
    yield dice.randrange(12, 28) * 60


def _close(floor: Floor, key: str, finds: OutcomeName) -> None:
    held = floor.assignment(key)
    state = floor.driver.state
    response = floor.response(held.incident, held.agency)
    if response.closed_at is not None or all(state.needs[n].outcome is not None for n in response.needs):
        return
    outcome: Outcome = Responded(assignment=key, contact="yes")
    if finds == "gone_on_arrival":
        outcome = GoneOnArrival(assignment=key)
    elif finds == "unfounded":
        outcome = Unfounded(assignment=key)
    floor.driver.do(
        floor.dispatcher(held.agency),
        CloseResponse(incident=held.incident, agency=held.agency, outcome=outcome),
    )


def called_back(floor: Floor, incident: str, agency: str, reason: str) -> None:
    """Call back every unit that is at work on a response."""
    for key in floor.response(incident, agency).assignments:
        if not floor.assignment(key).ended:
            floor.driver.do(floor.dispatcher(agency), CancelAssignment(assignment=key, reason=reason))


def taken_from_less(floor: Floor, incident: str, agency: str) -> str | None:
    """Take a unit that is still on its way to what is less urgent; the new assignment, if there is one."""
    state = floor.driver.state
    mine = priority_order(floor.response(incident, agency).plan.priority)
    for unit in sorted(state.units):
        held = state.units[unit]
        if held.agency != agency or len(held.assignments) != 1:
            continue
        current = state.assignments[held.assignments[0]]
        other = floor.response(current.incident, current.agency)
        if current.time("on_scene") is None and priority_order(other.plan.priority) > mine and not current.by_report:
            made = floor.driver.do(
                floor.dispatcher(agency),
                Preempt(unit=unit, incident=incident, agency=agency, reason="more_urgent"),
            )
            # What it was taken from is pending again, and somebody serves it.
            left = floor.asked[current.incident]
            floor.driver.spawn(f"{left.key}/again", served(floor, left, current.incident, agency))
            return made.one(UnitAssigned).assignment
    return None
