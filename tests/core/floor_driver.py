"""A dispatch floor in memory: the engine's loop without its ports, for tests of the core.

It ticks until nothing comes, decides, encodes, evolves and keeps the log, in the order that the engine does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from everycall.core.actors import SYSTEM, Actor
from everycall.core.balance import Balance
from everycall.core.base import SECOND
from everycall.core.certificates import (
    REQUIRED_PROPERTIES,
    AttributeVerdict,
    CertificateSummary,
    PropertyVerdict,
)
from everycall.core.commands import (
    AdoptPolicy,
    AnyCommand,
    Assign,
    Command,
    EnrolAgency,
    ReportStamp,
    SignOn,
    TakeCall,
    decode_command,
    encode_command,
)
from everycall.core.decide import decide, tick
from everycall.core.events import Envelope, decode_event, encode_event
from everycall.core.evolve import evolve
from everycall.core.facts import PROTECTED, FactGiven, must_be_sealed
from everycall.core.given import Given
from everycall.core.needs import NeedAsked
from everycall.core.policies import (
    HOUSE_FLOOR,
    FloorRules,
    Offer,
    Permission,
    PermittedAct,
    Requirement,
    ResponsePlan,
)
from everycall.core.refusals import Refusal
from everycall.core.sealed import Private, Sealed
from everycall.core.state import State
from everycall.core.versions import Certified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from everycall.core.actors import Role
    from everycall.core.deadlines import Rung
    from everycall.core.event import Event
    from everycall.core.policies import Asked, Evaluator
    from everycall.core.versions import Standing

E = TypeVar("E")

START = 1_600_000_000 * SECOND
"""2020-09-13, a Sunday; any instant would do."""

CALL_TAKER = Actor(person="T1", role="call_taker", position="P1", agency="PD")
DISPATCHER = Actor(person="D1", role="dispatcher", position="P2", agency="PD")
SUPERVISOR = Actor(person="S1", role="supervisor", position="P3", agency="PD")
OVERSIGHT = Actor(person="O1", role="oversight")
CREW = Actor(person="K1", role="unit", agency="PD")
ADMINISTRATOR = Actor(person="M1", role="administrator")


@dataclass(frozen=True)
class Rules:
    """A policy for tests: what it reads, allows and how fast it is can be chosen."""

    policy: str = "a" * 64
    version: str = "test-1"
    reads: frozenset[str] = frozenset({"weapon"})
    priority: str | None = "3"
    send: tuple[Requirement, ...] | None = None
    dispatch_within: int | None = 60 * SECOND
    arrive_within: int | None = 600 * SECOND
    hold_for: int | None = 600 * SECOND
    grounds: frozenset[str] = frozenset({"unit_shortage", "other_agency_duty", "no_police_matter"})
    duress_types: frozenset[str] = frozenset({"domestic"})
    offers: Mapping[str, Offer] = field(default_factory=dict)
    find_out_within: int | None = None
    support: tuple[str, ...] = ()
    ladder: tuple[Rung, ...] = ()
    longest: int | None = None
    floor_rules: FloorRules = HOUSE_FLOOR

    def plan(self, asked: Asked) -> ResponsePlan:
        incident_type, facts = asked.incident_type, asked.facts
        armed = bool(facts.get("weapon", False))
        if not set(facts) <= self.reads:
            raise AssertionError(f"handed facts that are not declared: {sorted(facts)}")
        send = self.send
        if send is None:
            send = (Requirement(capability=asked.service, count=2 if armed else 1),)
        return ResponsePlan(
            rule=f"{incident_type or 'any'}{'-armed' if armed else ''}",
            policy=self.policy,
            priority="1" if armed or incident_type == "shooting" else self.priority,
            send=send,
            stage=armed,
            dispatch_within=self.dispatch_within,
            arrive_within=self.arrive_within,
            ladder=self.floor_rules.ladder,
            cancellation_closes=incident_type not in self.duress_types,
            offer=self._offer(incident_type or "", armed=armed),
            find_out_within=None if incident_type else self.find_out_within,
            support=self.support,
        )

    def _offer(self, incident_type: str, *, armed: bool) -> Offer | None:
        """As the plan of the type offers; where anyone may be in danger our own unit goes all the same."""
        offer = self.offers.get(incident_type)
        return offer if offer is None or not armed else msgspec.structs.replace(offer, meanwhile="send")

    def may(self, act: PermittedAct, role: Role, ground: str, _asked: Asked, _to: str | None = None) -> Permission:
        allowed = ground in self.grounds and (act == "hand_over" or role in ("dispatcher", "supervisor"))
        return Permission(
            allowed=allowed,
            rule=f"{act}-{ground}"[:40],
            policy=self.policy,
            because="" if allowed else "not one of the grounds",
            longest=self.hold_for if act == "hold" else self.longest,
            ladder=self.ladder,
        )

    def floor(self) -> FloorRules:
        return self.floor_rules


FULL: Final = "full"
"""The hash of a certificate that shows everything, about whatever policy is adopted with it."""


def full_certificate(
    policy: str, reads: Iterable[str] = (), certificate: str = FULL, **says: Any
) -> CertificateSummary:
    """A certificate that lacks nothing, and says of the text what `adopting` says of it."""
    return msgspec.structs.replace(_full_certificate(policy, tuple(reads), certificate), **says)


def certificate_for(body: AdoptPolicy, certificate: str = FULL) -> CertificateSummary:
    """A certificate that lacks nothing, of the very text that is adopted."""
    return full_certificate(
        body.policy,
        body.reads,
        certificate,
        version=body.version,
        authority=body.authority,
        effective_from=body.effective_from,
        effective_to=body.effective_to,
    )


def _full_certificate(policy: str, reads: tuple[str, ...], certificate: str) -> CertificateSummary:
    return CertificateSummary(
        certificate=certificate,
        policy=policy,
        version="1",
        authority="council",
        reads=reads,
        properties=tuple(PropertyVerdict(name=name, verdict="holds") for name in REQUIRED_PROPERTIES),
        attributes=tuple(
            AttributeVerdict(name=name, verdict="holds") for name in sorted(PROTECTED.intersection(reads))
        ),
        engines=("one", "another"),
    )


def adopting(
    policy: str = "a" * 64, reads: Iterable[str] = (), version: str = "1", standing: Standing | None = None, **more: Any
) -> AdoptPolicy:
    """The command that puts a policy in force, with a full certificate unless it is said otherwise."""
    return AdoptPolicy(
        policy=policy,
        version=version,
        authority="council",
        reason="vote",
        reads=tuple(sorted(reads)),
        standing=Certified(certificate=FULL) if standing is None else standing,
        **more,
    )


class UnexpectedRefusalError(AssertionError):
    """A command that a test expects to be carried out was refused."""


@dataclass
class Floor:
    """The floor, its clock and its log."""

    state: State = field(default_factory=State)
    balance: Balance = field(default_factory=Balance)
    log: list[bytes] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    now: int = START
    evaluator: Evaluator | None = None
    travel: dict[str, int] = field(default_factory=dict)
    commands: int = 0
    certificates: dict[str, CertificateSummary] = field(default_factory=dict)

    def certificate(self, body: AnyCommand) -> CertificateSummary | None:
        """The certificate that a command names."""
        if not isinstance(body, AdoptPolicy) or not isinstance(body.standing, Certified):
            return None
        if body.standing.certificate == FULL:
            return certificate_for(body)
        return self.certificates.get(body.standing.certificate)

    def given(self, body: AnyCommand, at: int | None = None) -> Given:
        """What a command is decided with."""
        return Given(
            now=self.now,
            at=self.now if at is None else at,
            evaluator=self.evaluator,
            travel=self.travel,
            certificate=self.certificate(body),
        )

    def record(self, events: Iterable[Event], actor: Actor, at: int) -> None:
        """Encode, read back, evolve and count these events."""
        for event in events:
            envelope = Envelope(
                centre="test",
                sequence=len(self.log) + 1,
                command=f"command-{self.commands}",
                command_hash="00",
                occurred_at=at,
                recorded_at=self.now,
                actor=actor,
                version=1,
                body=event,  # type: ignore[arg-type]  # the union is checked by test_golden
            )
            data = encode_event(envelope)
            if decode_event(data) != envelope:
                raise AssertionError(f"{type(event).__name__} does not come back as it went: {data!r}")
            self.log.append(data)
            self.events.append(event)
            evolve(self.state, event)
            self.balance.add(event)

    def tick(self) -> list[Event]:
        """Let everything pass that is due now."""
        passed: list[Event] = []
        while events := tick(self.state, self.now):
            self.record(events, SYSTEM, self.now)
            passed += events
        return passed

    def wait(self, seconds: float) -> list[Event]:
        """Let time pass, and what is due with it."""
        self.now += int(seconds * SECOND)
        return self.tick()

    def propose(self, body: AnyCommand, actor: Actor = DISPATCHER, at: int | None = None) -> list[Event] | Refusal:
        """What a command makes, recorded; or its refusal."""
        self.tick()
        self.commands += 1
        sent = Command(id=f"command-{self.commands}", actor=actor, body=body, at=at)
        command = decode_command(encode_command(sent))
        when = self.now if at is None else at
        decided = decide(self.state, command, self.given(command.body, at))
        if not isinstance(decided, Refusal):
            self.record(decided, actor, when)
        return decided

    def do(
        self, body: AnyCommand, actor: Actor = DISPATCHER, *, after: float = 1, at: int | None = None
    ) -> list[Event]:
        """Carry out a command some seconds later; a refusal is a failure of the test."""
        self.now += int(after * SECOND)
        decided = self.propose(body, actor, at)
        if isinstance(decided, Refusal):
            raise UnexpectedRefusalError(f"{type(body).__name__}: {decided}")
        return decided

    def refused(
        self, body: AnyCommand, actor: Actor = DISPATCHER, *, after: float = 1, at: int | None = None
    ) -> Refusal:
        """The refusal of a command; that it is carried out is a failure of the test."""
        self.now += int(after * SECOND)
        decided = self.propose(body, actor, at)
        if not isinstance(decided, Refusal):
            raise AssertionError(f"{type(body).__name__} was carried out: {decided}")  # noqa: TRY004
        return decided

    def last(self, kind: type[E]) -> E:
        """The latest event of a class."""
        for event in reversed(self.events):
            if isinstance(event, kind):
                return event
        raise AssertionError(f"no {kind.__name__} happened")

    def all(self, kind: type[E]) -> list[E]:
        """The events of a class, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def replayed(self) -> State:
        """A fresh state from the log."""
        state = State()
        for data in self.log:
            evolve(state, decode_event(data).body)
        return state


