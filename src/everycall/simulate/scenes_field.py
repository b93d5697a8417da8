"""Scenes in the field: preemption, mutual aid, hand-overs, merge and split, emergencies, late times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.assignments import (
    Assign,
    CheckWelfare,
    CorrectStamp,
    MarkStampMissing,
    Preempt,
    ReportStamp,
    UnitAssigned,
)
from everycall.core.base import MINUTE, SECOND
from everycall.core.escalation import ReportReached
from everycall.core.hand_overs import (
    AnswerHandOver,
    HandOverOffered,
    OfferHandOver,
    ReportHandOverArrival,
)
from everycall.core.incidents import ChangeIncident, IncidentOpened
from everycall.core.linking import IncidentsMerged, IncidentSplit, Link, Merge, Split
from everycall.core.outcomes import CancelledByCaller, NoEmergency, Responded, Unfounded
from everycall.core.planning import ChangePlan
from everycall.core.policies import Requirement
from everycall.core.recommending import Recommend, UnitsRecommended
from everycall.core.scene import (
    AddPatient,
    DeclareSafe,
    EmergencySignalled,
    EndEmergency,
    PatientFound,
    RaiseAlarm,
    ReportPatient,
    SignalEmergency,
    Stage,
)
from everycall.core.sealed import Private
from everycall.core.self_initiated import SelfInitiate
from everycall.core.settling import CloseResponse, Settle
from everycall.core.undo import Undo
from everycall.core.units import ReturnToService, TakeOutOfService
from everycall.simulate import town
from everycall.simulate.floor import Asked
from everycall.simulate.taking import take
from everycall.simulate.work import (
    called_back,
    free,
    gone,
    send,
    serve_all,
    served,
    staying,
    worked,
)

if TYPE_CHECKING:
    from everycall.core.vocabulary import StampName
    from everycall.simulate.driver import Process
    from everycall.simulate.floor import Floor
    from everycall.simulate.scenes_desk import Scene


def preempted(floor: Floor) -> Process:
    """A unit on its way to a theft is taken for a robbery; the county refuses the theft, so it is pending."""
    theft = Asked("theft", "emergency_voice", (("police", "shoplifting"),), (8_100, 8_000), finds="gone_on_arrival")
    d = floor.driver
    taken = yield from take(floor, theft)
    sent = yield from send(floor, theft, taken.incident, town.POLICE)
    if not sent:
        return
    d.spawn("theft/first", worked(floor, theft, sent[0], leads=True))
    unit = floor.assignment(sent[0]).unit
    yield 100
    robbery = Asked("robbery", "emergency_voice", (("police", "robbery"),), (5_200, 5_600), minutes=40)
    other = yield from take(floor, robbery)
    desk = floor.dispatcher(town.POLICE)
    yield 6
    made = d.do(desk, Preempt(unit=unit, incident=other.incident, reason="more_urgent"))
    key = made.one(UnitAssigned).assignment
    d.spawn(f"robbery/{key}", worked(floor, robbery, key, leads=True))
    d.spawn("robbery/second", _second(floor, robbery, other.incident))
    yield 30
    offered = d.do(desk, OfferHandOver(needs=taken.needs, to=town.NEIGHBOUR, ground="their_unit_is_nearer"))
    hand_over = offered.one(HandOverOffered).hand_over
    yield 70
    d.do(desk, AnswerHandOver(hand_over=hand_over, answer="refused", by="county desk 2"))
    serve_all(floor, theft, taken.incident)
    floor.worth_a_look["a theft whose unit was taken, and which the county refused"] = taken.incident


def _second(floor: Floor, asked: Asked, incident: str) -> Process:
    d = floor.driver
    yield 20
    made = d.do(floor.dispatcher(town.POLICE), Recommend(incident=incident, agency=town.POLICE))
    more = [c.unit for c in made.one(UnitsRecommended).candidates if c.taken_for is not None]
    if more:
        sent = d.do(floor.dispatcher(town.POLICE), Assign(incident=incident, units=tuple(more)))
        for event in sent.all(UnitAssigned):
            d.spawn(f"{asked.key}/{event.assignment}", worked(floor, asked, event.assignment, leads=False))


def stacked(floor: Floor) -> Process:
    """Work for a busy unit is put behind what it does; to send it at once is refused."""
    first = Asked("stack first", "emergency_voice", (("police", "burglary_report"),), (3_300, 5_500), minutes=16)
    d = floor.driver
    taken = yield from take(floor, first)
    sent = yield from send(floor, first, taken.incident, town.POLICE)
    if not sent:
        return
    unit = floor.assignment(sent[0]).unit
    d.spawn("stack/first", worked(floor, first, sent[0], leads=True))
    yield 240
    second = Asked("stack second", "web_form", (("police", "theft"),), (3_350, 5_450), minutes=14)
    other = yield from take(floor, second)
    desk = floor.dispatcher(town.POLICE)
    d.do(desk, Assign(incident=other.incident, units=(unit,)), refused="already_assigned")
    key = d.do(desk, Assign(incident=other.incident, units=(unit,), stacked=True)).one(UnitAssigned).assignment
    while floor.assignment(key).stacked:
        yield 30
        if gone(floor, key):
            return
    d.spawn("stack/second", worked(floor, second, key, leads=True))


def big_fire(floor: Floor) -> Process:
    """A building burns: two incidents that are one, a second alarm, the neighbour's engine, patients."""
    fire = Asked(
        "big fire",
        "emergency_voice",
        (("fire", "structure_fire"), ("ems", "injury_minor")),
        (6_700, 6_300),
        minutes=75,
    )
    d = floor.driver
    taken = yield from take(floor, fire)
    serve_all(floor, fire, taken.incident)
    yield 20
    again = Asked(
        "big fire again",
        "emergency_voice",
        (("fire", "structure_fire"), ("police", "traffic_hazard")),
        (6_740, 6_280),
    )
    other = yield from take(floor, again)
    desk = floor.dispatcher(town.FIRE)
    d.do(desk, Merge(incident=other.incident, into=taken.incident, reason="same_fire"))
    d.spawn("big fire/police", served(floor, fire, taken.incident, town.POLICE))
    d.do(desk, Assign(incident=other.incident, units=("E1",)), refused="merged")
    yield 240
    d.do(floor.unit("C1"), RaiseAlarm(incident=taken.incident, level=2))
    d.do(desk, Stage(incident=taken.incident, until="power_is_off"))
    more = (
        Requirement(capability="engine", count=3),
        Requirement(capability="ladder"),
        Requirement(capability="chief"),
    )
    d.do(desk, ChangePlan(incident=taken.incident, agency=town.FIRE, send=more))
    if free(floor, "N81"):
        key = d.do(desk, Assign(incident=taken.incident, units=("N81",))).one(UnitAssigned).assignment
        d.spawn("big fire/N81", worked(floor, fire, key, leads=False))
    yield 420
    d.do(floor.unit("C1"), DeclareSafe(incident=taken.incident))
    for state in ("treated_on_scene", "refused_care"):
        patient = d.do(floor.unit("M2"), AddPatient(incident=taken.incident)).one(PatientFound).patient
        d.do(floor.unit("M2"), ReportPatient(incident=taken.incident, patient=patient, state=state))
    yield 1_500
    d.do(floor.unit("C1"), RaiseAlarm(incident=taken.incident, level=1), refused="less_without_reason")
    d.do(floor.unit("C1"), RaiseAlarm(incident=taken.incident, level=1, reason="under_control"))
    floor.worth_a_look["a fire with two callers, two alarms and the neighbour's engine"] = taken.incident


