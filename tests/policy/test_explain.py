"""An explanation says why: what held, what was changed, what came near, and what not knowing may cost."""

from __future__ import annotations

from io import StringIO
from itertools import combinations
from random import Random

import brute_force
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from random_parts import HEADING, LADDERS, STAGES, STANDARD
from random_policies import CallMaker, random_policy, small_policy
from rich.console import Console

from everycall.policy.attributes import Zone, consistent
from everycall.policy.changes import changes
from everycall.policy.closures import Closures
from everycall.policy.conditions import All, Always, Any, Between, Condition, During, Has, In, Is, Not, Within, leaves
from everycall.policy.explain import IfKnown, explain
from everycall.policy.explain_view import if_known_words, show_explanation
from everycall.policy.reasons import Reasons
from everycall.policy.rules import AddRule, Grant, Offer, Plan, Policy, Raise, Rule
from everycall.policy.words import duration_words, known_words, listed, words

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
WEAPON = Is(variable="weapon", value=True)
THEFT = Is(variable="type", value="theft")
HOLD = Grant(act="hold", roles=("dispatcher",), grounds=("no_danger",), within=3600, ladder=STANDARD)
DECLINE = Grant(act="decline", roles=("supervisor",), grounds=("no_danger",), within=86400, ladder=STANDARD)


def policy(*rules: Rule, adds: tuple[AddRule, ...] = ()) -> Policy:
    made = random_policy(Random(1), rules=0, adds=0, attributes=12, zones=0)
    return replace(
        made,
        rules=rules,
        add=adds,
        zones=(Zone(name="central", service_area=True), Zone(name="block", inside="central")),
        triage=Plan(priority=1, send=(("police", 1),)),
        default=Plan(priority=5, send=(("police", 1),)),
    )


def rule(name: str, *parts: Condition, priority: int = 2, line: int = 0) -> Rule:
    return Rule(id=name, when=All(parts=parts), plan=Plan(priority=priority, may=(HOLD, DECLINE)), line=line)


def test_the_rule_that_decided_is_told_with_its_line_its_reason_and_what_held() -> None:
    robbery = replace(rule("armed", THEFT, WEAPON, line=12), because="A weapon was seen.")
    decided = explain(policy(robbery), {"type": "theft", "weapon": True}).decided
    assert (decided.rule, decided.line, decided.because) == ("armed", 12, "A weapon was seen.")
    assert [question.asks for question in decided.held] == ["type is theft", "weapon is yes"]


def test_of_an_any_the_part_that_held_is_told_and_of_an_unknown_what_it_counts_as() -> None:
    either = Any(parts=(WEAPON, Between(variable="floor_of_building", lowest=-1, highest=1)))
    (held,) = explain(policy(rule("either", either)), {"type": "theft"}).decided.held
    assert held.asks == "floor_of_building from -1 to 1"
    assert held.call == "floor_of_building is unknown, which counts as 0"


def test_the_nearest_rule_comes_first_and_of_equals_the_earlier() -> None:
    rules = (
        rule("two_off", THEFT, WEAPON, Is(variable="injured", value=True), line=1),
        rule("one_off", THEFT, WEAPON, line=2),
        rule("far", Is(variable="type", value="fall"), WEAPON, line=3),
        rule("decides", THEFT, line=4),
        rule("later", THEFT, Has(attribute="hazards", value="chemicals"), line=5),
        rule("masked", THEFT, Not(part=WEAPON), line=6),
    )
    more = AddRule(id="more", when=All(parts=(THEFT, WEAPON)), add=Raise(priority=0), line=7)
    found = explain(policy(*rules, adds=(more,)), {"type": "theft", "weapon": False, "injured": False})
    assert found.decided.rule == "decides"
    assert [(near.rule, near.place, near.line) for near in found.near] == [
        ("one_off", "before", 2),
        ("later", "after", 5),
        ("more", "add", 7),
        ("two_off", "before", 1),
    ]
    assert [(lacked.asks, lacked.call) for lacked in found.near[0].lacked] == [("weapon is yes", "weapon is no")]
    assert found.also == ("masked",)


def test_a_rule_of_which_nothing_holds_did_not_come_near() -> None:
    assert explain(policy(rule("armed", WEAPON)), {"type": "theft"}).near == ()


