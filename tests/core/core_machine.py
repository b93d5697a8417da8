"""The state machine over hostile command sequences; its rules of the house are checked after each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hostile
import house_rules
from floor_driver import SUPERVISOR, FakeSeals, Floor, Rules, adopting, copied, raw
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace

from everycall.core import commands as c
from everycall.core.actors import Actor
from everycall.core.assignments import UnitAssigned
from everycall.core.base import DAY, HOUR, MINUTE, SECOND
from everycall.core.calls import CallTaken, NeedAdded
from everycall.core.clocks import retirement
from everycall.core.decide import decide, tick
from everycall.core.event import ActEvent, Event
from everycall.core.evolve import evolve
from everycall.core.given import Given
from everycall.core.hand_overs import HandOverOffered
from everycall.core.needs import NeedAsked, NeedPrioritised
from everycall.core.outcomes import NotReached, NotRecorded, name_of
from everycall.core.policies import Offer
from everycall.core.refusals import Refusal
from everycall.core.retiring import Recalled, Retired
from everycall.core.reviews import ReviewOpened
from everycall.core.settling import NeedsReopened, NeedsSettled
from everycall.core.undo import ActUndone
from everycall.core.waiting import ResponseWaiting, WaitingEnded

if TYPE_CHECKING:
    from random import Random

    from everycall.core.state import State

QUICK = Rules(
    policy="b" * 64,
    reads=frozenset({"weapon", "caller.employer"}),
    priority=None,
    dispatch_within=None,
    arrive_within=None,
)
"""No priority and no deadline of its own: the house's own clock has to do; it would like to read more than it may."""
SLOW = Rules(dispatch_within=2 * HOUR, arrive_within=6 * HOUR, hold_for=3 * HOUR)
OFFERING = Rules(
    offers={
        "burglary": Offer(to="county", within=3 * MINUTE, ground="their_area", meanwhile="wait"),
        "": Offer(to="county", within=9 * MINUTE, ground="their_area", meanwhile="wait"),
        "domestic": Offer(to="county", within=2 * MINUTE, ground="their_area", meanwhile="send"),
        "traffic stop": Offer(to="FD", within=20 * MINUTE, ground="their_area", meanwhile="wait"),
    },
    find_out_within=5 * MINUTE,
    support=("interpreter",),
)
"""Offers by itself, waits or does not, and says by when the type must be known."""
EVALUATORS = (None, Rules(), QUICK, SLOW, OFFERING, OFFERING)

NEVER_REFUSED = (c.TakeCall, c.ReportStamp, c.SelfInitiate, c.SignalEmergency, c.RecordInstruction)
REPORTS_ON_A_CALL = (
    c.AnswerCall, c.AbandonCall, c.RecordCallBack, c.UpdateCall, c.LocateCall, c.StampCall, c.AddNeed
)  # fmt: skip


