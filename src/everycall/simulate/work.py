"""How people and units of the synthetic day work: call-takers, dispatchers, units. Processes that send commands, nothing more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from everycall.core.actors import Actor
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
from everycall.core.calls import AddNeed, AnswerCall, CallTaken, LocateCall, NeedAdded, TakeCall, UpdateCall
from everycall.core.facts import FactGiven
from everycall.core.incidents import IncidentOpened, OpenIncident, status_of
from everycall.core.needs import Classify, EstablishService, NeedAsked
from everycall.core.outcomes import GoneOnArrival, Outcome, Responded, Unfounded
from everycall.core.policies import priority_order
from everycall.core.recommending import Recommend, UnitsRecommended
from everycall.core.scene import AddPatient, PatientFound, ReportPatient
from everycall.core.sealed import Private
from everycall.core.settling import CloseResponse
from everycall.core.units import ReportPosition
from everycall.core.vocabulary import MISSING_REASONS
from everycall.simulate import town

if TYPE_CHECKING:
    from random import Random

    from everycall.core.assignments import Assignment
    from everycall.core.incidents import Response
    from everycall.core.vocabulary import Channel, Mode, OutcomeName, Service, StampName
    from everycall.simulate.driver import Driver, Process
    from everycall.simulate.town import Spot

SWITCH: Final = Actor(person="switch", role="telephone")
OVERSIGHT: Final = Actor(person="O-1", role="oversight", position="oversight", agency="Civil Oversight")
CHECK_EVERY: Final = 13
"""Minutes after which a careful dispatcher asks a unit on scene whether it is all right; the floor allows 15."""

_ON_SCENE_MINUTES: Final[dict[str, tuple[int, int]]] = {
    "police": (9, 34),
    "fire": (12, 45),
    "ems": (10, 24),
    "other": (8, 20),
}
_MODES: Final[dict[Channel, Mode]] = {
    "text": "text",
    "tty": "tty",
    "relay": "relay",
    "email": "not_recorded",
    "web_form": "not_recorded",
}


@dataclass(slots=True)
class Asked:
    """A call as the world makes it: what is the matter, where, and what a unit will find."""

    key: str
    channel: Channel
    needs: tuple[tuple[Service, str], ...]
    spot: Spot
    finds: OutcomeName = "responded"
    language: str | None = None
    first_type: str | None = None
    unsafe: bool = False
    minutes: int | None = None
    patients: int = 1
    patient_state: str = "transported"


@dataclass(slots=True)
class Taken:
    """Where a call stands: its ids."""

    call: str
    needs: tuple[str, ...]
    incident: str = ""


@dataclass(slots=True)
class Floor:
    """The people on duty, the world, and the driver that their commands go through."""

    driver: Driver
    where: town.Whereabouts
    start: int
    shift: str = "A"
    takers: int = 0
    busy: dict[str, str] = field(default_factory=dict)

    def dice(self, purpose: str) -> Random:
        """Random numbers of their own for a purpose."""
        return self.driver.dice(purpose)

    def taker(self) -> Actor:
        """The next call-taker in turn."""
        self.takers += 1
        number = self.takers % 3 + 1
        return Actor(
            person=f"T-{self.shift}{number}", role="call_taker", position=f"CT{number}", agency="RCC"
        )

    def dispatcher(self, agency: str) -> Actor:
        """Who dispatches for an agency now."""
        desk = "PD1" if agency == town.POLICE else "FE1"
        return Actor(
            person=f"D-{self.shift}{1 if desk == 'PD1' else 2}",
            role="dispatcher",
            position=desk,
            agency="RCC",
        )

    def supervisor(self) -> Actor:
        """Who supervises the floor now."""
        return Actor(person=f"S-{self.shift}", role="supervisor", position="SUP", agency="RCC")

    def unit(self, unit: str) -> Actor:
        """A unit, on its own terminal."""
        return Actor(
            person=unit, role="unit", agency=next((p.agency for p in town.ROSTER if p.unit == unit), "")
        )

    def response(self, incident: str, agency: str) -> Response:
        """A response as it stands."""
        return self.driver.state.incidents[incident].responses[agency]

    def status(self, incident: str, agency: str) -> str:
        """Where a response stands."""
        return status_of(self.driver.state, self.response(incident, agency))

    def assignment(self, key: str) -> Assignment:
        """An assignment as it stands."""
        return self.driver.state.assignments[key]


def words(floor: Floor, key: str) -> tuple[FactGiven, ...]:
    """What every caller gives: a number to call back, searchable, and a name; both personal."""
    dice = floor.dice(f"caller/{key}")
    return (
        FactGiven(
            name="caller.phone",
            value=Private(value=f"+1 555 01{dice.randrange(100_000):05d}", searchable=True),
        ),
        FactGiven(name="caller.name", value=Private(value=f"Caller-{dice.randrange(10**6):06d}")),
        FactGiven(name="people.present", value=dice.randrange(1, 5)),
    )


def take(floor: Floor, asked: Asked, *, open_incident: bool = True) -> TakeSteps:
    """Take a call by whatever channel it comes; the steps end with its ids in `taken`."""
    return TakeSteps(floor, asked, open_incident=open_incident)


class TakeSteps:
    """Taking a call as a process; `taken` holds the ids when it has ended."""

    def __init__(self, floor: Floor, asked: Asked, *, open_incident: bool) -> None:
        """Ready to run."""
        self.floor = floor
        self.asked = asked
        self.open_incident = open_incident
        self.taken = Taken("", ())

    def run(self) -> Process:
        """The steps: ring, answer, ask, place, classify, open; or all at once where it is in writing."""
        if self.asked.channel in ("emergency_voice", "ten_digit_line", "tty"):
            yield from self._spoken()
        else:
            yield from self._written()
        if self.taken.incident:
            self.floor.where.incidents[self.taken.incident] = self.asked.spot

    def _spoken(self) -> Process:
        floor, asked = self.floor, self.asked
        d, dice = floor.driver, floor.dice(f"take/{asked.key}")
        line = f"trunk {dice.randrange(1, 9)}" if asked.channel == "emergency_voice" else "ten-digit line"
        made = d.do(
            SWITCH,
            TakeCall(
                channel=asked.channel,
                mode="tty" if asked.channel == "tty" else "voice",
                ringing=True,
                line=line,
            ),
        )
        call = made.one(CallTaken)
        taker = floor.taker()
        yield dice.randrange(3, 12)
        d.do(taker, AnswerCall(call=call.call))
        yield dice.randrange(8, 22)
        d.do(
            taker,
            LocateCall(
                call=call.call,
                place=town.place(asked.spot, dice, source="phase_2" if dice.random() < 0.6 else "caller"),
            ),
        )
        needs = [call.needs[0].need]
        for service, _ in asked.needs[1:]:
            needs.append(_more(floor, taker, call.call, service))
        d.do(taker, EstablishService(need=needs[0], service=asked.needs[0][0]))
        for need, (_, kind) in zip(needs, asked.needs, strict=True):
            first = asked.first_type if need == needs[0] and asked.first_type else kind
            d.do(taker, Classify(call=call.call, type=first, need=need))
        yield dice.randrange(5, 20)
        d.do(
            taker,
            UpdateCall(
                call=call.call,
                words=Private(value=f"The caller said: {asked.needs[0][1].replace('_', ' ')} ({asked.key})"),
                facts=words(floor, asked.key),
                unsafe_to_ring=True if asked.unsafe else None,
                language=asked.language,
            ),
        )
        self.taken = Taken(call.call, tuple(needs))
        if self.open_incident:
            opened = d.do(taker, OpenIncident(call=call.call))
            self.taken.incident = opened.one(IncidentOpened).incident

    def _written(self) -> Process:
        floor, asked = self.floor, self.asked
        d, dice = floor.driver, floor.dice(f"take/{asked.key}")
        made = d.do(
            floor.taker(),
            TakeCall(
                channel=asked.channel,
                mode=_MODES.get(asked.channel, "voice"),
                needs=tuple([NeedAsked(service=service, type=kind) for service, kind in asked.needs]),
                place=town.place(
                    asked.spot, dice, source="alarm_panel" if asked.channel == "alarm" else "caller"
                ),
                words=Private(value=f"In writing: {asked.needs[0][1].replace('_', ' ')} ({asked.key})"),
                facts=words(floor, asked.key),
                language=asked.language,
                unsafe_to_ring=asked.unsafe,
                external=f"PANEL-{dice.randrange(10**5):05d}" if asked.channel == "alarm" else None,
                open_incident=self.open_incident,
            ),
        )
        call = made.one(CallTaken)
        self.taken = Taken(call.call, tuple([need.need for need in call.needs]))
        if self.open_incident:
            self.taken.incident = made.one(IncidentOpened).incident
        yield 1


def _more(floor: Floor, taker: Actor, call: str, service: Service) -> str:
    return (
        floor.driver.do(taker, AddNeed(call=call, need=NeedAsked(service=service))).one(NeedAdded).need.need
    )


def answered_for(floor: Floor, asked: Asked) -> Process:
    """An ordinary call from the first ring to the last unit clear."""
    steps = take(floor, asked)
    yield from steps.run()
    for agency in list(floor.driver.state.incidents[steps.taken.incident].responses):
        floor.driver.spawn(f"{asked.key}/{agency}", served(floor, asked, steps.taken.incident, agency))


def served(floor: Floor, asked: Asked, incident: str, agency: str, *, first: str = "") -> Process:
    """A dispatcher serves one response: looks at the proposal, sends, waits where nobody is free, asks more of others."""
    d, dice = floor.driver, floor.dice(f"serve/{asked.key}/{agency}")
    yield dice.randrange(4, 18)
    patience = 0
    sent: list[str] = []
    while floor.status(incident, agency) in ("pending", "waiting"):
        if floor.status(incident, agency) == "waiting" and patience < 40:
            patience += 1
            yield 30
            continue
        proposed = d.do(floor.dispatcher(agency), Recommend(incident=incident, agency=agency)).one(
            UnitsRecommended
        )
        units = [c.unit for c in proposed.candidates if c.taken_for is not None]
        units = together(units)
        if first and first in [c.unit for c in proposed.candidates if c.passed_over in (None, "not_needed")]:
            units = [first]
        if not units:
            patience += 1
            yield 30
            continue
        yield dice.randrange(2, 9)
        units = [unit for unit in units if free(floor, unit)]
        if not units or floor.status(incident, agency) not in ("pending", "waiting"):
            continue
        made = d.do(floor.dispatcher(agency), Assign(incident=incident, units=tuple(units), agency=agency))
        sent = [event.assignment for event in made.all(UnitAssigned)]
    for number, key in enumerate(sent):
        d.spawn(f"{asked.key}/{key}", worked(floor, asked, key, leads=number == 0))


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
    forgot = dice.random() < 0.04
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
    elif dice.random() < 0.03:
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
    if dice.random() < (0.12 if spare else 0.05):
        reason = dice.choice(
            [r for r in MISSING_REASONS if r in ("not_reported", "equipment_failed", "unit_too_busy")]
        )
        floor.driver.do(me, MarkStampMissing(assignment=key, stamp=stamp, reason=reason))
        return
    floor.driver.do(me, ReportStamp(unit=held.unit, stamp=stamp, assignment=key))


def _with_patients(floor: Floor, asked: Asked, key: str, dice: Random) -> Process:
    d = floor.driver
    held = floor.assignment(key)
    me = floor.unit(held.unit)
    _stamp(floor, key, "at_patient", dice)
    patients = [
        d.do(me, AddPatient(incident=held.incident)).one(PatientFound).patient for _ in range(asked.patients)
    ]
    refused = asked.patient_state != "transported" or dice.random() < 0.22
    for patient in patients[1:] if not refused else patients:
        state = asked.patient_state if asked.patient_state != "transported" else "refused_care"
        d.do(me, ReportPatient(incident=held.incident, patient=patient, state=state, unit=held.unit))  # type: ignore[arg-type]  # a word of the list
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
    """Take a unit that is only on its way to something less urgent; the assignment, or nothing where there is none."""
    state = floor.driver.state
    mine = priority_order(floor.response(incident, agency).plan.priority)
    for unit in sorted(state.units):
        held = state.units[unit]
        if held.agency != agency or len(held.assignments) != 1:
            continue
        current = state.assignments[held.assignments[0]]
        other = floor.response(current.incident, current.agency)
        if (
            current.time("on_scene") is None
            and priority_order(other.plan.priority) > mine
            and not current.by_report
        ):
            made = floor.driver.do(
                floor.dispatcher(agency),
                Preempt(unit=unit, incident=incident, agency=agency, reason="more_urgent"),
            )
            return made.one(UnitAssigned).assignment
    return None