def test_a_rule_for_another_type_is_as_far_off_as_two_answers_and_with_a_second_one_not_near() -> None:
    on_service = Is(variable="service", value="police")
    rules = (
        rule("other_type", on_service, Is(variable="type", value="fall")),
        rule("other_type_and_more", on_service, Is(variable="type", value="fall"), WEAPON),
        rule("no_weapon", on_service, THEFT, WEAPON),
    )
    found = explain(policy(*rules), {"service": "police", "type": "theft"})
    assert [near.rule for near in found.near] == ["no_weapon", "other_type"]


def test_each_raise_tells_what_it_changed_after_those_before_it() -> None:
    adds = (
        AddRule(id="first", when=WEAPON, add=Raise(priority=1, send=(("police", 3),)), because="Danger.", line=9),
        AddRule(id="second", when=WEAPON, add=Raise(priority=1, forbid=("hold",))),
        AddRule(id="third", when=WEAPON, add=Raise(priority=3)),
        AddRule(id="other", when=Not(part=WEAPON), add=Raise(priority=0)),
    )
    found = explain(policy(rule("theft", THEFT), adds=adds), {"type": "theft", "weapon": True})
    assert [(raised.rule, raised.changed) for raised in found.raised] == [
        ("first", ("priority 2 → 1", "police 0 → 3")),
        ("second", ("nobody may hold this back",)),
        ("third", ()),
    ]
    assert (found.raised[0].line, found.raised[0].because) == (9, "Danger.")
    assert [(permitted.act, permitted.within) for permitted in found.permitted] == [("decline", 86400)]
    assert [(forbidden.act, forbidden.by) for forbidden in found.forbidden] == [("hold", ("second",))]


def test_an_unknown_that_could_change_the_outcome_is_told_with_the_rule_and_the_change() -> None:
    rules = (
        rule("crowd", THEFT, Between(variable="patients", lowest=2, highest=4), priority=1),
        rule("inside", THEFT, Within(zone="block"), priority=0),
        rule("theft", THEFT),
    )
    found = explain(policy(*rules), {"type": "theft", "zone.central": False})
    assert [(known.variable, known.values, known.rule) for known in found.if_known] == [
        ("patients", ("2 to 4",), "crowd")  # what lies in the block lies in central too, and this call does not
    ]
    assert if_known_words(found.if_known[0]) == "if patients were 2 to 4: rule crowd; priority 2 → 1"
    inside = explain(policy(*rules), {"type": "theft"}).if_known
    assert if_known_words(inside[1]) == "if the place were inside block: rule inside; priority 2 → 0"


def test_what_a_rule_says_of_many_types_is_told_in_one_line() -> None:
    found = explain(policy(rule("known", Not(part=Is(variable="type", value=None)))), {})
    (known,) = found.if_known
    assert (found.decided.rule, known.variable, known.rule) == ("triage", "type", "known")
    assert known.values == ("robbery", "theft", "structure_fire", "fall")


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_what_is_told_of_the_unknown_is_what_the_reference_says_of_it_and_nothing_is_left_out(seed: int) -> None:
    rng = Random(seed)
    made = random_policy(rng, rules=4, adds=2, attributes=4)
    call = CallMaker(made).call(rng)
    found = explain(made, call)
    before = brute_force.normal(brute_force.decide(made, call)[2])
    told = {(known.variable, known.rule, known.raised_by) for known in found.if_known}
    for name, variable in made.variables().items():
        for value in variable.values if name not in call else ():
            other = {**call, name: value}
            if consistent(made.zones, other) == other:
                rule_id, raised_by, plan = brute_force.decide(made, other)
                matters = rule_id != found.decided.rule or brute_force.normal(plan) != before
                assert matters is ((name, rule_id, raised_by) in told)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_turning_what_a_rule_lacks_makes_it_hold_and_nothing_smaller_does(seed: int) -> None:
    rng = Random(seed)
    made = random_policy(rng, rules=5)
    call, variables = CallMaker(made).call(rng), made.variables()
    counts_as = {name: variable.counts_as for name, variable in variables.items() if variable.counts_as is not None}
    reasons = Reasons(Closures(variables), counts_as, call)

    def holds(condition: Condition, turned: frozenset[Condition]) -> bool:
        match condition:
            case Always():
                return True
            case Not():
                return not holds(condition.part, turned)
            case All():
                return all(holds(part, turned) for part in condition.parts)
            case Any():
                return any(holds(part, turned) for part in condition.parts)
            case _:
                return brute_force.matches(condition, variables, call) is not (condition in turned)

    for one in made.rules:
        asked = list(leaves(one.when))
        if len(set(asked)) < len(asked) or len(asked) > 8:
            continue
        lacked = reasons.lacked(one.when)
        if brute_force.matches(one.when, variables, call):
            assert lacked == ()
            continue
        by_words = {words(leaf): leaf for leaf in asked} | {words(Not(part=leaf)): leaf for leaf in asked}
        if len(by_words) == 2 * len(asked):
            assert holds(one.when, frozenset(by_words[question.asks] for question in lacked))
            for fewer in combinations(asked, len(lacked) - 1):
                assert not holds(one.when, frozenset(fewer))


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_every_call_of_every_policy_can_be_explained(seed: int) -> None:
    rng = Random(seed)
    made = small_policy(rng)
    call = CallMaker(made).call(rng)
    found = explain(made, call)
    rule_id, raised_by, plan = brute_force.decide(made, call)
    assert found.decided.rule == rule_id
    assert tuple(raised.rule for raised in found.raised) == raised_by
    assert brute_force.normal(found.plan) == brute_force.normal(plan)
    assert (found.policy, found.version) == (made.hash, HEADING.version)