class HouseMachine(RuleBasedStateMachine):
    """Commands of all kinds, small ticks and large jumps, policies in force and missing."""

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor()
        self.seals = FakeSeals()
        self.seal = True
        self.ledger: dict[str, str | None] = {}
        self.own: set[str] = set()
        self.first: dict[str, tuple[str | None, str | None]] = {}
        self.shadow: State | None = None
        self.shown = 0
        self.gone: set[str] = set()
        self.left: list[Recalled] = []

    # -- rules ---------------------------------------------------------------------------------------------

    @initialize(seal=st.booleans(), evaluator=st.sampled_from(EVALUATORS), staffed=st.booleans())
    def begin(self, seal: bool, evaluator: Rules | None, staffed: bool) -> None:
        self.seal = seal
        self.floor.evaluator = evaluator
        self.floor.travel = {"U1": 120_000, "U2": 60_000}
        if evaluator is not None:
            self.step(
                SUPERVISOR,
                adopting(evaluator.policy, ("weapon",)),
                None,
            )
        if staffed:
            self.step(SUPERVISOR, c.EnrolAgency(agency="PD", services=("police", "other")), None)
            self.step(SUPERVISOR, c.EnrolAgency(agency="FD", services=("fire", "ems")), None)
            for unit, agency in (("U1", "PD"), ("U2", "PD"), ("E1", "FD")):
                capabilities = ("police",) if agency == "PD" else ("fire", "ems")
                self.step(SUPERVISOR, c.SignOn(unit=unit, agency=agency, capabilities=capabilities), None)
        self.step(
            SUPERVISOR,
            c.TakeCall(channel="emergency_voice", needs=(NeedAsked(service="police"),), open_incident=True),
            None,
        )

    @rule(rng=st.randoms(use_true_random=False), group=st.sampled_from(sorted(hostile.GROUPS)))
    def command(self, rng: Random, group: str) -> None:
        self.step(*hostile.command(rng, self.floor.state, self.floor.now, group))

    @rule(rng=st.randoms(use_true_random=False), group=st.sampled_from(sorted(hostile.GROUPS)))
    def command_again(self, rng: Random, group: str) -> None:
        self.step(*hostile.command(rng, self.floor.state, self.floor.now, group))

    @rule(seconds=st.integers(0, 90))
    def a_little_later(self, seconds: int) -> None:
        self.floor.now += seconds * SECOND

    @rule(minutes=st.sampled_from((2, 5, 12, 45, 300, 1500, 6000)))
    def much_later(self, minutes: int) -> None:
        self.floor.now += minutes * MINUTE
        self.tick()

    @rule(evaluator=st.sampled_from(EVALUATORS))
    def other_rules_are_loaded(self, evaluator: Rules | None) -> None:
        self.floor.evaluator = evaluator

    @rule()
    def restart(self) -> None:
        """Going on from the replayed state gives the same events."""
        self.shadow = self.floor.replayed()
        assert self.shadow.encoded() == self.floor.state.encoded()

    @rule(number=st.integers(0, 9))
    def recall(self, number: int) -> None:
        """What left comes back as it was, and goes on."""
        if self.left:
            back = self.left.pop(number % len(self.left))
            self.tick()
            self.gone.difference_update(need.id for need in back.needs)
            given = Given(now=self.floor.now, at=self.floor.now)
            subject = back.calls[0].id if back.calls else back.incidents[0].id
            back = replace(back, at=self.floor.now, sets=retirement(self.floor.state, given, subject))
            self.apply([back], Actor(person="system", role="system"), None)

    # -- one step ------------------------------------------------------------------------------------------

    def tick(self) -> None:
        floor = self.floor
        while events := tick(floor.state, floor.now):
            if self.shadow is not None:
                assert tick(self.shadow, floor.now) == events
            self.apply(events, Actor(person="system", role="system"), None)

    def step(self, actor: Actor, body: c.AnyCommand, at: int | None) -> None:
        floor = self.floor
        self.tick()
        body = c.decode_command(
            c.encode_command(c.Command(id="x", actor=actor, body=body))
        ).body  # only what passes the door
        if self.seal:
            sealed: Any = self.seals.sealed(body)
            body = sealed
        floor.commands += 1
        given = floor.given(body, at)
        command = c.Command(id="x", actor=actor, body=body, at=at)
        decided = decide(floor.state, command, given)
        if self.shadow is not None:
            assert decide(self.shadow, command, given) == decided
        if isinstance(decided, Refusal):
            assert decided.code, decided
            assert decided.rule, decided
            assert decided.because, decided
            assert decided.instead, decided
            self.check_may_be_refused(body, decided)
            return
        assert decided, f"{type(body).__name__} made nothing"
        if isinstance(body, c.Assign):
            self.check_free(body, decided)
        before = copied(floor.state)
        self.apply(decided, actor, at)
        if isinstance(decided[0], ActEvent):
            self.check_undo(before, decided, given)
        if isinstance(decided[0], ActUndone):
            self.check_only_the_act_went(before, decided[0])

    def apply(self, events: list[Event], actor: Actor, at: int | None) -> None:
        floor = self.floor
        for event in events:
            self.check_event(event)
            if isinstance(event, Retired):
                self.check_retiring(event)
            floor.record([event], actor, floor.now if at is None else at)
            house_rules.check_bytes(floor.log[-1], hostile.CANARY)
            if self.shadow is not None:
                evolve(self.shadow, event)
        self.check()

    # -- what must hold ------------------------------------------------------------------------------------

    def check(self) -> None:
        floor = self.floor
        state = floor.state
        house_rules.check_state(state)
        assert floor.balance.holds(state)
        self.check_balance()
        if self.shadow is not None:
            assert self.shadow.encoded() == state.encoded()
        for need in state.needs.values():
            first_type, first_priority = self.first.get(need.id, (None, None))
            assert first_type is None or need.first_type == first_type, need
            assert first_priority is None or need.first_priority == first_priority, need
            self.first[need.id] = (need.first_type, need.first_priority)

    def check_balance(self) -> None:
        state, balance = self.floor.state, self.floor.balance
        for key, outcome in self.ledger.items():
            if key in self.gone:
                assert outcome is not None, f"{key} left memory open"
                continue
            need = state.needs[key]
            held = None if need.outcome is None else name_of(need.outcome)
            assert held == outcome, (key, held, outcome)
        for own, tally in ((False, balance.requests), (True, balance.self_initiated)):
            mine = {key: outcome for key, outcome in self.ledger.items() if (key in self.own) == own}
            assert tally.received == len(mine)
            assert tally.open == sum(outcome is None for outcome in mine.values())
            for name, count in tally.outcomes.items():
                assert count == sum(outcome == name for outcome in mine.values()), name

    def check_event(self, event: Event) -> None:
        """Fold the event into a ledger of our own, and check what it says against the state before it."""
        if isinstance(event, CallTaken):
            for need in event.needs:
                self.ledger[need.need] = None
                if event.self_initiated:
                    self.own.add(need.need)
        elif isinstance(event, NeedAdded):
            self.ledger[event.need.need] = None
            if event.self_initiated:
                self.own.add(event.need.need)
        elif isinstance(event, NeedsSettled):
            house_rules.check_evidence(self.floor.state, event, lambda ground: ground in Rules().grounds)
            for key in event.needs:
                self.ledger[key] = name_of(event.outcome)
        elif isinstance(event, NeedsReopened | ActUndone):
            for struck in event.struck:
                assert self.ledger[struck.need] == struck.outcome
                self.ledger[struck.need] = None
        for deadline in event.sets:
            if deadline.kind == "policy":
                continue  # a version may wait for its day, or have a long one
            limit = self.floor.now + 31 * DAY
            assert deadline.due <= limit, f"{deadline} lies beyond every allowance"

    def check_may_be_refused(self, body: c.AnyCommand, refusal: Refusal) -> None:
        assert not isinstance(body, NEVER_REFUSED), (body, refusal)
        if isinstance(body, REPORTS_ON_A_CALL):
            assert body.call not in self.floor.state.calls, (body, refusal)

    def check_free(self, body: c.Assign, events: list[Event]) -> None:
        state = copied(self.floor.state)
        for event in events:
            if isinstance(event, UnitAssigned):
                assert body.stacked if event.stacked else house_rules.free(state, event.unit), (body, event)
            evolve(state, event)

    def check_undo(self, before: State, events: list[Event], given: Given) -> None:
        """With nothing in between, undo leads to the state before the act."""
        act = events[0]
        assert isinstance(act, ActEvent)
        state = copied(self.floor.state)
        command = c.Command(id="x", actor=SUPERVISOR, body=c.Undo(act=act.act))
        undone = decide(state, command, Given(now=given.now, at=given.now, evaluator=given.evaluator))
        assert not isinstance(undone, Refusal), undone
        for event in undone:
            evolve(state, event)
        again = decide(state, command, given)
        assert isinstance(again, Refusal)
        assert again.code == "already_undone"
        old, new = raw(before), raw(state)
        # What the same command decided beside the act stays: priorities once given, reviews, waiting.
        for event in events[1:]:
            assert isinstance(
                event, NeedPrioritised | ReviewOpened | ResponseWaiting | WaitingEnded | HandOverOffered
            ), event
            mask(old, event)
            mask(new, event)
        # When what is settled leaves memory is not part of what an act does.
        for tables in (old, new):
            mask_retirement(tables)
        assert old == new, difference(old, new)

    def check_only_the_act_went(self, before: State, event: ActUndone) -> None:
        after = self.floor.state
        act = before.acts[event.act]
        assert after.calls == before.calls
        assert after.reviews == before.reviews
        assert after.units == before.units
        assert after.instructions == before.instructions
        assert set(after.assignments) == set(before.assignments)
        for key, held in before.assignments.items():
            assert dataless(held, "incident") == dataless(after.assignments[key], "incident")
        struck = {item.need for item in event.struck}
        settled = {change.key for change in act.changes if change.table == "needs"} if act.kind == "close" else set()
        assert struck <= settled
        membership = ("incident", "agency", "hand_over")
        for key, need in before.needs.items():
            if key not in struck:
                assert dataless(need, *membership) == dataless(after.needs[key], *membership), key
        notes = {note for incident in before.incidents.values() for note in incident.notes}
        assert notes == {note for incident in after.incidents.values() for note in incident.notes}
        patients = {patient for incident in before.incidents.values() for patient in incident.patients}
        assert patients == {patient for incident in after.incidents.values() for patient in incident.patients}
        named = {change.key for change in act.changes} | {r.incident for r in (*event.reopens, *event.closes)}
        named |= {key.rsplit("-", 1)[0] for key in named if key.startswith("C")}
        named |= set(event.touches)
        named |= {key.partition(":")[2].partition("/")[0] for key in named}
        for key, deadline in before.deadlines.items():
            if deadline.subject.partition("/")[0] not in named:
                assert after.deadlines.get(key) == deadline, key

    def check_retiring(self, event: Retired) -> None:
        state = self.floor.state
        for call in event.calls:
            for key in state.calls[call].needs:
                need = state.needs[key]
                assert need.outcome is not None, f"{key} is open and leaves memory"
                self.gone.add(key)
        for incident in event.incidents:
            for response in state.incidents[incident].responses.values():
                assert response.closed_at is not None
                assert all(need in self.gone for need in response.needs)
        self.left.append(recalled(state, event))

    # -- the end -------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """The log replays to the same state; and once all is settled, everything leaves memory in time."""
        if not self.floor.log:
            return
        assert self.floor.replayed().encoded() == self.floor.state.encoded()
        self.settle_everything()

    def settle_everything(self) -> None:
        floor = self.floor
        state = floor.state
        me = Actor(person="Z9", role="dispatcher", agency="elsewhere")
        judge = Actor(person="O9", role="oversight")
        for key, held in list(state.hand_overs.items()):
            if held.pending:
                self.step(me, c.AnswerHandOver(hand_over=key, answer="withdrawn"), None)
        for _ in range(3):
            for key, assignment in list(state.assignments.items()):
                if not assignment.ended and key in state.assignments and not state.assignments[key].ended:
                    self.step(me, c.CancelAssignment(assignment=key, reason="end of test"), None)
        for key, need in list(state.needs.items()):
            if need.outcome is None:
                outcome = NotRecorded() if need.reconstructed else NotReached(why="end of test")
                self.step(me, c.Settle(needs=(key,), outcome=outcome), None)
        for key, review in list(state.reviews.items()):
            if review.judgement is None:
                self.step(judge, c.CompleteReview(review=key, judgement="upheld"), None)
        for key, held in list(state.hand_overs.items()):
            if held.status == "accepted" and held.arrived == "unknown":
                self.step(me, c.ReportHandOverArrival(hand_over=key, arrived="yes"), None)
        for unit in ("U1", "U2", "U3", "E1", "M1", "X1", *list(state.units)):
            if f"emergency:{unit}" in state.deadlines:
                self.step(me, c.EndEmergency(unit=unit, confirmed="in person"), None)
        floor.now += 40 * DAY
        self.tick()
        for table in ("calls", "needs", "incidents", "assignments", "reviews", "hand_overs", "acts", "deadlines"):
            left = {k: v for k, v in getattr(state, table).items() if not k.startswith("emergency:")}
            assert not left, f"{table} never leave memory: {left}"
        assert not {agency: keys for agency, keys in state.unserved.items() if keys}
        assert floor.balance.holds(state)