def accepted(floor: Floor) -> Process:
    """A collision just over the county line: offered, received, accepted; they arrive, and say so."""
    asked = Asked("over the line", "emergency_voice", (("police", "collision_minor"),), (8_950, 1_100))
    yield from _handed_over(floor, asked, "yes")


def accepted_unknown(floor: Floor) -> Process:
    """Accepted, and never heard of again: whether they arrived stays unknown, and is shown so."""
    asked = Asked("never heard of", "ten_digit_line", (("police", "animal_on_road"),), (8_980, 2_200))
    yield from _handed_over(floor, asked, None)


def _handed_over(floor: Floor, asked: Asked, arrived: str | None) -> Process:
    d = floor.driver
    taken = yield from take(floor, asked)
    desk = floor.dispatcher(town.POLICE)
    yield 15
    offered = d.do(desk, OfferHandOver(needs=taken.needs, to=town.NEIGHBOUR, ground="their_area"))
    hand_over = offered.one(HandOverOffered).hand_over
    yield 20
    d.do(desk, AnswerHandOver(hand_over=hand_over, answer="received", by="county desk 1"))
    yield 45
    d.do(desk, AnswerHandOver(hand_over=hand_over, answer="accepted"), refused="accepted_by_whom")
    d.do(desk, AnswerHandOver(hand_over=hand_over, answer="accepted", by="county desk 1"))
    if arrived is not None:
        yield 660
        d.do(desk, ReportHandOverArrival(hand_over=hand_over, arrived="yes"))