def test_a_condition_that_nothing_can_mend_lacks_nothing_that_could_be_named() -> None:
    reasons = Reasons(Closures(policy().variables()), {}, {})
    assert reasons.lacked(Any(parts=())) == ()
    assert reasons.lacked(Not(part=Always())) == ()
    assert reasons.held(Not(part=Not(part=Always()))) == ()


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Always(), "every call"),
        (All(parts=()), "every call"),
        (Any(parts=()), "no call"),
        (WEAPON, "weapon is yes"),
        (Not(part=WEAPON), "weapon is not yes"),
        (Is(variable="weapon", value=None), "weapon is unknown"),
        (Is(variable="zone.block", value=None), "place within block is unknown"),
        (Not(part=Is(variable="zone.block", value=None)), "not (place within block is unknown)"),
        (In(variable="type", values=("theft",)), "type is theft"),
        (In(variable="type", values=("theft", "fall"), or_unknown=True), "type is one of theft, fall, unknown"),
        (Between(variable="patients", lowest=0, highest=1), "patients from 0 to 1"),
        (Between(variable="patients", lowest=0, highest=1, or_unknown=True), "patients from 0 to 1 (or unknown)"),
        (Between(variable="time.of_day", lowest=0, highest=90), "time from 00:00 to 01:30"),
        (Has(attribute="hazards", value="chemicals"), "hazards has chemicals"),
        (Within(zone="block", or_unknown=True), "place within block (or unknown)"),
        (During(start=1320, end=360), "time from 22:00 to 06:00"),
        (During(start=60, end=1440), "time from 01:00 to 24:00"),
        (Is(variable="time.weekday", value="sunday"), "weekday is sunday"),
        (All(parts=(THEFT, WEAPON)), "type is theft and weapon is yes"),
        (All(parts=(THEFT, Any(parts=(WEAPON, Always())))), "type is theft and (weapon is yes or every call)"),
        (Not(part=All(parts=(THEFT, WEAPON))), "not (type is theft and weapon is yes)"),
        (Any(parts=(All(parts=(WEAPON,)), THEFT)), "(weapon is yes) or type is theft"),
    ],
)
def test_a_condition_in_words(condition: Condition, said: str) -> None:
    assert words(condition) == said


