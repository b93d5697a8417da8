"""Random and hostile commands: every type, ids mostly real and sometimes not, times late, early and absurd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, get_args

from floor_driver import FULL, START
from msgspec.structs import replace

from everycall.core import commands as c
from everycall.core.actors import Actor, Role
from everycall.core.base import DAY, FARTHEST, HOUR, MINUTE, SECOND
from everycall.core.calls import CallBackResult
from everycall.core.deadlines import DeadlineKind
from everycall.core.facts import FactGiven
from everycall.core.hand_overs import HandOverAnswer
from everycall.core.incidents import PatientState
from everycall.core.instructions import InstructionChannel
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import (
    Advised,
    CancelledByCaller,
    Declined,
    Duplicate,
    GoneOnArrival,
    HandedOver,
    NoEmergency,
    NotEstablished,
    NotReached,
    NotRecorded,
    Outcome,
    Responded,
    Unfounded,
)
from everycall.core.places import PlaceGiven
from everycall.core.policies import Requirement
from everycall.core.reviews import Judgement
from everycall.core.sealed import Private
from everycall.core.versions import Certified, OverObjection, ReadsNothingProtected, Standing
from everycall.core.vocabulary import (
    CALL_STAMP_NAMES,
    CHANNELS,
    MISSING_REASONS,
    SERVICES,
    STAMP_NAMES,
    MissingReason,
    Mode,
    Service,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from random import Random

    from everycall.core.state import State

T = TypeVar("T")

CANARY: Final = "CANARY Jane Roe +1 555 0100"
"""Stands in every personal value; it may appear in no event."""

TYPES: Final = ("burglary", "shooting", "domestic", "traffic stop", "chest pain")
PRIORITIES: Final = ("1", "2", "3", "0", "9", "A")
UNITS: Final = ("U1", "U2", "U3", "E1", "M1", "X1")
AGENCIES: Final = ("PD", "FD", "EMS", "county", "police")
GROUNDS: Final = ("unit_shortage", "other_agency_duty", "no_police_matter", "because")
CAPABILITIES: Final = ("police", "fire", "ems", "ladder", "other")
WORDS: Final = ("", "code 4", "x" * 240, "héllo \u0001 ☃", "None")
POLICIES: Final = ("a" * 64, "b" * 64, "missing")


class Hostile:
    """Makes commands for a state out of a source of randomness."""

    def __init__(self, rng: Random, state: State, now: int) -> None:
        self.rng = rng
        self.state = state
        self.now = now

    # -- choosing ------------------------------------------------------------------------------------------

    def one(self, of: Sequence[T]) -> T:
        return of[self.rng.randrange(len(of))]

    def chance(self, one_in: int) -> bool:
        return self.rng.randrange(one_in) == 0

    def maybe(self, make: Callable[[], T], one_in: int = 2) -> T | None:
        return make() if self.chance(one_in) else None

    def some(self, of: Sequence[T], most: int = 3) -> tuple[T, ...]:
        return tuple(self.one(of) for _ in range(self.rng.randrange(most + 1)))

    def key(self, table: Iterable[str]) -> str:
        """Mostly a real id, the recent ones more often; sometimes of another kind, unknown or odd."""
        keys = list(table)
        if keys and not self.chance(12):
            recent = keys[-6:]
            return self.one(recent) if self.chance(2) else self.one(keys)
        others = [*self.state.calls, *self.state.incidents, *self.state.needs, *self.state.assignments]
        return self.one([*others[-4:], "nobody", " ", "C999999", "2020-999999", "A/B", "é"])

    def call(self) -> str:
        return self.key(self.state.calls)

    def need(self) -> str:
        if self.chance(4):
            return self.key(self.state.needs)
        open_ones = [need.id for need in self.state.needs.values() if need.outcome is None]
        return self.key(open_ones or self.state.needs)

    def incident(self) -> str:
        return self.key(self.state.incidents)

    def assignment(self) -> str:
        if self.chance(3):
            return self.key(self.state.assignments)
        return self.key([key for key, held in self.state.assignments.items() if not held.ended])

    def unit(self) -> str:
        return self.one(UNITS) if not self.chance(12) else self.key(self.state.units)

    def agency_of(self, incident: str) -> str:
        held = self.state.incidents.get(incident)
        if held is not None and held.responses and not self.chance(8):
            return self.one(list(held.responses))
        return self.one(AGENCIES)

    def word(self) -> str:
        return self.one(WORDS)

    def secret(self) -> Private:
        return Private(value=CANARY, searchable=self.chance(2))

    def instant(self) -> int:
        """Late, early, now, or absurd."""
        if self.chance(12):
            return self.one([-FARTHEST, FARTHEST, 0, START])
        return self.now + self.rng.randrange(-40, 20) * MINUTE

    def at(self) -> int | None:
        return self.maybe(self.instant, 4)

    def actor(self) -> Actor:
        role: Role = self.one(get_args(Role))
        if not self.chance(3):
            role = self.one(("dispatcher", "supervisor"))
        return Actor(
            person=self.one(("D1", "S1", "O1", "U1", "chief")),
            role=role,
            position=self.one(("P1", "P2", "")),
            agency=self.one(("PD", "FD", "")),
        )

    def fitting(self, body: c.AnyCommand) -> Actor:
        """Mostly anybody; more often than not somebody who may, where few may."""
        actor = self.actor()
        if isinstance(body, c.AdoptPolicy | c.CountersignPolicy) and not self.chance(3):
            stands = body.standing if isinstance(body, c.AdoptPolicy) else None
            persons = stands.persons if isinstance(stands, OverObjection) else ()
            return replace(actor, role="duty_chief", person=self.one((*persons, *persons, "chief", "S1")))
        return actor

    def service(self) -> Service:
        return self.one(SERVICES)

    def place(self) -> PlaceGiven:
        return PlaceGiven(
            area=self.maybe(self.word),
            latitude_e7=self.maybe(lambda: self.rng.randrange(-900_000_000, 900_000_000)),
            longitude_e7=-934_567_891,
            exact=self.maybe(self.secret),
        )

    def facts(self) -> tuple[FactGiven, ...]:
        made: list[FactGiven] = []
        for _ in range(self.rng.randrange(3)):
            kind = self.rng.randrange(6)
            if kind == 0:
                made.append(FactGiven(name="caller.name", value=CANARY))
            elif kind == 1:
                made.append(FactGiven(name="caller.employer", value=self.one(("city", "federal_agency", CANARY))))
            elif kind == 2:
                made.append(FactGiven(name="narrative.x", value=self.secret()))
            elif kind == 3:
                made.append(FactGiven(name="weapon", value=self.chance(2), at=self.at()))
            elif kind == 4:
                made.append(FactGiven(name="odd", value=f"{CANARY}!"))
            else:
                made.append(FactGiven(name="floors", value=self.rng.randrange(99), source=self.word()))
        return tuple(made)

    def asked(self) -> NeedAsked:
        return NeedAsked(
            service=self.service(),
            asked_for=self.maybe(self.word),
            words=self.maybe(self.secret),
            type=self.maybe(lambda: self.one((*TYPES, "domestic", ""))),
            priority=self.maybe(lambda: self.one((*PRIORITIES, "")), 4),
        )

    # -- commands ------------------------------------------------------------------------------------------

    def take_call(self) -> c.AnyCommand:
        reconstructed = self.chance(8)
        return c.TakeCall(
            channel=self.one(CHANNELS),
            mode=self.one(get_args(Mode)),
            ringing=self.chance(4),
            received_at=self.maybe(self.instant, 3),
            needs=tuple(self.asked() for _ in range(self.rng.randrange(4))),
            place=self.maybe(self.place),
            words=self.maybe(self.secret),
            facts=self.facts(),
            language=self.maybe(self.word, 6),
            unsafe_to_ring=self.chance(6),
            external=self.maybe(self.word, 6),
            open_incident=self.chance(2),
            agency=self.maybe(lambda: self.one(AGENCIES), 8),
            self_initiated=self.chance(10),
            reconstructed=reconstructed,
        )

    def answer_call(self) -> c.AnyCommand:
        return c.AnswerCall(call=self.call())

    def abandon_call(self) -> c.AnyCommand:
        return c.AbandonCall(call=self.call())

    def record_call_back(self) -> c.AnyCommand:
        return c.RecordCallBack(call=self.call(), result=self.one(get_args(CallBackResult)))

    def update_call(self) -> c.AnyCommand:
        return c.UpdateCall(
            call=self.call(),
            mode=self.maybe(lambda: self.one(get_args(Mode)), 4),
            language=self.maybe(self.word, 6),
            words=self.maybe(self.secret, 4),
            unsafe_to_ring=self.maybe(lambda: self.chance(2), 4),
            facts=self.facts(),
            reason=self.maybe(self.word, 3),
        )

    def locate_call(self) -> c.AnyCommand:
        return c.LocateCall(call=self.call(), place=self.place())

    def stamp_call(self) -> c.AnyCommand:
        missing: MissingReason | None = self.maybe(lambda: self.one(MISSING_REASONS), 4)
        return c.StampCall(
            call=self.call(),
            stamp=self.one(CALL_STAMP_NAMES),
            at=self.at(),
            missing=missing,
            correction=self.chance(5),
        )

    def add_need(self) -> c.AnyCommand:
        return c.AddNeed(call=self.call(), need=self.asked())

    def relate_calls(self) -> c.AnyCommand:
        return c.RelateCalls(calls=(self.call(), self.call()))

    def classify(self) -> c.AnyCommand:
        return c.Classify(
            call=self.call(),
            type=self.one(TYPES),
            need=self.maybe(self.need, 3),
            reason=self.maybe(lambda: "corrected"),
        )

    def prioritise(self) -> c.AnyCommand:
        return c.Prioritise(need=self.need(), priority=self.one(PRIORITIES), reason=self.maybe(lambda: "downgraded"))

    def establish_service(self) -> c.AnyCommand:
        return c.EstablishService(need=self.need(), service=self.service())

    def add_note(self) -> c.AnyCommand:
        return c.AddNote(about=self.incident() if self.chance(2) else self.call(), text=self.secret())

    def strike_note(self) -> c.AnyCommand:
        held = [
            (key, note.id)
            for table in (self.state.calls, self.state.incidents)
            for key, owner in table.items()
            for note in owner.notes
        ]
        about, note = self.one(held) if held else (self.call(), "N000001")
        return c.StrikeNote(about=about, note=note, reason="mistake")

    def open_incident(self) -> c.AnyCommand:
        call = self.call()
        return c.OpenIncident(
            call=call,
            needs=self.some(self._needs_of(call), 2),
            place=self.maybe(self.place, 4),
            agency=self.maybe(lambda: self.one(AGENCIES), 8),
        )

    def _needs_of(self, call: str) -> tuple[str, ...]:
        held = self.state.calls.get(call)
        return held.needs if held is not None and not self.chance(10) else (self.need(),)

    def change_incident(self) -> c.AnyCommand:
        return c.ChangeIncident(
            incident=self.incident(),
            place=self.maybe(self.place),
            related=tuple(self.incident() for _ in range(self.rng.randrange(2))),
        )

    def link(self) -> c.AnyCommand:
        waiting = [n.call for n in self.state.needs.values() if n.outcome is None and n.incident is None]
        if waiting and not self.chance(4):
            return c.Link(call=self.one(waiting), incident=self.living())
        call = self.call()
        return c.Link(call=call, incident=self.incident(), needs=self.some(self._needs_of(call), 2))

    def living(self, needs: int = 0) -> str:
        """Mostly an incident that is open, with so many needs at least."""
        found = [
            key
            for key, held in self.state.incidents.items()
            if held.merged_into is None and sum(len(r.needs) for r in held.responses.values()) >= needs
        ]
        return self.one(found) if found and not self.chance(6) else self.incident()

    def unlink(self) -> c.AnyCommand:
        incident = self.living(1)
        held = self.state.incidents.get(incident)
        call = self.one(held.calls) if held is not None and held.calls else self.call()
        needs = self.some(self._needs_of(call), 1) if self.chance(3) else ()
        return c.Unlink(call=call, incident=incident, needs=needs, reason=self.word())

    def merge(self) -> c.AnyCommand:
        return c.Merge(incident=self.living(), into=self.living(), reason=self.word())

    def split(self) -> c.AnyCommand:
        incident = self.living(2)
        held = self.state.incidents.get(incident)
        needs = [key for r in held.responses.values() for key in r.needs] if held is not None else []
        units = [key for r in held.responses.values() for key in r.assignments] if held is not None else []
        return c.Split(
            incident=incident,
            needs=(self.one(needs), *self.some(needs, 1)) if needs else (self.need(),),
            assignments=self.some(units, 1) if units else (),
            reason=self.word(),
        )

    def undo(self) -> c.AnyCommand:
        return c.Undo(act=self.key(self.state.acts), reason=self.word())

    def change_plan(self) -> c.AnyCommand:
        incident = self.incident()
        send = tuple(
            Requirement(capability=self.one(CAPABILITIES), count=self.rng.randrange(4))
            for _ in range(self.rng.randrange(3))
        )
        return c.ChangePlan(
            incident=incident, agency=self.agency_of(incident), send=send, reason=self.maybe(lambda: "enough")
        )

    def hold_response(self) -> c.AnyCommand:
        pending = [
            (key, agency)
            for key, incident in self.state.incidents.items()
            for agency, response in incident.responses.items()
            if response.closed_at is None and not response.assignments
        ]
        incident = self.incident()
        agency = self.agency_of(incident)
        if pending and not self.chance(4):
            incident, agency = self.one(pending)
        return c.HoldResponse(
            incident=incident,
            agency=agency,
            ground=self.one(GROUNDS[:3]) if not self.chance(5) else self.one(GROUNDS),
            until=self.instant() if self.chance(4) else self.now + self.rng.randrange(1, 10) * MINUTE,
        )

    def release_hold(self) -> c.AnyCommand:
        held = [
            (key, agency)
            for key, incident in self.state.incidents.items()
            for agency, response in incident.responses.items()
            if response.hold is not None
        ]
        incident = self.incident()
        agency = self.agency_of(incident)
        if held and not self.chance(4):
            incident, agency = self.one(held)
        return c.ReleaseHold(incident=incident, agency=agency)

    def raise_alarm(self) -> c.AnyCommand:
        return c.RaiseAlarm(
            incident=self.incident(), level=self.rng.randrange(1, 21), reason=self.maybe(lambda: "contained")
        )

    def stage(self) -> c.AnyCommand:
        return c.Stage(incident=self.incident(), until="police say so")

    def declare_safe(self) -> c.AnyCommand:
        return c.DeclareSafe(incident=self.incident())

    def add_patient(self) -> c.AnyCommand:
        return c.AddPatient(incident=self.incident())

    def report_patient(self) -> c.AnyCommand:
        held = [(key, p.id) for key, i in self.state.incidents.items() for p in i.patients]
        incident, patient = self.one(held) if held else (self.incident(), "P000001")
        return c.ReportPatient(
            incident=incident,
            patient=patient,
            state=self.one(get_args(PatientState)),
            unit=self.maybe(self.unit),
            hospital=self.maybe(self.word),
        )

    def signal_emergency(self) -> c.AnyCommand:
        return c.SignalEmergency(unit=self.unit())

    def end_emergency(self) -> c.AnyCommand:
        return c.EndEmergency(unit=self.unit(), confirmed="in person")

    def enrol_agency(self) -> c.AnyCommand:
        return c.EnrolAgency(agency=self.one(AGENCIES), services=self.some(SERVICES, 3), neighbour=self.chance(4))

    def sign_on(self) -> c.AnyCommand:
        return c.SignOn(
            unit=self.unit(),
            agency=self.one(AGENCIES[:3]),
            capabilities=(*self.some(CAPABILITIES, 2), self.one(CAPABILITIES)),
            vehicle=self.maybe(lambda: self.one(("V1", "V2")), 3),
            crew=self.maybe(lambda: self.one(("K1", "K2")), 3),
            members=self.some(("p1", "p2"), 2),
            officers=self.rng.randrange(3),
        )

    def sign_off(self) -> c.AnyCommand:
        return c.SignOff(unit=self.unit())

    def take_out_of_service(self) -> c.AnyCommand:
        return c.TakeOutOfService(
            unit=self.maybe(self.unit), vehicle=self.maybe(lambda: self.one(("V1", "V2", "V3"))), reason="flat tyre"
        )

    def return_to_service(self) -> c.AnyCommand:
        return c.ReturnToService(unit=self.maybe(self.unit), vehicle=self.maybe(lambda: self.one(("V1", "V2", "V3"))))

    def report_position(self) -> c.AnyCommand:
        return c.ReportPosition(unit=self.unit(), latitude_e7=449_778_000, longitude_e7=-932_650_000)

    def recommend(self) -> c.AnyCommand:
        incident = self.incident()
        return c.Recommend(incident=incident, agency=self.agency_of(incident))

    def assign(self) -> c.AnyCommand:
        incident = self.living()
        busy = [unit.id for unit in self.state.units.values() if unit.assignments]
        if busy and self.chance(3):
            return c.Assign(incident=incident, units=(self.one(busy),), stacked=True)
        return c.Assign(
            incident=incident,
            units=tuple(self.unit() for _ in range(self.rng.randrange(3) or 1)),
            agency=self.maybe(lambda: self.agency_of(incident), 3),
            stacked=self.chance(4),
        )

    def report_stamp(self) -> c.AnyCommand:
        unit = self.unit()
        assignment = None
        if self.chance(4) and self.state.assignments:
            assignment = self.assignment()
            held = self.state.assignments.get(assignment)
            unit = held.unit if held is not None else unit
        return c.ReportStamp(
            unit=unit,
            stamp=self.one(STAMP_NAMES) if self.chance(2) else self.one(("on_scene", "clear")),
            incident=self.maybe(self.incident, 3),
            assignment=assignment,
            at=self.at(),
            hospital=self.maybe(self.word, 5),
        )

    def correct_stamp(self) -> c.AnyCommand:
        return c.CorrectStamp(
            assignment=self.assignment(), stamp=self.one(STAMP_NAMES), at=self.instant(), reason=self.word()
        )

    def mark_stamp_missing(self) -> c.AnyCommand:
        return c.MarkStampMissing(
            assignment=self.assignment(), stamp=self.one(STAMP_NAMES), reason=self.one(MISSING_REASONS)
        )

    def cancel_assignment(self) -> c.AnyCommand:
        return c.CancelAssignment(assignment=self.assignment(), reason="not needed")

    def preempt(self) -> c.AnyCommand:
        incident = self.incident()
        busy = [unit.id for unit in self.state.units.values() if unit.assignments]
        return c.Preempt(
            unit=self.one(busy) if busy and not self.chance(3) else self.unit(),
            incident=incident,
            reason="more urgent",
            agency=self.maybe(lambda: self.agency_of(incident), 4),
        )

    def check_welfare(self) -> c.AnyCommand:
        return c.CheckWelfare(assignment=self.assignment())

    def self_initiate(self) -> c.AnyCommand:
        return c.SelfInitiate(
            unit=self.unit(),
            type="traffic stop",
            place=self.maybe(self.place),
            plate=self.maybe(self.secret),
            words=self.maybe(self.secret),
        )

    def offer_hand_over(self) -> c.AnyCommand:
        return c.OfferHandOver(
            needs=tuple(self.need() for _ in range(self.rng.randrange(3) or 1)), to="county", ground=self.one(GROUNDS)
        )

    def answer_hand_over(self) -> c.AnyCommand:
        return c.AnswerHandOver(
            hand_over=self.key(self.state.hand_overs),
            answer=self.one(get_args(HandOverAnswer)),
            by=self.one(("desk 4", "")),
        )

    def report_hand_over_arrival(self) -> c.AnyCommand:
        return c.ReportHandOverArrival(
            hand_over=self.key(self.state.hand_overs), arrived=self.one(("unknown", "yes", "no"))
        )

    def record_instruction(self) -> c.AnyCommand:
        return c.RecordInstruction(
            words=self.maybe(self.secret),
            said_by=self.one(("chief", "S1", "")),
            said_by_agency=self.one(("PD", "")),
            channel=self.one(get_args(InstructionChannel)),
            calls=(self.call(),),
        )

    def complete_instruction(self) -> c.AnyCommand:
        return c.CompleteInstruction(
            instruction=self.key(self.state.instructions),
            said_by=self.maybe(lambda: "chief"),
            words=self.maybe(self.secret),
            calls=self.some((self.call(),), 1),
            ended=self.chance(3),
        )

    def strike_instruction(self) -> c.AnyCommand:
        return c.StrikeInstruction(instruction=self.key(self.state.instructions), reason="typed twice")

    def outcome(self, need: str) -> Outcome:
        held = self.state.needs.get(need)
        incident = held.incident if held is not None else None
        there = [key for key, a in self.state.assignments.items() if a.incident == incident]
        assignment = self.one(there) if there else self.assignment()
        export = self.maybe(lambda: "Disposition=X", 8)
        made: list[Outcome] = [
            Responded(assignment=assignment, contact=self.one(("yes", "no", "not_said")), export=export),
            Responded(assignment=assignment),
            GoneOnArrival(assignment=self.assignment(), export=export),
            Unfounded(assignment=assignment),
            CancelledByCaller(confirmed=self.one((None, "not_said", "call_back", "in_person")), export=export),
            CancelledByCaller(confirmed="in_person"),
            Advised(caller_agreed=self.chance(2), advice=self.word()),
            Duplicate(of=self.maybe(self.incident, 1)),
            NoEmergency(kind="misdial", confirmed_by=self.one((None, "caller", "export"))),
            NotEstablished(tried=self.some(("listened", "rang back"), 2)),
            Declined(ground=self.one(GROUNDS), authority=self.one(("chief", "")), caller_told="no", export=export),
            NotReached(
                why=self.one(("storm", "")), instruction=self.maybe(lambda: self.key(self.state.instructions), 3)
            ),
            HandedOver(to="county", hand_over=self.key(self.state.hand_overs)),
            NotRecorded(export=export),
        ]
        return self.one(made)

    def settle(self) -> c.AnyCommand:
        need = self.need()
        return c.Settle(needs=(need, *(self.some((self.need(),), 1))), outcome=self.outcome(need))

    def close_response(self) -> c.AnyCommand:
        incident = self.incident()
        agency = self.agency_of(incident)
        held = self.state.incidents.get(incident)
        needs = held.responses[agency].needs if held is not None and agency in held.responses else ()
        return c.CloseResponse(
            incident=incident, agency=agency, outcome=self.outcome(needs[0] if needs else self.need())
        )

    def reopen(self) -> c.AnyCommand:
        settled = [need.id for need in self.state.needs.values() if need.outcome is not None]
        return c.Reopen(needs=(self.key(settled),), reason="mistake")

    def complete_review(self) -> c.AnyCommand:
        return c.CompleteReview(
            review=self.key(self.state.reviews),
            judgement=self.one(get_args(Judgement)),
            words=self.maybe(self.secret),
        )

    def report_reached(self) -> c.AnyCommand:
        kind, _, subject = self.key(self.state.deadlines).partition(":")
        kinds: tuple[DeadlineKind, ...] = get_args(DeadlineKind)
        return c.ReportReached(
            kind=next((k for k in kinds if k == kind), "dispatch"),
            subject=subject or "nobody",
            person="S1",
            reached=self.chance(2),
        )

    def change_shift(self) -> c.AnyCommand:
        return c.ChangeShift(position=self.one(("P1", "P2", "")), to_position="P2", to_person="D2")

    def adopt_policy(self) -> c.AnyCommand:
        standings: tuple[Standing, ...] = (
            ReadsNothingProtected(),
            Certified(certificate=FULL),
            Certified(certificate=FULL),
            Certified(certificate=FULL),
            Certified(certificate="c" * 64),
            self.over_objection(),
            self.over_objection(),
        )
        standing = self.one(standings)
        return c.AdoptPolicy(
            policy=self.one(POLICIES),
            version="v",
            reads=self.some(("weapon", "caller.employer"), 2),
            authority="council",
            reason="yearly",
            standing=standing,
            effective_from=self.maybe(lambda: self.now + self.one((-HOUR, HOUR, HOUR, 2 * DAY)), 3),
            effective_to=self.maybe(lambda: self.now + self.one((-HOUR, 3 * HOUR, 5 * DAY)), 4),
        )

    def over_objection(self) -> OverObjection:
        return OverObjection(
            persons=self.one((("S1",), ("S1",), ("chief", "S1"), (), ("chief",), ("S1", "s1"), ("S1", "Jane Roe"))),
            reason="storm",
            objection="reads caller.employer",
            ends_at=self.now + self.one((HOUR, 3 * HOUR, DAY, 40 * DAY, -HOUR)),
        )

    def countersign_policy(self) -> c.AnyCommand:
        state = self.state
        known = [version.policy for version in (state.policy, *state.next_policies) if version is not None]
        return c.CountersignPolicy(
            policy=self.key(known),
            ends_at=self.now + self.one((HOUR, DAY, 20 * DAY, 40 * DAY)),
            reason=self.one(("agreed", "agreed", "")),
        )


def names() -> tuple[str, ...]:
    """The methods that make a command, one per command type."""
    from everycall.core.base import snake  # noqa: PLC0415

    return tuple(snake(kind.__name__) for kind in get_args(c.AnyCommand))


GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "calls": (
        "take_call", "take_call", "answer_call", "abandon_call", "record_call_back", "update_call", "locate_call",
        "stamp_call", "add_need", "relate_calls", "classify", "prioritise", "establish_service", "add_note",
        "strike_note",
    ),
    "incidents": (
        "open_incident", "open_incident", "link", "link", "unlink", "merge", "split", "undo", "undo", "undo",
        "change_incident", "change_plan", "hold_response", "hold_response", "hold_response", "release_hold",
        "raise_alarm", "stage", "declare_safe",
        "add_patient", "report_patient", "change_shift",
    ),
    "units": (
        "assign", "assign", "assign", "report_stamp", "report_stamp", "report_stamp", "correct_stamp",
        "mark_stamp_missing", "cancel_assignment", "preempt", "check_welfare", "self_initiate",
        "signal_emergency", "end_emergency", "sign_on", "sign_off", "take_out_of_service", "return_to_service",
        "report_position", "recommend", "enrol_agency",
    ),
    "ends": (
        "settle", "settle", "settle", "close_response", "close_response", "reopen", "undo", "offer_hand_over",
        "answer_hand_over", "report_hand_over_arrival", "complete_review", "record_instruction",
        "complete_instruction", "strike_instruction", "report_reached", "adopt_policy",
        "adopt_policy", "countersign_policy", "countersign_policy",
    ),
}  # fmt: skip
"""Commands that tend to meet, so that sequences get somewhere."""


def command(rng: Random, state: State, now: int, group: str) -> tuple[Actor, c.AnyCommand, int | None]:
    """One command of a group, with its actor and the time at which its sender says that it happened."""
    hostile = Hostile(rng, state, now)
    name = hostile.one(GROUPS[group])
    body: c.AnyCommand = getattr(hostile, name)()
    return hostile.fitting(body), body, hostile.at()


__all__ = ["CANARY", "GROUPS", "SECOND", "Hostile", "command", "names"]