def unanswered(floor: Floor) -> Process:
    """An offer that nobody answers comes back by itself after three minutes, and we go."""
    asked = Asked("unanswered", "relay", (("ems", "back_pain"),), (8_700, 600))
    d = floor.driver
    taken = yield from take(floor, asked)
    d.do(
        floor.dispatcher(town.EMS),
        OfferHandOver(needs=taken.needs, to=town.NEIGHBOUR, ground="their_unit_is_nearer"),
    )
    yield 185
    serve_all(floor, asked, taken.incident)


def merged_by_mistake(floor: Floor) -> Process:
    """Two falls in one street are not one: the merge is undone, and both go on as they were."""
    d = floor.driver
    one = Asked("fall one", "emergency_voice", (("ems", "fall"),), (5_900, 3_000))
    two = Asked("fall two", "emergency_voice", (("ems", "fall"),), (5_960, 3_040))
    first = yield from take(floor, one)
    d.spawn("fall one/ems", served(floor, one, first.incident, town.EMS))
    second = yield from take(floor, two)
    yield 10
    desk = floor.dispatcher(town.EMS)
    act = (
        d.do(desk, Merge(incident=second.incident, into=first.incident, reason="same_street")).one(IncidentsMerged).act
    )
    yield 35
    d.do(desk, Undo(act=act, reason="two_persons"))
    d.do(desk, ChangeIncident(incident=second.incident, related=(first.incident,)))
    d.spawn("fall two/ems", served(floor, two, second.incident, town.EMS))


def split_up(floor: Floor) -> Process:
    """A second caller was linked to a smoke call, but saw another fire: the incident is split."""
    d = floor.driver
    smoke = Asked("smoke", "emergency_voice", (("fire", "smoke"),), (2_100, 7_700), finds="unfounded", minutes=12)
    taken = yield from take(floor, smoke)
    bin_fire = Asked("bin fire", "emergency_voice", (("fire", "outdoor_fire"),), (2_900, 8_200), minutes=15)
    other = yield from take(floor, bin_fire, open_incident=False)
    desk = floor.dispatcher(town.FIRE)
    d.do(desk, Link(call=other.call, incident=taken.incident))
    yield 20
    made = d.do(desk, Split(incident=taken.incident, needs=other.needs, reason="two_fires"))
    new = made.one(IncidentSplit).new
    floor.known(new, bin_fire)
    serve_all(floor, smoke, taken.incident)
    serve_all(floor, bin_fire, new)


def self_initiated(floor: Floor) -> Process:
    """Stops and patrols of the units' own accord, counted apart from requests; a warning, nothing more."""
    dice = floor.dice("self-initiated")
    for number in range(14):
        yield dice.randrange(40, 130) * 60
        units = [p.unit for p in town.ROSTER if p.agency == town.POLICE and free(floor, p.unit)]
        if units:
            floor.driver.spawn(f"stop {number}", _stop(floor, dice.choice(units), number))


def _stop(floor: Floor, unit: str, number: int) -> Process:
    d, dice = floor.driver, floor.dice(f"stop/{number}")
    kind = ("traffic_stop", "traffic_stop", "foot_patrol", "property_check")[number % 4]
    plate = Private(value=f"RM {dice.randrange(1_000, 9_999)}", searchable=True) if kind == "traffic_stop" else None
    spot = town.somewhere(dice)
    made = d.do(
        floor.unit(unit),
        SelfInitiate(unit=unit, type=kind, plate=plate, place=town.place(spot, dice, source="unit")),
    )
    floor.where.units[unit] = spot
    key = made.one(UnitAssigned).assignment
    floor.where.incidents[made.one(IncidentOpened).incident] = spot
    yield dice.randrange(5, 14) * 60
    held = floor.assignment(key)
    if held.ended:
        return
    d.do(
        floor.unit(unit),
        CloseResponse(incident=held.incident, agency=held.agency, outcome=Responded(assignment=key, contact="yes")),
    )
    d.do(floor.unit(unit), ReportStamp(unit=unit, stamp="clear", assignment=key))