def test_values_and_durations_in_words() -> None:
    assert known_words("time.of_day", 1330) == "time is 22:10"
    assert known_words("zone.block", value=True) == "place within block"
    assert known_words("zone.block", value=False) == "place not within block"
    assert [duration_words(seconds) for seconds in (0, 45, 90, 480, 3600, 259200)] == [
        "0 s", "45 s", "90 s", "8 min", "1 h", "3 d",
    ]  # fmt: skip
    assert [listed(names) for names in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == ["", "a", "a or b", "a, b or c"]


OFFER = Offer(to="federal_police", ground="their_property", within=180, meanwhile="wait", ladder=LADDERS[1])
FULL = Plan(
    priority=3,
    send=(("police", 2),),
    support=("interpreter",),
    stages=STAGES[:1],
    dispatch_within=120,
    ladder=STANDARD,
    offer=OFFER,
    may=(HOLD,),
)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({}, ()),
        ({"priority": 1, "minimum_officers": 2}, ("priority 3 → 1", "minimum officers 0 → 2")),
        ({"send": (("engine", 1),)}, ("police 2 → 0", "engine 0 → 1")),
        ({"support": ("lift",)}, ("lift arranged", "interpreter not arranged")),
        ({"dispatch_within": None}, ("dispatch within 2 min → no time",)),
        ({"arrive_within": 60}, ("arrive within no time → 1 min",)),
        ({"stages": ()}, ("go in without staging",)),
        (
            {"stages": STAGES[1:2]},
            (
                f"stage: {STAGES[1].because} Until: {STAGES[1].until}",
                f"no longer stage: {STAGES[0].because} Until: {STAGES[0].until}",
            ),
        ),
        ({"cancellation_closes": False}, ("a cancellation closes nothing",)),
        ({"ladder": ()}, ("a late deadline tells nobody",)),
        ({"offer": None}, ("not offered first",)),
        (
            {"offer": replace(OFFER, meanwhile="send")},
            (
                "offered to federal_police on the ground their_property for 3 min, units go meanwhile; "
                "without an answer is told: supervisor at once, duty_chief after 5 min",
            ),
        ),
        ({"may": ()}, ("nobody may hold this back",)),
        ({"may": (HOLD, DECLINE)}, ("a supervisor may decline this on the ground no_danger for 1 d",)),
        (
            {"may": (replace(HOLD, within=60),)},
            (
                "a dispatcher may hold this back on the ground no_danger for 1 min",
                "no longer: a dispatcher may hold this back on the ground no_danger for 1 h",
            ),
        ),
        (
            {"may": (replace(HOLD, ladder=LADDERS[1]),)},
            (
                "a dispatcher may hold this back on the ground no_danger for 1 h, after which is told: "
                "supervisor at once, duty_chief after 5 min",
                "no longer: a dispatcher may hold this back on the ground no_danger for 1 h, after which is told: "
                "dispatcher at once, supervisor after 2 min, duty_chief after 10 min",
            ),
        ),
    ],
)  # fmt: skip
def test_what_differs_between_two_plans_in_words(after: dict[str, object], said: tuple[str, ...]) -> None:
    assert changes(FULL, replace(FULL, **after)) == said


def test_all_that_an_explanation_can_have_is_shown_and_long_lists_end() -> None:
    plan = replace(FULL, support=(), minimum_officers=2, find_out_within=120)
    parts = [Is(variable=name, value=True) for name in ("weapon", "injured", "alarm_verified", "works_nearby")]
    rules = (
        *(
            replace(rule(f"near_{at}", THEFT, part, line=at + 1), plan=Plan(priority=at))
            for at, part in enumerate(parts)
        ),
        *(rule(f"zone_{at}", THEFT, Within(zone="block"), WEAPON) for at in range(4)),
        Rule(id="all", when=THEFT, plan=plan),
        rule("masked", THEFT),
        rule("masked_too", THEFT),
    )
    added = AddRule(id="lift", when=THEFT, add=Raise(support=("interpreter",), priority=9))
    same = AddRule(id="same", when=THEFT, add=Raise(priority=9))
    output = StringIO()
    found = explain(policy(*rules, adds=(added, same)), {"type": "theft"})
    show_explanation(found, Console(file=output, width=200))
    shown = output.getvalue()
    for line in (
        "Rule masked and 1 more would match too, but comes later.",
        "interpreter arranged",
        "It changes nothing: all that it adds was there.",
        "minimum officers          2",
        f"{STAGES[0].because} Until: {STAGES[0].until}",
        "offer                     to federal_police on the ground their_property for 3 min, units wait",
        "near_0 (line 1), comes first: it would decide: lacks weapon is yes (here weapon is unknown)",
        "and 3 more (--json lists them)",
        "if injured were yes: rule near_1 raised by lift and same; priority 3 → 1",
    ):
        assert line in shown, shown


def test_of_many_unknowns_and_many_values_the_first_are_shown() -> None:
    known = IfKnown(variable="type", values=tuple("abcdefgh"), rule="x", raised_by=(), changed=())
    assert if_known_words(known) == "if type were a, b, c, d, e, f or 2 more: rule x; the same help"
    found = replace(explain(policy(rule("theft", THEFT)), {"type": "theft"}), if_known=(known,) * 14)
    output = StringIO()
    show_explanation(found, Console(file=output, width=200))
    assert "and 2 more (--json lists them)" in output.getvalue()
