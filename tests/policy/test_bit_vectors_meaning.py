"""What the z3 engine takes a question to mean, case by case, and what it says when it cannot answer."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from itertools import combinations

import msgspec
import pytest
import z3  # type: ignore[import-untyped]  # it ships no types
from formula_holds import answer, holds, possible
from random_parts import FLOOR, HEADING

from everycall.policy.attributes import TIME_ATTRIBUTES, Attribute, Choice, Number, Several, YesNo, Zone
from everycall.policy.bit_vectors import Z3Engine
from everycall.policy.conditions import All, Always, Any, Between, Condition, During, Has, In, Is, Not, Within
from everycall.policy.formula import (
    AllOf,
    Asks,
    AtLeast,
    Decides,
    Differs,
    Formula,
    Found,
    Less,
    Lower,
    Matches,
    Neg,
    Never,
    NoAnswer,
    OneOf,
    Scene,
    Side,
    ValueIs,
)
from everycall.policy.rules import AddRule, Plan, Policy, Raise, Rule, TriageFloor

POLICY = Policy(
    hash="",
    heading=HEADING,
    attributes=(
        Attribute(name="service", domain=Choice(values=("police", "fire")), source="call_taker"),
        Attribute(name="type", domain=Choice(values=("theft", "robbery", "noise")), source="call_taker"),
        *TIME_ATTRIBUTES,
        Attribute(name="weapon", domain=YesNo(), source="caller", danger=True, counts_as=False),
        Attribute(name="patients", domain=Number(lowest=0, highest=5, unit="persons"), source="caller"),
        Attribute(name="hazards", domain=Several(values=("chemicals",)), source="caller"),
    ),
    zones=(
        Zone(name="central", service_area=True),
        Zone(name="north", service_area=True),
        Zone(name="federal", inside="central"),
    ),
    rules=(
        Rule(id="uncounted", when=Is(variable="patients", value=None), plan=Plan(priority=3)),
        Rule(
            id="armed_theft",
            when=All(parts=(Is(variable="type", value="theft"), Is(variable="weapon", value=True))),
            plan=Plan(priority=1, minimum_officers=2),
        ),
        Rule(id="theft", when=Is(variable="type", value="theft"), plan=Plan(priority=3)),
        Rule(
            id="night_noise",
            when=All(parts=(Is(variable="type", value="noise"), During(start=1320, end=360))),
            plan=Plan(priority=2),
        ),
        Rule(id="federal", when=Within(zone="federal"), plan=Plan(priority=2, minimum_officers=1)),
        Rule(
            id="not_robbery",
            when=Not(part=Any(parts=(Is(variable="type", value="robbery"), Is(variable="weapon", value=False)))),
            plan=Plan(priority=4),
        ),
        Rule(
            id="no_chemicals",
            when=All(
                parts=(Not(part=Has(attribute="hazards", value="chemicals")), Is(variable="service", value="fire"))
            ),
            plan=Plan(priority=5),
        ),
    ),
    add=(
        AddRule(id="weapon", when=Is(variable="weapon", value=True), add=Raise(priority=3, minimum_officers=1)),
        AddRule(id="many", when=Between(variable="patients", lowest=2, highest=5), add=Raise(priority=1)),
    ),
    triage=Plan(priority=1),
    triage_floor=TriageFloor(priority=3, dispatch_within=120, find_out_within=120),
    default=Plan(priority=6),
    may_differ=(),
    floor=FLOOR,
)
ONE = Scene(policies=(POLICY,), sides=(Side(name="x"),))
OWN = frozenset({"weapon", "patients"})
TWINS = Scene(policies=(POLICY,), sides=(Side(name="x", own=OWN), Side(name="y", own=OWN)))
URGENT = len(ONE.components.items[ONE.components.index["priority"]].levels) - 1


def both(*parts: Formula) -> AllOf:
    return AllOf(parts=parts)


def either(*parts: Formula) -> OneOf:
    return OneOf(parts=parts)


def no(part: Formula) -> Neg:
    return Neg(part=part)


def decides(rule: str, side: str = "x") -> Decides:
    return Decides(side=side, rule=rule)


def matches(rule: str, side: str = "x") -> Matches:
    return Matches(side=side, rule=rule)


def value(variable: str, told: bool | int | str | None, side: str = "x") -> ValueIs:
    return ValueIs(side=side, variable=variable, value=told)


def urgent(rank: int, side: str = "x") -> AtLeast:
    return AtLeast(side=side, component="priority", rank=rank)


LOWER = Lower(side="x", than="y", variable="patients")
YES: dict[str, tuple[Scene, Formula]] = {
    "nothing is asked": (ONE, both()),
    "each deciding rule can decide": (ONE, both(decides("federal"), value("type", "robbery"))),
    "type unknown goes to triage": (ONE, decides("triage")),
    "what nothing else decides goes to the default": (ONE, decides("default")),
    "the first of two that match": (ONE, both(decides("armed_theft"), matches("theft"), matches("federal"))),
    "unknown is asked for by itself though it counts as no": (
        ONE,
        both(value("weapon", None), Asks(side="x", condition=Is(variable="weapon", value=False))),
    ),
    "a window over midnight, early": (ONE, both(decides("night_noise"), value("time.of_day", 10))),
    "a window over midnight, late": (ONE, both(decides("night_noise"), value("time.of_day", 1439))),
    "inside the inner zone, the outer not known": (
        ONE,
        both(value("zone.federal", True), value("zone.central", None)),
    ),
    "in one service area, the other not known": (ONE, both(value("zone.north", True), value("zone.central", None))),
    "a condition that is known not to hold decides nothing": (
        ONE,
        both(no(matches("armed_theft")), value("type", "theft"), value("patients", 1), no(urgent(URGENT))),
    ),
    "a raise above the decided": (ONE, both(decides("theft"), urgent(URGENT))),
    "any outcome is at least the least": (ONE, urgent(-1)),
    "fewer": (TWINS, both(LOWER, decides("theft"), decides("theft", "y"))),
    "not fewer, since one is not known": (TWINS, both(no(LOWER), value("patients", None, "y"))),
    "twins part by the weapon": (
        TWINS,
        both(decides("theft"), Differs(side="x", other="y", component="minimum_officers"), matches("weapon", "y")),
    ),
    "a weapon is not less help": (
        TWINS,
        both(decides("theft"), decides("armed_theft", "y"), Less(side="x", than="y", component="priority")),
    ),
}
NEVER: dict[str, tuple[Scene, Formula]] = {
    "one of nothing": (ONE, either()),
    "two rules at once": (ONE, both(decides("theft"), decides("federal"))),
    "a later rule over one that matches": (ONE, both(decides("theft"), matches("armed_theft"))),
    "the same within alternatives that are far from each other": (
        ONE,
        either(
            both(decides("theft"), Asks(side="x", condition=POLICY.rules[1].when)),
            both(decides("night_noise"), value("type", "theft")),
        ),
    ),
    "the same within an alternative that also denies something": (
        ONE,
        either(both(no(value("type", "noise")), decides("theft"), matches("armed_theft"))),
    ),
    "the same where a comparison is denied": (
        TWINS,
        both(no(LOWER), value("patients", None), value("type", "theft"), decides("theft")),
    ),
    "a denied rule whose condition is met": (
        ONE,
        both(no(either(no(decides("theft")), no(matches("armed_theft"))))),
    ),
    "the time cannot be unknown": (ONE, value("time.weekday", None)),
    "a value that the variable does not have": (ONE, value("type", "arson")),
    "a number for a yes or no": (ONE, value("weapon", 1)),
    "noon is not night": (ONE, both(decides("night_noise"), value("time.of_day", 720))),
    "inside the inner zone and outside the outer": (
        ONE,
        both(value("zone.federal", True), value("zone.central", False)),
    ),
    "in two service areas": (ONE, both(value("zone.north", True), value("zone.central", True))),
    "not unknown and yet not known": (
        ONE,
        both(*[no(value("patients", told)) for told in (0, 1, 2, 3, 4, 5, None)]),
    ),
    "more than the most": (ONE, urgent(URGENT + 1)),
    "less than the highest of two raises": (ONE, both(matches("weapon"), matches("many"), no(urgent(URGENT)))),
    "less than a raise": (ONE, both(matches("many"), no(urgent(URGENT)))),
    "less than what was decided": (ONE, both(decides("armed_theft"), no(urgent(URGENT)))),
    "fewer than not known": (TWINS, both(LOWER, value("patients", None, "y"))),
    "not known is not fewer": (TWINS, both(LOWER, value("patients", None))),
    "fewer than itself": (ONE, Lower(side="x", than="x", variable="patients")),
    "fewer of what is shared": (TWINS, Lower(side="x", than="y", variable="service")),
    "twins of different types": (TWINS, both(value("type", "theft"), no(value("type", "theft", "y")))),
    "one call has one outcome": (ONE, Differs(side="x", other="x", component="priority")),
    "not all and yet everything": (ONE, both(no(both()), decides("default"))),
}


@pytest.mark.parametrize("case", YES)
def test_there_is_such_a_call(case: str) -> None:
    scene, question = YES[case]
    found = Z3Engine(scene).ask(question, 60)
    assert isinstance(found, Found)
    assert possible(scene, found.calls)
    assert holds(question, scene, found.calls)


@pytest.mark.parametrize("case", NEVER)
def test_there_is_no_such_call(case: str) -> None:
    scene, question = NEVER[case]
    assert Z3Engine(scene).ask(question, 60) == Never()


def test_every_rule_that_can_decide_is_found_alone_and_together() -> None:
    engine = Z3Engine(ONE)
    for rule in POLICY.deciding:
        expected = answer(ONE, decides(rule.id))
        assert isinstance(engine.ask(decides(rule.id), 60), Found) is (expected is not None)
    together = OneOf(parts=tuple([decides(rule.id) for rule in POLICY.deciding]))
    assert engine.ask(no(together), 60) == Never()


def after(*attributes: Attribute) -> Scene:
    """Two policies of which the second declares these attributes otherwise, and rules that tell what it sees."""
    changed = {attribute.name: attribute for attribute in attributes}
    rules = (
        Rule(id="three", when=Between(variable="patients", lowest=3, highest=3), plan=Plan(priority=2)),
        Rule(id="one", when=In(variable="patients", values=(1,)), plan=Plan(priority=3)),
        Rule(id="other", when=Is(variable="type", value="other"), plan=Plan(priority=4)),
        Rule(id="no_type", when=In(variable="type", values=(), or_unknown=True), plan=Plan(priority=5)),
    )
    held = tuple([changed.get(attribute.name, attribute) for attribute in POLICY.attributes])
    policy = msgspec.structs.replace(POLICY, attributes=held, rules=rules)
    return Scene(policies=(POLICY, policy), sides=(Side(name="x"), Side(name="y", policy=1)))


PATIENTS_ONE_TO_THREE = Attribute(name="patients", domain=Number(lowest=1, highest=3, unit="persons"), source="caller")
TYPES_WITH_OTHER = Attribute(name="type", domain=Choice(values=("noise", "other")), source="call_taker")
TYPES_WITHOUT = Attribute(name="type", domain=Choice(values=("noise", "fall")), source="call_taker")


@pytest.mark.parametrize(
    ("attribute", "told", "decided"),
    [
        (PATIENTS_ONE_TO_THREE, value("patients", 5), {"three"}),
        (PATIENTS_ONE_TO_THREE, value("patients", 3), {"three"}),
        (PATIENTS_ONE_TO_THREE, value("patients", 0), {"one"}),
        (PATIENTS_ONE_TO_THREE, both(value("patients", 2), value("type", "theft")), {"default"}),
        (TYPES_WITH_OTHER, both(value("type", "theft"), value("patients", 0)), {"other"}),
        (TYPES_WITH_OTHER, both(value("type", "noise"), value("patients", 0)), {"default"}),
        (TYPES_WITHOUT, both(value("type", "theft"), value("patients", 0)), {"no_type"}),
        (TYPES_WITHOUT, both(value("type", "fall"), value("patients", 0)), {"default"}),
    ],
)
def test_a_policy_sees_of_the_values_of_both_what_it_would_see_of_a_fact(
    attribute: Attribute, told: Formula, decided: set[str]
) -> None:
    scene = after(attribute)
    engine = Z3Engine(scene)
    can_decide = set()
    for rule in scene.policies[1].deciding:
        found = engine.ask(both(told, decides(rule.id, "y")), 60)
        if found != Never():
            assert isinstance(found, Found)
            assert holds(both(told, decides(rule.id, "y")), scene, found.calls)
            can_decide.add(rule.id)
    assert can_decide == decided


THEFT = Is(variable="type", value="theft")
ARMED = Is(variable="weapon", value=True)


@pytest.mark.parametrize(
    ("first", "hidden"),
    [
        (Any(parts=(THEFT, ARMED)), both(value("type", "robbery"), value("weapon", True))),
        (Any(parts=(ARMED, THEFT)), both(value("type", "theft"), value("weapon", False))),
        (Not(part=All(parts=(THEFT, ARMED))), both(value("type", "theft"), value("weapon", False))),
        (Not(part=All(parts=(THEFT, ARMED))), both(value("type", "robbery"), value("weapon", True))),
        (Not(part=Any(parts=(THEFT, ARMED))), both(value("type", "robbery"), value("weapon", None))),
        (Not(part=Not(part=THEFT)), both(value("type", "theft"), value("weapon", True))),
    ],
)
def test_a_rule_hides_a_later_one_by_any_of_the_ways_in_which_it_holds(first: Condition, hidden: Formula) -> None:
    rules = (
        Rule(id="first", when=first, plan=Plan(priority=1)),
        *[Rule(id=name, when=Is(variable="type", value=name), plan=Plan(priority=2)) for name in ("theft", "robbery")],
    )
    policy = msgspec.structs.replace(POLICY, rules=rules)
    scene = Scene(policies=(policy,), sides=(Side(name="x"),))
    engine = Z3Engine(scene)
    assert {rule.id for rule in policy.deciding if engine.ask(both(hidden, decides(rule.id)), 60) != Never()} == {
        "first"
    }


UNKNOWN_NAMES: dict[str, Formula] = {
    "side": decides("theft", "z"),
    "side of a value": value("weapon", True, "z"),
    "side of a comparison": Lower(side="x", than="z", variable="patients"),
    "rule": decides("thefts"),
    "an add rule decides nothing": decides("weapon"),
    "rule that matches": matches("thefts"),
    "variable of a value": value("wapon", True),
    "variable of a comparison": Lower(side="x", than="x", variable="wapon"),
    "variable of a denied comparison": no(Lower(side="x", than="x", variable="wapon")),
    "variable of a condition": Asks(side="x", condition=In(variable="wapon", values=(True,))),
    "component at least": AtLeast(side="x", component="priorities", rank=1),
    "component less": Less(side="x", than="x", component="priorities"),
    "component differs": Differs(side="x", other="x", component="priorities"),
}


@pytest.mark.parametrize("case", UNKNOWN_NAMES)
@pytest.mark.parametrize("beside", [both(), either(), decides("default")])
def test_a_name_that_the_scene_does_not_have_is_refused(case: str, beside: Formula) -> None:
    engine = Z3Engine(ONE)
    for question in (UNKNOWN_NAMES[case], both(beside, either(UNKNOWN_NAMES[case], beside))):
        with pytest.raises(ValueError, match=r"has no|No rule|have no component"):
            engine.ask(question, 60)
        with pytest.raises(ValueError, match=r"has no|No rule|have no component"):
            engine.smtlib(question)


def test_a_scene_that_says_two_things_at_once_is_refused() -> None:
    twice = msgspec.structs.replace(POLICY, rules=(*POLICY.rules, POLICY.rules[0]))
    for scene, sentence in (
        (Scene(policies=(twice,), sides=(Side(name="x"),)), "same id"),
        (Scene(policies=(POLICY,), sides=(Side(name="x"), Side(name="x"))), "same name"),
        (Scene(policies=(POLICY,), sides=(Side(name="x", own=frozenset({"wapon"})),)), "no variable"),
        (Scene(policies=(POLICY,), sides=(Side(name="x", policy=1),)), "does not have"),
        (Scene(policies=(POLICY,), sides=(Side(name="x", policy=-1),)), "does not have"),
    ):
        with pytest.raises(ValueError, match=sentence):
            Z3Engine(scene)


def pigeons(holes: int) -> Scene:
    """As many variables, and one more, of as many values: not all can differ, which takes long to prove."""
    values = tuple([f"hole_{hole}" for hole in range(holes)])
    names = [f"pigeon_{pigeon}" for pigeon in range(holes + 1)]
    attributes = tuple([Attribute(name=name, domain=Choice(values=values), source="") for name in names])
    return Scene(
        policies=(msgspec.structs.replace(POLICY, attributes=(*POLICY.attributes, *attributes)),),
        sides=(Side(name="x"),),
    )


def all_apart(holes: int) -> Formula:
    names = [f"pigeon_{pigeon}" for pigeon in range(holes + 1)]
    homes = [no(value(name, None)) for name in names]
    apart = [
        no(both(value(one, f"hole_{hole}"), value(other, f"hole_{hole}")))
        for one, other in combinations(names, 2)
        for hole in range(holes)
    ]
    return both(*homes, *apart)


def test_a_question_that_takes_too_long_has_no_answer() -> None:
    engine = Z3Engine(pigeons(14))
    began = time.monotonic()
    found = engine.ask(all_apart(14), 0.3)
    assert isinstance(found, NoAnswer), found
    assert "timeout" in found.because or "canceled" in found.because
    assert time.monotonic() - began < 20
    assert Z3Engine(pigeons(4)).ask(all_apart(4), 60) == Never()


def test_an_interrupt_is_not_taken_for_an_answer() -> None:
    engine = Z3Engine(pigeons(14))
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        engine.ask(all_apart(14), 1)
    timer.join()


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-12])
def test_without_time_there_is_no_answer(seconds: float) -> None:
    found = Z3Engine(ONE).ask(either(), seconds)
    assert isinstance(found, NoAnswer)
    assert "before it began" in found.because


def test_an_endless_limit_is_no_limit() -> None:
    assert Z3Engine(ONE).ask(either(), float("inf")) == Never()


def test_what_goes_wrong_in_z3_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise z3.Z3Exception("out of memory")

    monkeypatch.setattr(z3, "SolverFor", broken)
    found = Z3Engine(ONE).ask(either(), 60)
    assert found == NoAnswer(because="z3 gave up: out of memory")


def test_its_name_has_the_version_that_answers() -> None:
    assert Z3Engine(ONE).name == f"z3 {z3.get_version_string()}"
    assert re.fullmatch(r"z3 \d+\.\d+\.\d+(\.\d+)?", Z3Engine(ONE).name)


def test_the_script_tells_a_reader_what_the_codes_are() -> None:
    script = Z3Engine(ONE).smtlib(both(value("patients", 2), value("weapon", None)))
    assert "; |patients|: 0 is 0 to 5 is 5, 6 is unknown\n" in script
    assert "; |weapon|: 0 is no, 1 is yes, 2 is unknown\n" in script
    assert script.endswith("(check-sat)\n")
    assert Z3Engine(ONE).smtlib(both()).startswith("(set-logic QF_BV)\n")


STRANGE = ("a|b", "a\\b", "a:b", "a%3A;b", "a\nb", "a b", "á", "(assert false)", "; no", "")


def test_names_of_any_text_stay_apart_and_within_their_lines() -> None:
    rules = tuple(
        [
            Rule(id=name, when=Is(variable="type", value=name), plan=Plan(priority=at % 7))
            for at, name in enumerate(STRANGE)
        ]
    )
    attributes = (
        Attribute(name="type", domain=Choice(values=STRANGE), source=""),
        *[Attribute(name=f"of {name}", domain=YesNo(), source="") for name in STRANGE],
    )
    policy = msgspec.structs.replace(
        POLICY, rules=rules, add=(), zones=(), attributes=(*attributes, *TIME_ATTRIBUTES), triage=Plan(priority=9)
    )
    scene = Scene(
        policies=(policy,), sides=(Side(name="x|\\", own=frozenset({f"of {STRANGE[0]}"})), Side(name="of a:b"))
    )
    engine = Z3Engine(scene)
    for name in STRANGE:
        wanted = [no(value(f"of {other}", other == name, "x|\\")) for other in STRANGE]
        question = both(decides(name, "x|\\"), *wanted)
        found = engine.ask(question, 60)
        assert isinstance(found, Found)
        assert holds(question, scene, found.calls)
        solver = z3.Solver(ctx=z3.Context())
        solver.from_string(engine.smtlib(question))
        assert solver.check() == z3.sat
    at_once = both(*[decides(name, "x|\\") for name in STRANGE[:2]])
    assert engine.ask(at_once, 60) == Never()


def test_a_chain_of_thousands_of_rules_does_not_exhaust_anything() -> None:
    count = 6000
    numbered = Attribute(name="number", domain=Number(lowest=0, highest=count, unit=""), source="")
    rules = tuple(
        [Rule(id=f"rule_{at}", when=Is(variable="number", value=at), plan=Plan(priority=at % 2)) for at in range(count)]
    )
    policy = msgspec.structs.replace(
        POLICY, rules=rules, add=(), attributes=(*POLICY.attributes, numbered), default=Plan(priority=2)
    )
    engine = Z3Engine(Scene(policies=(policy,), sides=(Side(name="x"),)))
    known = value("number", count)
    assert isinstance(engine.ask(both(no(known), no(value("number", None)), no(urgent(1))), 60), Never)
    assert isinstance(engine.ask(both(decides("default"), known), 60), Found)


def test_a_rule_that_always_holds_hides_what_comes_after() -> None:
    always = Rule(id="always", when=Always(), plan=Plan(priority=0))
    policy = msgspec.structs.replace(POLICY, rules=(always, *POLICY.rules))
    engine = Z3Engine(Scene(policies=(policy,), sides=(Side(name="x"),)))
    assert [rule.id for rule in policy.deciding if engine.ask(decides(rule.id), 60) != Never()] == ["always"]
    assert engine.ask(no(matches("always")), 60) == Never()
    assert engine.ask(both(no(matches("always")), no(urgent(0))), 60) == Never()