def emergency(floor: Floor) -> Process:
    """A unit's emergency button on a stop: three units go; it is over when somebody has made sure."""
    d = floor.driver
    unit = next(
        (p.unit for p in reversed(town.ROSTER) if p.agency == town.POLICE and p.unit != "PS1" and free(floor, p.unit)),
        None,
    )
    if unit is None:
        return
    dice = floor.dice("emergency")
    spot = (7_800, 4_100)
    made = d.do(
        floor.unit(unit),
        SelfInitiate(unit=unit, type="traffic_stop", place=town.place(spot, dice, source="unit")),
    )
    floor.where.units[unit] = spot
    stop = made.one(UnitAssigned).assignment
    yield 150
    made = d.do(floor.unit(unit), SignalEmergency(unit=unit))
    incident = made.one(IncidentOpened).incident
    call = made.one(EmergencySignalled).call
    asked = Asked("emergency", "unit_observation", (("police", "responder_emergency"),), spot, minutes=14)
    floor.known(incident, asked)
    sent = yield from send(floor, asked, incident, town.POLICE)
    for number, key in enumerate(sent):
        d.spawn(f"emergency/{key}", worked(floor, asked, key, leads=number == 0))
    yield 420
    d.do(floor.dispatcher(town.POLICE), EndEmergency(unit=unit, confirmed="supervisor_on_scene"))
    if call is not None:
        d.do(floor.dispatcher(town.POLICE), EndEmergency(unit=unit, confirmed="twice"), refused="no_emergency")
    held = floor.assignment(stop)
    d.do(
        floor.unit(unit),
        CloseResponse(incident=held.incident, agency=held.agency, outcome=Responded(assignment=stop, contact="yes")),
    )
    d.do(floor.unit(unit), ReportStamp(unit=unit, stamp="clear", assignment=stop))


def not_heard_from(floor: Floor) -> Process:
    """A unit on scene is not asked in time: the ladder climbs to the supervisor."""
    asked = Asked(
        "not heard from",
        "emergency_voice",
        (("police", "suspicious_person"),),
        (900, 8_300),
        finds="unfounded",
    )
    d = floor.driver
    taken = yield from take(floor, asked)
    sent = yield from send(floor, asked, taken.incident, town.POLICE)
    if not sent:
        return
    key = sent[0]
    unit = floor.assignment(key).unit
    me = floor.unit(unit)
    yield 300
    floor.where.units[unit] = asked.spot
    d.do(me, ReportStamp(unit=unit, stamp="en_route", assignment=key))
    d.do(me, ReportStamp(unit=unit, stamp="on_scene", assignment=key))
    yield 15 * 60 + 130
    supervisor = floor.supervisor()
    d.do(supervisor, ReportReached(kind="welfare", subject=key, person=unit, reached=False, by_channel="radio"))
    yield 60
    d.do(
        supervisor,
        ReportReached(kind="welfare", subject=key, person=supervisor.person, reached=True, by_channel="in person"),
    )
    yield 120
    d.do(floor.dispatcher(town.POLICE), CheckWelfare(assignment=key))
    floor.worth_a_look["a unit that was not heard from"] = taken.incident
    d.spawn("not heard from/end", _end(floor, key))


def _end(floor: Floor, key: str) -> Process:
    yield from staying(floor, key, 4)
    held = floor.assignment(key)
    d = floor.driver
    d.do(
        floor.dispatcher(held.agency),
        CloseResponse(incident=held.incident, agency=held.agency, outcome=Unfounded(assignment=key)),
    )
    d.do(floor.unit(held.unit), ReportStamp(unit=held.unit, stamp="clear", assignment=key))


def radio_gap(floor: Floor) -> Process:
    """The radio fails: a unit's times are entered afterwards, one wrong and corrected, one missing."""
    asked = Asked("radio gap", "walk_in", (("police", "dispute"),), (6_100, 800), minutes=10)
    d = floor.driver
    taken = yield from take(floor, asked)
    sent = yield from send(floor, asked, taken.incident, town.POLICE)
    if not sent:
        return
    key = sent[0]
    unit = floor.assignment(key).unit
    began = d.now
    yield 2_300
    desk = floor.dispatcher(town.POLICE)
    floor.where.units[unit] = asked.spot
    late: tuple[tuple[StampName, int], ...] = (("en_route", 1), ("on_scene", 21), ("clear", 33))
    for stamp, minutes in late:
        d.do(desk, ReportStamp(unit=unit, stamp=stamp, assignment=key, at=began + minutes * MINUTE))
    d.do(desk, MarkStampMissing(assignment=key, stamp="contact_made", reason="equipment_failed"))
    d.do(desk, ReportStamp(unit=unit, stamp="on_scene", assignment=key, at=began + 12 * MINUTE + 20 * SECOND))
    yield 30
    d.do(desk, CorrectStamp(assignment=key, stamp="on_scene", at=began + 12 * MINUTE, reason="radio_recording"))
    d.do(
        desk,
        CloseResponse(incident=taken.incident, agency=town.POLICE, outcome=Responded(assignment=key, contact="yes")),
    )