def staffed(rules: Rules | None = None, *units: str) -> Floor:
    """A floor with a police, a fire and a county agency, its policy in force, and police units on duty."""
    floor = Floor(evaluator=rules)
    floor.do(EnrolAgency(agency="PD", services=("police", "other")), after=0)
    floor.do(EnrolAgency(agency="FD", services=("fire", "ems")), after=0)
    floor.do(EnrolAgency(agency="county", services=("police",), neighbour=True), after=0)
    if rules is not None:
        floor.do(adopting(rules.policy, rules.reads), SUPERVISOR, after=0)
    for unit in units or ("U1", "U2"):
        agency = "FD" if unit.startswith(("E", "M")) else "PD"
        capabilities = ("police",) if agency == "PD" else ("fire", "ems")
        floor.do(SignOn(unit=unit, agency=agency, capabilities=capabilities), after=0)
    return floor


def request(floor: Floor, *needs: NeedAsked, **more: Any) -> str:
    """A call for help with its incident opened; the id of the incident."""
    asked = needs or (NeedAsked(service="police", type="burglary"),)
    taken = TakeCall(channel="emergency_voice", needs=asked, open_incident=True, **more)
    floor.do(taken, CALL_TAKER, after=0)
    return list(floor.state.incidents)[-1]


def attended(floor: Floor, incident: str, unit: str = "U1") -> str:
    """A unit goes there, is there, and clears; the id of its assignment."""
    floor.do(Assign(incident=incident, units=(unit,)))
    key = floor.state.units[unit].assignments[0]
    floor.do(ReportStamp(unit=unit, stamp="on_scene"), CREW, after=120)
    floor.do(ReportStamp(unit=unit, stamp="clear"), CREW, after=600)
    return key


