"""The policy behind core's Evaluator: units, time zones, permissions, and no fact that it cannot bear."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from random_parts import FLOOR, GROUNDS, HEADING, LADDERS, STAGES, STANDARD
from random_policies import CallMaker, random_policy

from everycall.core.actors import Role
from everycall.core.base import DAY, FARTHEST, HOUR, MINUTE, SECOND
from everycall.core.deadlines import Deadline, Rung, next_rung
from everycall.core.policies import Asked, Evaluator, PermittedAct
from everycall.core.policies import Offer as CoreOffer
from everycall.policy.attributes import TIME_OF_DAY, WEEKDAY, Choice, Zone
from everycall.policy.components import ANY_OTHER, Components, about, parts_of
from everycall.policy.conditions import All, Always, During, Is, Within
from everycall.policy.evaluate import Decision
from everycall.policy.evaluator import PolicyEvaluator, local_time, response_plan, rungs
from everycall.policy.rules import AddRule, Grant, Offer, Plan, Policy, Raise, Rule, Stage, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from everycall.core.vocabulary import Service
    from everycall.policy.conditions import Condition

NIGHT = All(parts=(Is(variable="type", value="theft"), During(start=1320, end=360)))
REPORT = Plan(
    priority=4,
    send=(("police", 1),),
    minimum_officers=1,
    support=("interpreter",),
    stages=STAGES[:1],
    dispatch_within=1800,
    arrive_within=5400,
    ladder=STANDARD,
    cancellation_closes=False,
    offer=Offer(to="federal_police", ground="their_property", within=180, meanwhile="send", ladder=LADDERS[1]),
    may=(
        Grant(act="hold", roles=("dispatcher",), grounds=("no_danger",), within=600, ladder=LADDERS[0]),
        Grant(act="hold", roles=("dispatcher", "supervisor"), grounds=("no_danger",), within=3600, ladder=LADDERS[1]),
        Grant(
            act="hand_over", roles=("dispatcher",), grounds=("no_danger",), within=180, ladder=STANDARD, to=("x", "y")
        ),
        Grant(act="hand_over", roles=("duty_chief",), grounds=("no_danger",), within=180, ladder=STANDARD),
    ),
)


def policy(*, when: Condition | None = None, adds: tuple[AddRule, ...] = ()) -> Policy:
    made = random_policy(Random(1), rules=0, adds=0, attributes=12, zones=0, services=4)
    return replace(
        made,
        rules=(Rule(id="night", when=NIGHT if when is None else when, plan=REPORT),),
        add=adds,
        zones=(Zone(name="central", service_area=True),),
        triage=Plan(priority=1, dispatch_within=60, find_out_within=120),
        default=Plan(priority=3),
    )


def asked(
    kind: str | None = "theft",
    at: str = "2027-01-03T22:10:00-08:00",
    service: Service = "police",
    facts: Mapping[str, bool | int | str] | None = None,
) -> Asked:
    instant = int(datetime.fromisoformat(at).timestamp()) * SECOND
    return Asked(service=service, incident_type=kind, facts=facts or {}, received_at=instant)


def test_it_is_what_the_core_asks() -> None:
    evaluator: Evaluator = PolicyEvaluator(policy())
    assert evaluator.policy == policy().hash
    assert evaluator.version == HEADING.version
    assert evaluator.plan(asked()).policy == f"{HEADING.version} ({policy().hash[:12]})"


def test_it_reads_what_its_rules_look_at_and_never_service_type_and_clock_as_facts() -> None:
    when = All(parts=(NIGHT, Is(variable="weapon", value=True), Within(zone="central")))
    assert PolicyEvaluator(policy(when=when)).reads == {"weapon", "zone.central"}


def test_a_decided_plan_reaches_the_core_whole_in_its_units() -> None:
    plan = PolicyEvaluator(policy()).plan(asked())
    assert (plan.rule, plan.priority, plan.minimum_officers, plan.support) == ("night", "4", 1, ("interpreter",))
    assert [(need.capability, need.count) for need in plan.send] == [("police", 1)]
    assert (plan.dispatch_within, plan.arrive_within, plan.find_out_within) == (30 * MINUTE, 90 * MINUTE, None)
    assert (plan.stage, plan.stage_because, plan.stage_until) == (True, STAGES[0].because, STAGES[0].until)
    assert plan.cancellation_closes is False
    assert plan.offer == CoreOffer(
        to="federal_police",
        ground="their_property",
        within=3 * MINUTE,
        meanwhile="send",
        ladder=(Rung(role="supervisor"), Rung(role="duty_chief", after=5 * MINUTE)),
    )
    assert plan.ladder == (
        Rung(role="dispatcher"),
        Rung(role="supervisor", after=2 * MINUTE),
        Rung(role="duty_chief", after=8 * MINUTE),
    )


def test_the_core_climbs_a_ladder_at_the_times_that_the_policy_gives() -> None:
    steps = (Step(role="duty_chief", at=600), Step(role="dispatcher", at=0), Step(role="supervisor", at=120))
    deadline = Deadline(kind="dispatch", subject="I1/police", due=0, ladder=rungs(steps), touches=())
    told = []
    for _ in steps:
        told.append((deadline.ladder[deadline.rung].role, deadline.due))
        deadline = next_rung(deadline)
    assert told == [("dispatcher", 0), ("supervisor", 120 * SECOND), ("duty_chief", 600 * SECOND)]


def test_a_first_step_after_the_deadline_is_told_at_the_deadline_and_the_others_in_time() -> None:
    steps = (Step(role="dispatcher", at=60), Step(role="supervisor", at=240), Step(role="duty_chief", at=300))
    assert rungs(steps) == (
        Rung(role="dispatcher"),
        Rung(role="supervisor", after=240 * SECOND),
        Rung(role="duty_chief", after=60 * SECOND),
    )
    assert rungs(()) == ()


def test_the_floor_is_the_policys_in_microseconds() -> None:
    floor = PolicyEvaluator(policy()).floor()
    assert (floor.answer_within, floor.outcome_within, floor.review_within) == (15 * SECOND, 30 * MINUTE, 3 * DAY)
    assert floor.ladder == rungs(FLOOR.ladder)
    for name in FLOOR.__struct_fields__:
        if name != "ladder":
            assert getattr(floor, name) == getattr(FLOOR, name) * SECOND


@pytest.mark.parametrize(
    ("at", "clock"),
    [
        ("2027-01-03T22:10:00-08:00", (22 * 60 + 10, "sunday")),
        ("2027-01-04T06:10:00+00:00", (22 * 60 + 10, "sunday")),
        ("2027-01-04T00:00:00-08:00", (0, "monday")),
        ("2027-01-03T23:59:59-08:00", (1439, "sunday")),
        # The clock goes forward: 01:59 is followed by 03:00.
        ("2027-03-14T09:59:59+00:00", (119, "sunday")),
        ("2027-03-14T10:00:00+00:00", (180, "sunday")),
        # And back: 01:30 comes twice, an hour apart.
        ("2027-11-07T08:30:00+00:00", (90, "sunday")),
        ("2027-11-07T09:30:00+00:00", (90, "sunday")),
        ("2027-11-07T10:00:00+00:00", (120, "sunday")),
    ],
)
def test_the_time_is_what_a_clock_on_the_wall_shows(at: str, clock: tuple[int, str]) -> None:
    call = PolicyEvaluator(policy()).call_of(asked(at=at))
    assert (call[TIME_OF_DAY], call[WEEKDAY]) == clock


def test_a_second_before_the_window_another_rule_decides() -> None:
    evaluator = PolicyEvaluator(policy())
    assert evaluator.plan(asked(at="2027-01-03T21:59:59-08:00")).rule == "default"
    assert evaluator.plan(asked(at="2027-01-03T22:00:00-08:00")).rule == "night"
    assert evaluator.plan(asked(at="2027-01-04T05:59:59-08:00")).rule == "night"
    assert evaluator.plan(asked(at="2027-01-04T06:00:00-08:00")).rule == "default"


def test_instants_before_1970_and_beyond_every_reader_have_a_local_time() -> None:
    zone = ZoneInfo("UTC")
    assert local_time(-1, zone) == (1439, "wednesday")
    assert local_time(10**30, zone) == local_time(FARTHEST, zone)
    assert local_time(-(10**30), zone) == local_time(-FARTHEST, zone)


def test_a_zone_of_time_that_nobody_knows_is_found_out_before_any_call() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        PolicyEvaluator(replace(policy(), heading=replace(HEADING, time_zone="Mars/Olympus")))


@pytest.mark.parametrize("kind", [None, "not_on_the_list", "", "Theft"])
def test_an_incident_type_that_is_missing_or_not_on_the_list_is_unknown(kind: str | None) -> None:
    plan = PolicyEvaluator(policy()).plan(asked(kind))
    assert (plan.rule, plan.find_out_within) == ("triage", 2 * MINUTE)


def test_a_type_that_is_missing_is_unknown_also_where_the_list_has_an_other() -> None:
    made = policy(when=Is(variable="type", value="other"))
    attributes = [
        replace(one, domain=Choice(values=("theft", "other"))) if one.name == "type" else one for one in made.attributes
    ]
    evaluator = PolicyEvaluator(replace(made, attributes=tuple(attributes)))
    assert evaluator.plan(asked(None)).rule == "triage"
    assert evaluator.plan(asked("volcano")).rule == "night"  # as `fitting` says of every choice


def test_an_unknown_service_is_unknown_and_not_another_service() -> None:
    evaluator = PolicyEvaluator(policy(when=Is(variable="service", value="other")))
    assert evaluator.plan(asked(service="other")).rule == "night"
    assert evaluator.plan(asked(service="unknown")).rule == "default"
    evaluator = PolicyEvaluator(policy(when=Is(variable="service", value=None)))
    assert evaluator.plan(asked(service="unknown")).rule == "night"


def test_no_fact_stands_in_for_service_type_or_clock() -> None:
    facts: dict[str, bool | int | str] = {"type": "theft", "service": "fire", TIME_OF_DAY: 1400, WEEKDAY: "friday"}
    call = PolicyEvaluator(policy()).call_of(asked(None, service="unknown", facts=facts))
    assert call == {TIME_OF_DAY: 22 * 60 + 10, WEEKDAY: "sunday"}


VALUES = st.one_of(st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["agency_a", "other", "yes"]))


@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=80, deadline=None)
def test_whatever_the_facts_are_there_is_an_answer(data: st.DataObject, seed: int) -> None:
    made = random_policy(Random(seed), attributes=8)
    evaluator = PolicyEvaluator(made)
    names = st.one_of(st.sampled_from(sorted(made.variables())), st.text(max_size=8))
    question = Asked(
        service=data.draw(st.sampled_from(("police", "fire", "ems", "other", "unknown"))),
        incident_type=data.draw(st.one_of(st.none(), st.text(max_size=5), st.sampled_from(("theft", "robbery")))),
        facts=data.draw(st.dictionaries(names, VALUES, max_size=12)),
        received_at=data.draw(st.integers()),
    )
    plan = evaluator.plan(question)
    assert plan.rule in {rule.id for rule in made.deciding}
    assert plan == evaluator.plan(question)
    permission = evaluator.may("decline", "dispatcher", data.draw(st.text(max_size=4)), question)
    assert permission.rule == plan.rule
    assert permission.policy == plan.policy


def may(act: PermittedAct, role: Role, ground: str, to: str | None = None, *adds: AddRule) -> tuple[bool, str]:
    permission = PolicyEvaluator(policy(adds=adds)).may(act, role, ground, asked(), to)
    assert permission.rule == "night"
    return permission.allowed, permission.because


def test_of_two_grants_the_longer_serves_with_its_own_ladder() -> None:
    permission = PolicyEvaluator(policy()).may("hold", "dispatcher", "no_danger", asked())
    assert (permission.allowed, permission.longest) == (True, 1 * HOUR)
    assert permission.ladder == rungs(LADDERS[1])
    assert permission.because == "Rule night lets a dispatcher hold this back on the ground no_danger."


@pytest.mark.parametrize(
    ("act", "role", "ground", "to", "because"),
    [
        ("decline", "supervisor", "no_danger", None, "Rule night lets nobody decline this."),
        ("hold", "unit", "no_danger", None, "Rule night lets only a dispatcher or supervisor hold this back."),
        (
            "hold",
            "dispatcher",
            "their_property",
            None,
            "Rule night lets a dispatcher hold this back only on the ground no_danger.",
        ),
        ("hand_over", "dispatcher", "no_danger", "z", "Rule night lets a dispatcher hand this over only to x or y."),
        ("hand_over", "dispatcher", "no_danger", None, "Rule night lets a dispatcher hand this over only to x or y."),
    ],
)
def test_a_refused_permission_says_what_would_be_allowed(
    act: PermittedAct, role: Role, ground: str, to: str | None, because: str
) -> None:
    assert may(act, role, ground, to) == (False, because)


def test_a_hand_over_goes_to_the_agencies_that_are_named_or_to_any_where_none_is() -> None:
    assert may("hand_over", "dispatcher", "no_danger", "y")[0]
    assert may("hand_over", "duty_chief", "no_danger", "anybody")[0]
    assert may("hand_over", "duty_chief", "no_danger")[0]


def test_an_add_rule_that_forbids_is_named_in_the_refusal() -> None:
    forbids = AddRule(id="no_holding", when=Always(), add=Raise(forbid=("hold",)))
    assert may("hold", "dispatcher", "no_danger", None, forbids) == (
        False,
        "Rule night would let a dispatcher hold this back, but rule no_holding forbids it to everybody.",
    )
    assert may("hold", "unit", "no_danger", None, forbids) == (False, "Rule night lets nobody hold this back.")
    assert may("hand_over", "dispatcher", "no_danger", "x", forbids)[0]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_permissions_are_those_that_the_components_compare(seed: int) -> None:
    rng = Random(seed)
    made = random_policy(rng)
    evaluator, components, maker = PolicyEvaluator(made), Components.of(made), CallMaker(made)
    for _ in range(4):
        call = maker.call(rng)
        facts = {name: value for name, value in call.items() if name not in ("type", "service")}
        question = Asked(
            service=call.get("service", "unknown"),  # type: ignore[arg-type]  # a service's values are text
            incident_type=call.get("type"),  # type: ignore[arg-type]  # and so are a type's
            facts=facts,
            received_at=rng.randrange(10**15),
        )
        ranks = dict(zip(components.items, components.ranks(evaluator.decide(question).plan), strict=True))
        for component, rank in ranks.items():
            for name in component.names:
                parts = parts_of(name)
                if parts[0] != "may" or about(name) == "ladder":
                    continue
                act, role, ground, to = (*parts[1:], None)[:4]
                agency = "unheard_of" if to == ANY_OTHER else to
                permission = evaluator.may(act, role, ground, question, agency)  # type: ignore[arg-type]  # of the name
                words = f"allowed, {(permission.longest or 0) // SECOND} s" if permission.allowed else "not allowed"
                assert component.levels[rank] == words, name


@pytest.mark.parametrize(
    ("stages", "because", "until"),
    [
        ((), None, None),
        (STAGES[1:2], STAGES[1].because, STAGES[1].until),
        (
            (STAGES[1], STAGES[0]),
            "The scene may be dangerous; and There is a gas leak.",
            "Police say that it is safe; and The gas company has shut it.",
        ),
        ((STAGES[3], STAGES[0]), "Police are short; and The scene may be dangerous.", STAGES[0].until),
        (
            (Stage(because="a", until="x" * 240), Stage(because="b", until="y" * 240)),
            "a; and b",
            f"{'x' * 116}…; and {'y' * 116}…",
        ),
    ],
)
def test_every_reason_to_stage_and_every_end_of_it_reach_the_core(
    stages: tuple[Stage, ...], because: str | None, until: str | None
) -> None:
    plan = response_plan(Decision(rule="r", raised_by=(), plan=replace(REPORT, stages=stages)), "v")
    assert (plan.stage, plan.stage_because, plan.stage_until) == (bool(stages), because, until)
    assert len(plan.stage_until or "") <= 240


def test_what_is_sent_reaches_the_core_sorted() -> None:
    given = replace(REPORT, send=(("police", 1), ("engine", 0), ("als", 2)))
    plan = response_plan(Decision(rule="r", raised_by=(), plan=given), "v")
    assert [(need.capability, need.count) for need in plan.send] == [("als", 2), ("police", 1)]


def test_every_role_and_act_gets_a_sentence() -> None:
    evaluator = PolicyEvaluator(policy())
    for role in get_args(Role):
        for act in get_args(PermittedAct):
            for ground in GROUNDS:
                assert evaluator.may(act, role, ground, asked()).because.endswith(".")


def test_a_plan_is_translated_once_and_the_memory_of_it_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluator = PolicyEvaluator(policy())
    first = evaluator.plan(asked())
    assert evaluator.plan(asked()) is first
    monkeypatch.setattr("everycall.policy.evaluator._REMEMBERED", 1)
    evaluator.plan(asked(None))
    again = evaluator.plan(asked())
    assert again == first == response_plan(evaluator.decide(asked()), first.policy)
    assert again is not first


def test_the_same_question_in_another_time_zone_may_get_another_rule() -> None:
    there = replace(policy(), heading=replace(HEADING, time_zone="Asia/Tokyo"))
    instant = int(datetime(2027, 1, 4, 6, 10, tzinfo=UTC).timestamp()) * SECOND
    question = Asked(service="police", incident_type="theft", facts={}, received_at=instant)
    assert PolicyEvaluator(policy()).plan(question).rule == "night"
    assert PolicyEvaluator(there).plan(question).rule == "default"