def recalled(state: State, event: Retired) -> Recalled:
    """The event that brings back what leaves with this one, as the engine makes it of the log."""
    needs = {need for call in event.calls for need in state.calls[call].needs}
    subjects = {*event.calls, *event.incidents}
    return Recalled(
        calls=tuple(state.calls[key] for key in event.calls),
        needs=tuple(state.needs[key] for key in sorted(needs)),
        incidents=tuple(state.incidents[key] for key in event.incidents),
        assignments=tuple(held for held in state.assignments.values() if held.incident in event.incidents),
        reviews=tuple(held for held in state.reviews.values() if held.need in needs),
        hand_overs=tuple(held for held in state.hand_overs.values() if needs.intersection(held.needs)),
        acts={key: act for key, act in state.acts.items() if subjects.intersection(act.subjects())},
        at=event.at,
    )


def dataless(entity: Any, *names: str) -> dict[str, object]:
    """The fields of an entity without some."""
    return {name: getattr(entity, name) for name in entity.__struct_fields__ if name not in names}


def mask(tables: dict[str, Any], event: Event) -> None:
    """Leave out what an event that stands beside an act has changed."""
    if isinstance(event, NeedPrioritised):
        need = tables["needs"].get(event.need, {})
        for name in ("priority", "first_priority", "priority_by", "prioritised"):
            need.pop(name, None)
    elif isinstance(event, HandOverOffered):
        tables["hand_overs"].pop(event.hand_over, None)
        tables["deadlines"].pop(f"hand_over:{event.hand_over}", None)
        for key in event.needs:
            for name in ("hand_over", "offers"):
                tables["needs"][key].pop(name, None)
    elif isinstance(event, ReviewOpened):
        tables["reviews"].pop(event.review, None)
        tables["deadlines"].pop(f"review:{event.review}", None)
    elif isinstance(event, ResponseWaiting | WaitingEnded):
        incident = tables["incidents"].get(event.incident, {})
        incident.get("responses", {}).get(event.agency, {}).pop("waiting_since", None)


def mask_retirement(tables: dict[str, Any]) -> None:
    """Leave out when that retires which is settled anyway."""
    for key in [key for key in tables["deadlines"] if key.startswith("retire:")]:
        subject = key.partition(":")[2]
        needs = tables["calls"].get(subject, {}).get("needs", [])
        responses = tables["incidents"].get(subject, {}).get("responses", {}).values()
        if all("outcome" in tables["needs"][need] for need in needs) and all("closed_at" in r for r in responses):
            del tables["deadlines"][key]


def difference(old: Any, new: Any, path: str = "") -> str:
    """Where two JSON values differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        return "\n".join(
            difference(old.get(key), new.get(key), f"{path}/{key}")
            for key in {**old, **new}
            if old.get(key) != new.get(key)
        )
    return f"{path}: {old!r} became {new!r}"