TABLES = (
    "calls",
    "needs",
    "incidents",
    "assignments",
    "units",
    "crews",
    "vehicles",
    "agencies",
    "hand_overs",
    "instructions",
    "reviews",
    "deadlines",
    "acts",
)


def copied(state: State) -> State:
    """A state of its own with the same, frozen, entities."""
    copy = State()
    for name in TABLES:
        getattr(copy, name).update(getattr(state, name))
    copy.policy = state.policy
    copy.next_policies = state.next_policies
    copy.objected_alone_at = state.objected_alone_at
    copy.counters.update(state.counters)
    copy.rebuild_indexes()
    return copy


def raw(state: State) -> dict[str, object]:
    """The encoded state as plain JSON values, without acts and counters."""
    decoded: dict[str, object] = msgspec.json.decode(state.encoded())
    return {name: table for name, table in decoded.items() if name not in ("acts", "counters")}


class FakeSeals:
    """Seals as the engine makes them: a reference stands where the personal value was."""

    def __init__(self) -> None:
        self.count = 0

    def sealed(self, value: object) -> object:
        """A copy with every personal value replaced."""
        if isinstance(value, Private):
            self.count += 1
            return Sealed(reference=f"L{self.count:06d}", commitment="c" * 64)
        if isinstance(value, FactGiven):
            if must_be_sealed(value.name, value.value) and not isinstance(value.value, Sealed):
                return msgspec.structs.replace(value, value=self.sealed(Private(value=str(value.value))))
            return value
        if isinstance(value, tuple):
            return tuple(self.sealed(item) for item in value)
        if isinstance(value, msgspec.Struct) and not isinstance(value, Sealed):
            fields = {name: self.sealed(getattr(value, name)) for name in value.__struct_fields__}
            return msgspec.structs.replace(value, **fields)
        return value
