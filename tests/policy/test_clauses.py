"""The second engine on small scenes: zones, twins, versions, time, failure, and questions that make no sense."""

from __future__ import annotations

import re
import time
from random import Random
from typing import TYPE_CHECKING, Any

import formula_holds
import msgspec
import pytest
from random_parts import FLOOR, HEADING

from everycall.policy import conditions
from everycall.policy.attributes import SERVICE, TIME_ATTRIBUTES, TYPE, Attribute, Choice, Number, Several, YesNo, Zone
from everycall.policy.clauses import CadicalEngine
from everycall.policy.conditions import All, Between, During, Has, Is, Not, Within
from everycall.policy.formula import (
    AllOf,
    Asks,
    AtLeast,
    Decides,
    Differs,
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

if TYPE_CHECKING:
    from everycall.policy.conditions import Condition
    from everycall.policy.formula import Answer, Formula

URGENT = Plan(priority=1, send=(("police", 2),))
LATER = Plan(priority=4, send=(("police", 1),))
SHIPPED = (
    Attribute(name=SERVICE, domain=Choice(values=("police", "fire")), source="call_taker"),
    Attribute(name=TYPE, domain=Choice(values=("robbery", "theft", "fall")), source="call_taker"),
    *TIME_ATTRIBUTES,
)
WEAPON = Attribute(name="weapon", domain=YesNo(), source="call_taker", danger=True)
EMPLOYER = Attribute(
    name="caller.employer", domain=Choice(values=("agency_a", "agency_b", "other")), source="caller", protected=True
)
PATIENTS = Attribute(name="patients", domain=Number(lowest=0, highest=20, unit="persons"), source="caller")
ZONES = (
    Zone(name="city"),
    Zone(name="central", inside="city", service_area=True),
    Zone(name="harbour", inside="city", service_area=True),
    Zone(name="office", inside="central"),
)


def policy_of(
    *rules: tuple[str, Condition, Plan],
    attributes: tuple[Attribute, ...] = (WEAPON, EMPLOYER, PATIENTS),
    zones: tuple[Zone, ...] = ZONES,
    add: tuple[AddRule, ...] = (),
) -> Policy:
    return Policy(
        hash="",
        heading=HEADING,
        attributes=(*SHIPPED, *attributes),
        zones=zones,
        rules=tuple([Rule(id=name, when=when, plan=plan) for name, when, plan in rules]),
        add=add,
        triage=URGENT,
        triage_floor=TriageFloor(priority=1, dispatch_within=60, find_out_within=60),
        default=LATER,
        may_differ=(),
        floor=FLOOR,
    )


ARMED = ("armed", Is(variable="weapon", value=True), URGENT)
PLAIN = policy_of(ARMED, add=(AddRule(id="crowd", when=Between(variable="patients", lowest=5, highest=20),
                                      add=Raise(send=(("police", 3),))),))  # fmt: skip
ALONE = Scene(policies=(PLAIN,), sides=(Side(name="x"),))


def twins(policy: Policy, *own: str) -> Scene:
    names = frozenset(own)
    return Scene(policies=(policy,), sides=(Side(name="x", own=names), Side(name="y", own=names)))


def ask(scene: Scene, question: Formula, seconds: float = 60.0) -> Answer:
    with CadicalEngine(scene) as engine:
        answer = engine.ask(question, seconds)
    if isinstance(answer, Found):
        assert formula_holds.possible(scene, answer.calls)
        assert formula_holds.holds(question, scene, answer.calls)
    return answer


def test_its_name_tells_the_versions_of_the_solver_and_of_its_package() -> None:
    with CadicalEngine(ALONE) as engine:
        assert re.match(r"CaDiCaL \d+\.\d+\.\d+ \(python-sat \d+\.\d+", engine.name)


def test_a_rule_that_looks_at_who_calls_is_found_with_a_pair_of_twins() -> None:
    bad = policy_of(("ours", Is(variable="caller.employer", value="agency_a"), LATER), ARMED)
    scene = twins(bad, "caller.employer")
    answer = ask(
        scene, AllOf(parts=(Decides(side="x", rule="ours"), Differs(side="x", other="y", component="priority")))
    )
    assert isinstance(answer, Found)
    assert answer.calls["x"]["caller.employer"] == "agency_a" != answer.calls["y"].get("caller.employer")
    assert answer.calls["y"]["type" if "type" in answer.calls["y"] else "time.of_day"] is not None


def test_twins_never_differ_where_no_rule_looks_at_what_they_differ_in() -> None:
    scene = twins(PLAIN, "caller.employer")
    differ = OneOf(parts=tuple([Differs(side="x", other="y", component=c.name) for c in scene.components.items]))
    for rule in PLAIN.deciding:
        assert ask(scene, AllOf(parts=(Decides(side="x", rule=rule.id), differ))) == Never()
    assert ask(scene, differ) == Never()


def test_an_add_rule_is_part_of_the_outcome() -> None:
    most = len(ALONE.components.items[ALONE.components.index["send.police"]].levels) - 1
    question = AtLeast(side="x", component="send.police", rank=most)
    assert isinstance(ask(ALONE, question), Found)
    assert ask(ALONE, AllOf(parts=(question, Neg(part=Matches(side="x", rule="crowd"))))) == Never()


def test_a_twin_may_be_decided_by_a_rule_for_other_callers_only() -> None:
    policy = policy_of(
        ("for_a", Is(variable="caller.employer", value="agency_a"), URGENT),
        ("for_b", Is(variable="caller.employer", value="agency_b"), LATER),
        ("for_all", All(parts=()), URGENT),
    )
    scene = twins(policy, "caller.employer")
    answer = ask(scene, AllOf(parts=(Decides(side="x", rule="for_a"), Less(side="y", than="x", component="priority"))))
    assert isinstance(answer, Found)
    assert answer.calls["y"]["caller.employer"] == "agency_b"


LEAST = Plan(priority=9)
ARMED_OR_NOT = Scene(
    policies=(policy_of(ARMED, ("unarmed", Is(variable="weapon", value=False), LEAST)),), sides=(Side(name="x"),)
)


@pytest.mark.parametrize(
    ("besides", "expected"),
    [
        (Neg(part=Decides(side="x", rule="armed")), Found),
        (Neg(part=Matches(side="x", rule="armed")), Found),
        (Neg(part=Asks(side="x", condition=Is(variable="weapon", value=True))), Found),
        (Neg(part=ValueIs(side="x", variable="weapon", value=True)), Found),
        (Neg(part=AllOf(parts=(Matches(side="x", rule="armed"), OneOf(parts=())))), Found),
        (OneOf(parts=(Decides(side="x", rule="armed"), Decides(side="x", rule="unarmed"))), Found),
        (Neg(part=OneOf(parts=(Decides(side="x", rule="unarmed"), Decides(side="x", rule="triage")))), Never),
        (Decides(side="x", rule="armed"), Never),
        (Matches(side="x", rule="armed"), Never),
        (ValueIs(side="x", variable="weapon", value=None), Never),
    ],
)
def test_only_the_unarmed_get_the_least_whatever_else_is_said(besides: Formula, expected: type) -> None:
    least = Neg(part=AtLeast(side="x", component="priority", rank=1))
    assert isinstance(ask(ARMED_OR_NOT, AllOf(parts=(besides, least))), expected)


def zone_is(name: str, value: bool | None) -> ValueIs:
    return ValueIs(side="x", variable=f"zone.{name}", value=value)


@pytest.mark.parametrize(
    ("values", "possible"),
    [
        ({"office": True, "central": True, "city": True}, True),
        ({"office": True, "central": None}, True),
        ({"office": True, "central": False}, False),
        ({"central": True, "city": False}, False),
        ({"central": True, "harbour": True}, False),
        ({"central": True, "harbour": None}, True),
        ({"central": False, "harbour": False, "city": True}, True),
        ({"office": True, "central": None, "city": False}, True),
    ],
)
def test_calls_respect_the_zones(values: dict[str, bool | None], possible: bool) -> None:
    question = AllOf(parts=tuple([zone_is(name, value) for name, value in values.items()]))
    assert isinstance(ask(ALONE, question), Found) is possible


def test_no_two_of_many_service_areas_overlap() -> None:
    zones = tuple([Zone(name=f"area_{at}", service_area=True) for at in range(6)])
    scene = Scene(policies=(policy_of(ARMED, zones=zones),), sides=(Side(name="x"),))
    for one in range(6):
        for other in range(one):
            both = AllOf(parts=(zone_is(f"area_{one}", value=True), zone_is(f"area_{other}", value=True)))
            assert ask(scene, both) == Never()
        assert isinstance(ask(scene, zone_is(f"area_{one}", value=True)), Found)


def test_lower_tells_values_apart_that_no_rule_does_before_and_after_finer_questions() -> None:
    scene = twins(PLAIN, "patients")
    lower = Lower(side="x", than="y", variable="patients")
    with CadicalEngine(scene) as engine:
        for lowest, highest, possible in ((6, 7, True), (7, 7, False), (0, 20, True), (11, 13, True)):
            between = Between(variable="patients", lowest=lowest, highest=highest)
            question = AllOf(parts=(lower, Asks(side="x", condition=between), Asks(side="y", condition=between)))
            assert isinstance(engine.ask(question, 60.0), Found) is possible
        assert isinstance(
            engine.ask(AllOf(parts=(lower, ValueIs(side="x", variable="patients", value=20))), 60.0), Never
        )
        assert isinstance(
            engine.ask(AllOf(parts=(lower, ValueIs(side="y", variable="patients", value=None))), 60.0), Never
        )


@pytest.mark.parametrize("name", ["weapon", "caller.employer", "time.weekday"])
def test_lower_is_the_order_of_the_known_values(name: str) -> None:
    scene = twins(PLAIN, name)
    variable = scene.variables[name]
    values = [*([None] if variable.unknown else []), *variable.values]
    with CadicalEngine(scene) as engine:
        for one in values:
            for other in values:
                question = AllOf(
                    parts=(
                        Lower(side="x", than="y", variable=name),
                        ValueIs(side="x", variable=name, value=one),
                        ValueIs(side="y", variable=name, value=other),
                    )
                )
                lower = one is not None and other is not None and values.index(one) < values.index(other)
                assert isinstance(engine.ask(question, 60.0), Found) is lower


def test_of_a_shared_variable_nothing_is_lower() -> None:
    assert ask(twins(PLAIN, "weapon"), Lower(side="x", than="y", variable="patients")) == Never()


def test_each_version_sees_a_number_within_its_own_range() -> None:
    few = msgspec.structs.replace(PATIENTS, domain=Number(lowest=0, highest=3, unit="persons"))
    at_the_end = ("end", Is(variable="patients", value=3), URGENT)
    scene = Scene(
        policies=(policy_of(at_the_end), policy_of(at_the_end, attributes=(few, WEAPON))),
        sides=(Side(name="old"), Side(name="new", policy=1)),
    )
    seventeen = ValueIs(side="old", variable="patients", value=17)
    assert isinstance(ask(scene, AllOf(parts=(seventeen, Decides(side="new", rule="end")))), Found)
    assert ask(scene, AllOf(parts=(seventeen, Decides(side="old", rule="end")))) == Never()
    less = Less(side="old", than="new", component="priority")
    answer = ask(scene, less)
    assert isinstance(answer, Found)
    assert answer.calls["old"]["patients"] in range(4, 21)


def test_an_attribute_that_changes_its_kind_is_unknown_to_the_version_that_cannot_read_it() -> None:
    as_number = Attribute(name="weapon", domain=Number(lowest=0, highest=3, unit="weapons"), source="call_taker")
    knives = ("knives", Between(variable="weapon", lowest=1, highest=3, or_unknown=True), URGENT)
    for kinds in ((0, 1), (1, 0)):
        policies = (policy_of(ARMED), policy_of(knives, attributes=(as_number,)))
        scene = Scene(
            policies=(policies[kinds[0]], policies[kinds[1]]),
            sides=(Side(name="yes_no", policy=kinds[0]), Side(name="number", policy=kinds[1])),
        )
        for question in (
            Decides(side="yes_no", rule="armed"),
            Decides(side="number", rule="knives"),
            AllOf(parts=(Decides(side="yes_no", rule="armed"), Decides(side="number", rule="knives"))),
            Neg(part=Matches(side="number", rule="knives")),
        ):
            expected = formula_holds.answer(scene, question)
            assert isinstance(ask(scene, question), Found if expected else Never)


def test_a_variable_that_only_one_version_declares_cannot_be_asked_of_the_other() -> None:
    scene = Scene(
        policies=(PLAIN, policy_of(attributes=(WEAPON,))), sides=(Side(name="old"), Side(name="new", policy=1))
    )
    question = Between(variable="patients", lowest=1, highest=2)
    assert isinstance(ask(scene, Asks(side="old", condition=question)), Found)
    with pytest.raises(ValueError, match="does not declare 'patients'"):
        ask(scene, Asks(side="new", condition=question))


@pytest.mark.parametrize(
    ("question", "because"),
    [
        (Decides(side="z", rule="armed"), "no side 'z'"),
        (Decides(side="x", rule="nobody"), "no rule 'nobody'"),
        (Decides(side="x", rule="crowd"), "'crowd' only adds"),
        (Matches(side="x", rule="nobody"), "no rule 'nobody'"),
        (Asks(side="x", condition=Is(variable="shoes", value=True)), "does not declare 'shoes'"),
        (ValueIs(side="x", variable="shoes", value=None), "no variable 'shoes'"),
        (ValueIs(side="x", variable="weapon", value="gun"), "'weapon' cannot be 'gun'"),
        (ValueIs(side="x", variable="weapon", value=1), "'weapon' cannot be 1"),
        (ValueIs(side="x", variable="time.of_day", value=None), "'time.of_day' cannot be unknown"),
        (Lower(side="x", than="x", variable="shoes"), "no variable 'shoes'"),
        (Lower(side="x", than="z", variable="patients"), "no side 'z'"),
        (AtLeast(side="x", component="send.tank", rank=1), "no component 'send.tank'"),
        (Less(side="x", than="z", component="priority"), "no side 'z'"),
        (Differs(side="x", other="z", component="priority"), "no side 'z'"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_question_about_what_there_is_not_is_refused(question: Formula, because: str, wrapped: bool) -> None:
    if wrapped:  # behind what is settled already, too
        question = OneOf(parts=(AllOf(parts=()), AllOf(parts=(OneOf(parts=()), Neg(part=question)))))
    with CadicalEngine(ALONE) as engine:
        with pytest.raises(ValueError, match=because):
            engine.ask(question, 60.0)
        assert isinstance(engine.ask(Decides(side="x", rule="armed"), 60.0), Found)


def test_any_of_a_components_names_will_do() -> None:
    for item in ALONE.components.items:
        for name in item.names:
            assert isinstance(ask(ALONE, AtLeast(side="x", component=name, rank=1)), Found)


def pigeons(holes: int) -> Scene:
    """More pigeons than holes, no two in one: impossible, and known to be slow to see (Haken 1985)."""
    nests = Attribute(
        name="in",
        domain=Several(values=tuple([f"{pigeon}_{hole}" for pigeon in range(holes + 1) for hole in range(holes)])),
        source="call_taker",
    )

    def sits(pigeon: int, hole: int) -> Condition:
        return Has(attribute="in", value=f"{pigeon}_{hole}")

    parts: list[Condition] = [
        conditions.Any(parts=tuple([sits(pigeon, hole) for hole in range(holes)])) for pigeon in range(holes + 1)
    ]
    parts += [
        Not(part=All(parts=(sits(one, hole), sits(other, hole))))
        for hole in range(holes)
        for one in range(holes + 1)
        for other in range(one)
    ]
    policy = policy_of(("all_in", All(parts=tuple(parts)), URGENT), attributes=(nests,), zones=())
    return Scene(policies=(policy,), sides=(Side(name="x"),))


def test_a_question_that_takes_too_long_has_no_answer_and_does_not_spoil_the_next() -> None:
    assert ask(pigeons(4), Decides(side="x", rule="all_in")) == Never()
    with CadicalEngine(pigeons(12)) as engine:
        for _ in range(2):
            before = time.monotonic()
            answer = engine.ask(Decides(side="x", rule="all_in"), 0.3)
            assert isinstance(answer, NoAnswer)
            assert "not settled within 0.3 s" in answer.because
            assert time.monotonic() - before < 3.0
            assert isinstance(engine.ask(Decides(side="x", rule="default"), 60.0), Found)


def test_no_time_is_no_answer() -> None:
    assert isinstance(ask(ALONE, Decides(side="x", rule="armed"), 0.0), NoAnswer)
    assert isinstance(ask(ALONE, OneOf(parts=()), -1.0), NoAnswer)


def test_time_may_be_up_before_everything_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def ticking() -> float:
        clock[0] += 1.0
        return clock[0]

    question = Differs(side="x", other="y", component="priority")
    for seconds in (0.5, 1.5, 2.5, 3.5, 4.5):
        clock[0] = 0.0
        with CadicalEngine(twins(PLAIN, "weapon")) as engine:
            with monkeypatch.context() as patched:
                patched.setattr("everycall.policy.clauses.time.monotonic", ticking)
                assert isinstance(engine.ask(question, seconds), NoAnswer)
            assert isinstance(engine.ask(question, 60.0), Found)
            assert engine.ask(AllOf(parts=(question, Neg(part=question))), 60.0) == Never()


class Broken:
    """A solver that does what a test says."""

    def __init__(self, answer: object = None, model: object = None) -> None:
        self.answer, self.model = answer, model

    def add_clause(self, clause: list[int]) -> None:
        assert 0 not in clause

    def conf_budget(self, budget: int) -> None:
        assert budget > 0

    def solve_limited(self, assumptions: list[int]) -> object:
        assert isinstance(assumptions, list)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def get_model(self) -> object:
        return self.model

    def delete(self) -> None:
        pass


@pytest.mark.parametrize(
    "solver",
    [
        Broken(RuntimeError("out of order")),
        Broken(MemoryError()),
        Broken(KeyError("x")),
        Broken(0),
        Broken("unsat"),
        Broken(answer=True, model=None),
        Broken(answer=True, model=[]),
        Broken(answer=True, model=[-1, 2, 3]),
    ],
)
def test_a_solver_that_fails_gives_no_answer_then_or_later(solver: Any) -> None:
    with CadicalEngine(ALONE) as engine:
        engine._solver.delete()
        engine._solver = solver
        answers = [engine.ask(Decides(side="x", rule="armed"), 60.0), engine.ask(OneOf(parts=()), 60.0)]
    for answer in answers:
        assert isinstance(answer, NoAnswer)
        assert "it failed" in answer.because
        assert engine.name in answer.because


def test_a_closed_engine_has_no_answer_and_may_be_closed_again() -> None:
    engine = CadicalEngine(ALONE)
    engine.close()
    engine.close()
    answer = engine.ask(Decides(side="x", rule="armed"), 60.0)
    assert isinstance(answer, NoAnswer)
    assert "it is closed" in answer.because
    del engine
    CadicalEngine.__new__(CadicalEngine).__del__()  # one whose making failed


def test_a_rule_that_can_never_hold_decides_nothing() -> None:
    never = ("never", conditions.Any(parts=()), URGENT)
    always = ("always", All(parts=()), URGENT)
    scene = Scene(policies=(policy_of(never, always, ARMED),), sides=(Side(name="x"), Side(name="y")))
    assert ask(scene, Decides(side="x", rule="never")) == Never()
    assert ask(scene, Decides(side="x", rule="armed")) == Never()
    assert isinstance(ask(scene, Neg(part=Decides(side="x", rule="armed"))), Found)
    assert isinstance(ask(scene, Decides(side="x", rule="always")), Found)
    assert ask(scene, Neg(part=Decides(side="x", rule="always"))) == Never()
    assert ask(scene, AllOf(parts=(Decides(side="x", rule="never"), AtLeast(side="x", component="priority", rank=1)))) \
        == Never()  # fmt: skip


def test_a_night_runs_over_midnight() -> None:
    night = policy_of(("night", During(start=1320, end=360), URGENT), ("day", During(start=600, end=1440), LATER))
    scene = Scene(policies=(night,), sides=(Side(name="x"),))
    for minute, rule in ((1320, "night"), (0, "night"), (359, "night"), (360, None), (1319, "day"), (600, "day")):
        here = ValueIs(side="x", variable="time.of_day", value=minute)
        for name in ("night", "day"):
            answer = ask(scene, AllOf(parts=(here, Decides(side="x", rule=name))))
            assert isinstance(answer, Found if name == rule else Never)


def test_what_nobody_asked_about_is_left_unknown() -> None:
    answer = ask(ALONE, Asks(side="x", condition=Within(zone="harbour")))
    assert isinstance(answer, Found)
    known = {"zone.harbour", "time.of_day", "time.weekday"}
    assert {name for name in answer.calls["x"] if not name.startswith("zone.")} | {"zone.harbour"} == known


def test_many_rules_are_asked_in_seconds() -> None:
    rng = Random(3)
    codes = tuple([f"type_{at}" for at in range(40)])
    types = Attribute(name=TYPE, domain=Choice(values=codes), source="call_taker")
    rules = [
        Rule(
            id=f"rule_{at}",
            when=All(parts=(
                Is(variable=TYPE, value=rng.choice(codes)),
                Between(variable="patients", lowest=(low := rng.randrange(20)), highest=min(20, low + 3)),
                Is(variable="caller.employer", value=rng.choice(("agency_a", "agency_b", "other"))),
            )),
            plan=rng.choice((URGENT, LATER)),
        )
        for at in range(300)
    ]  # fmt: skip
    attributes = tuple([types if attribute.name == TYPE else attribute for attribute in PLAIN.attributes])
    policy = msgspec.structs.replace(PLAIN, rules=tuple(rules), attributes=attributes)
    scene = twins(policy, "caller.employer")
    differ = OneOf(parts=tuple([Differs(side="x", other="y", component=c.name) for c in scene.components.items]))
    before = time.process_time()
    with CadicalEngine(scene) as engine:
        answers = [engine.ask(AllOf(parts=(Decides(side="x", rule=r.id), differ)), 60.0) for r in policy.deciding]
    assert time.process_time() - before < 5.0  # some 0.2 s; a whole encoding for each question would take minutes
    assert {type(answer) for answer in answers} == {Found, Never}