def already_there(floor: Floor) -> Process:
    """A unit that the board has elsewhere reports itself here: that stands, and the conflict is flagged."""
    asked = Asked("already there", "emergency_voice", (("police", "collision_minor"),), (4_200, 4_300), minutes=13)
    d = floor.driver
    other = Asked("elsewhere", "ten_digit_line", (("police", "parking"),), (4_150, 4_200))
    away = yield from take(floor, other)
    sent = yield from send(floor, other, away.incident, town.POLICE)
    if not sent:
        return
    unit = floor.assignment(sent[0]).unit
    taken = yield from take(floor, asked)
    made = d.do(floor.unit(unit), ReportStamp(unit=unit, stamp="on_scene", incident=taken.incident))
    key = made.one(UnitAssigned).assignment
    floor.where.units[unit] = asked.spot
    d.do(floor.unit("X9"), ReportStamp(unit="X9", stamp="on_scene"))
    yield 600
    d.do(
        floor.unit(unit),
        CloseResponse(incident=taken.incident, agency=town.POLICE, outcome=Responded(assignment=key, contact="yes")),
    )
    d.do(floor.unit(unit), ReportStamp(unit=unit, stamp="clear", assignment=key))
    d.spawn("elsewhere/on", worked(floor, other, sent[0], leads=True))


def broken_down(floor: Floor) -> Process:
    """A vehicle breaks down, cannot be sent, and comes back."""
    d = floor.driver
    desk = floor.dispatcher(town.EMS)
    while not free(floor, "A2"):
        yield 60
    d.do(desk, TakeOutOfService(vehicle="V-A2", reason="flat_tyre"))
    asked = Asked("transfer", "other_agency", (("ems", "transfer"),), (7_200, 6_900))
    taken = yield from take(floor, asked)
    d.do(desk, Assign(incident=taken.incident, units=("A2",)), refused="vehicle_out_of_service")
    serve_all(floor, asked, taken.incident)
    yield 2_700
    d.do(desk, ReturnToService(vehicle="V-A2"))


def cancelled_on_the_way(floor: Floor) -> Process:
    """The caller cancels while a unit is on its way; an alarm company cancels its own."""
    d = floor.driver
    asked = Asked("cancelled", "emergency_voice", (("police", "suspicious_vehicle"),), (8_300, 4_600))
    taken = yield from take(floor, asked)
    serve_all(floor, asked, taken.incident)
    yield 95
    unsure = CancelledByCaller(confirmed="not_said")
    d.do(floor.taker(), Settle(needs=taken.needs, outcome=unsure), refused="cancellation_unconfirmed")
    d.do(floor.taker(), Settle(needs=taken.needs, outcome=CancelledByCaller(confirmed="call_back")))
    called_back(floor, taken.incident, town.POLICE, "cancelled_by_caller")
    alarm = Asked("alarm test", "alarm", (("fire", "fire_alarm"),), (5_000, 4_900))
    other = yield from take(floor, alarm)
    yield 25
    test = NoEmergency(kind="accidental_alarm", confirmed_by="alarm_company")
    d.do(floor.taker(), Settle(needs=other.needs, outcome=test))


SCENES: Final[tuple[Scene, ...]] = (
    (5, "self-initiated", self_initiated),
    (110, "cancelled on the way", cancelled_on_the_way),
    (160, "stacked", stacked),
    (235, "accepted", accepted),
    (310, "radio gap", radio_gap),
    (380, "merged by mistake", merged_by_mistake),
    (470, "already there", already_there),
    (560, "preempted", preempted),
    (600, "unanswered", unanswered),
    (690, "broken down", broken_down),
    (745, "split up", split_up),
    (790, "big fire", big_fire),
    (960, "never heard of", accepted_unknown),
    (1_030, "not heard from", not_heard_from),
    (1_110, "emergency", emergency),
)
"""Minute of the day, name, process."""
