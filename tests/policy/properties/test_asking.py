"""Ask twice: what two engines and the evaluator may say, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from formula_holds import answer
from policy_texts import policy

from everycall.policy.formula import Call, Decides, Found, Never, NoAnswer, Scene, Side, ValueIs
from everycall.policy.properties.asking import (
    Asker,
    Confirmed,
    MissingEngineError,
    NoneExist,
    Open,
    Tally,
    make_engines,
    same,
)
from everycall.policy.properties.check import check
from everycall.policy.properties.likeness import LIKE_CALLS_ALIKE
from everycall.policy.properties.witnesses import with_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everycall.policy.formula import Answer, Engine, Formula

RIGHT = Found(calls={"x": {"type": "robbery", "time.of_day": 720, "time.weekday": "monday"}})
WRONG = Found(calls={"x": {"type": "theft", "time.of_day": 720, "time.weekday": "monday"}})
IMPOSSIBLE = Found(
    calls={
        "x": {"type": "robbery", "time.of_day": 720, "time.weekday": "monday", "zone.central": True, "zone.north": True}
    }
)
NO_SUCH_VALUE = Found(calls={"x": {"type": "robbery", "time.of_day": 9999, "time.weekday": "monday"}})
WITHOUT_CLOCK = Found(calls={"x": {"type": "robbery"}})
CLOCK: Call = {"time.of_day": 720, "time.weekday": "monday"}
SILENT = NoAnswer(because="the time is over")
QUESTION = Decides(side="x", rule="robbery")


@dataclass
class Says:
    """An engine that says what it is told to."""

    name: str
    answer: Answer

    def ask(self, question: Formula, seconds: float) -> Answer:
        del question, seconds
        return self.answer


@dataclass
class Enumerates:
    """An engine that tries every call."""

    name: str
    scene: Scene

    def ask(self, question: Formula, seconds: float) -> Answer:
        del seconds
        calls = answer(self.scene, question)
        return Never() if calls is None else Found(calls=calls)


def asker(*answers: Answer) -> Asker:
    def make(scene: Scene) -> Sequence[Engine]:
        del scene
        return [Says(f"engine {at}", each) for at, each in enumerate(answers)]

    return Asker(Scene(policies=(policy(),), sides=(Side(name="x"),)), make, 1.0, "one_call")


@pytest.mark.parametrize(
    ("one", "other", "settled", "disagreements"),
    [
        (Never(), Never(), NoneExist, 0),
        (RIGHT, RIGHT, Confirmed, 0),
        (RIGHT, WRONG, Confirmed, 0),
        (WRONG, RIGHT, Confirmed, 0),
        (RIGHT, SILENT, Confirmed, 0),
        (RIGHT, Never(), Confirmed, 1),
        (Never(), RIGHT, Confirmed, 1),
        (WRONG, Never(), Open, 1),
        (WRONG, WRONG, Open, 0),
        (IMPOSSIBLE, IMPOSSIBLE, Open, 0),
        (NO_SUCH_VALUE, NO_SUCH_VALUE, Open, 0),
        (WITHOUT_CLOCK, WITHOUT_CLOCK, Open, 0),
        (Found(calls={}), Found(calls={}), Open, 0),
        (SILENT, Never(), Open, 0),
        (Never(), SILENT, Open, 0),
        (SILENT, SILENT, Open, 0),
    ],
)
def test_only_two_nevers_are_a_never_and_only_what_the_evaluator_confirms_is_found(
    one: Answer, other: Answer, settled: type, disagreements: int
) -> None:
    asked = asker(one, other)
    assert isinstance(asked.ask(QUESTION, Tally()), settled)
    assert len(asked.disagreements) == disagreements


def test_what_stayed_open_says_why() -> None:
    settled = asker(SILENT, Never()).ask(QUESTION, Tally())
    assert isinstance(settled, Open)
    assert "engine 0: the time is over" in settled.because


@pytest.mark.parametrize("names", [["one"], ["one", "one"]])
def test_one_engine_alone_or_twice_is_not_two(names: list[str]) -> None:
    def make(scene: Scene) -> Sequence[Engine]:
        del scene
        return [Says(name, Never()) for name in names]

    asked = Asker(Scene(policies=(policy(),), sides=(Side(name="x"),)), make, 1.0, "one_call")
    with pytest.raises(MissingEngineError):
        asked.ask(QUESTION, Tally())


def silent_second(scene: Scene) -> Sequence[Engine]:
    return [make_engines(scene)[0], Says("silent", SILENT)]


def denies(scene: Scene) -> Sequence[Engine]:
    return [make_engines(scene)[0], Says("denies", Never())]


AGENCY = "- {rule: agency, when: {type: robbery, caller.employer: agency_a}, plan: slow, because: an order}"
HARMLESS = "- {rule: agency, when: {type: robbery, caller.employer: agency_a}, plan: fast, because: an order}"


def test_a_time_out_is_not_established_and_never_a_pass() -> None:
    report = check(policy(HARMLESS), engines=silent_second, only=(LIKE_CALLS_ALIKE,))
    found = report.property(LIKE_CALLS_ALIKE)
    assert found.verdict == "not_established"
    assert "the time is over" in found.open[0]
    assert {each.name: each.verdict for each in report.attributes} == {
        "caller.employer": "not_established", "caller.language": "holds"
    }  # fmt: skip


def test_a_rule_of_which_nobody_can_say_whether_it_is_dead_is_not_called_dead() -> None:
    dead = "- {rule: r, when: {all: [{weapon: yes}, {not: {weapon: yes}}]}, plan: slow, because: b}"
    found = check(policy(dead), engines=silent_second).property("no_dead_rule")
    assert (found.verdict, found.refutations) == ("not_established", ())
    assert "rule r" in found.open[0]


def test_an_engine_that_denies_a_confirmed_pair_is_reported_and_the_refutation_stands() -> None:
    report = check(policy(AGENCY), engines=denies, only=(LIKE_CALLS_ALIKE,))
    assert report.property(LIKE_CALLS_ALIKE).verdict == "refuted"
    assert "One of the engines is wrong" in report.disagreements[0]


def test_an_engine_that_denies_everything_makes_no_pair_of_nothing() -> None:
    def both(scene: Scene) -> Sequence[Engine]:
        del scene
        return [Says("one", Found(calls={})), Says("two", Never())]

    report = check(policy(HARMLESS), engines=both, only=(LIKE_CALLS_ALIKE,))
    assert report.property(LIKE_CALLS_ALIKE).verdict == "not_established"
    assert report.disagreements


def test_questions_of_a_group_are_asked_together_and_one_by_one_only_if_one_may_be_so() -> None:
    rules = "\n".join(
        f"- {{rule: r{number}, when: {{type: robbery, caller.employer: agency_a, patients: {number}}}, plan: fast, "
        "because: b}"
        for number in range(6)
    )
    report = check(policy(rules), only=(LIKE_CALLS_ALIKE,))
    assert report.property(LIKE_CALLS_ALIKE).questions == 1
    report = check(policy(f"{rules}\n{AGENCY}"), only=(LIKE_CALLS_ALIKE,))
    assert report.property(LIKE_CALLS_ALIKE).questions == 1 + 7
    assert [each.rules[0] for each in report.property(LIKE_CALLS_ALIKE).refutations] == ["agency"]


def test_the_scripts_are_what_the_hash_is_of_and_say_what_was_answered() -> None:
    from hashlib import sha256  # noqa: PLC0415

    report = check(policy(AGENCY), keep_scripts=True)
    scripts = {each.name: each.text for each in report.scripts}
    for found in report.properties:
        text = scripts.get(f"{found.name}.smt2")
        assert found.smtlib == (None if text is None else sha256(text.encode()).hexdigest())
        assert (found.questions > 0) is (text is not None)
    assert "; question 1: sat" in scripts["like_calls_alike.smt2"]


def test_same_holds_of_equal_values_and_of_two_unknowns_only() -> None:
    read = policy()
    own = frozenset({"weapon"})
    scene = Scene(policies=(read,), sides=(Side(name="x", own=own), Side(name="y", own=own)))
    equal = same(read.variables()["weapon"])
    for one in (None, False, True):
        for other in (None, False, True):
            calls = {"x": with_value(CLOCK, "weapon", one), "y": with_value(CLOCK, "weapon", other)}
            assert Asker(scene, make_engines, 1.0, "x").replay.claims(equal, calls) is (one is other)


def test_with_engines_that_enumerate_the_check_says_the_same() -> None:
    """The two engines of the product are not part of what this module is about."""

    def enumerating(scene: Scene) -> Sequence[Engine]:
        return [Enumerates("one", scene), Enumerates("two", scene)]

    small = policy(AGENCY)
    report = check(small, engines=enumerating, only=(LIKE_CALLS_ALIKE,))
    (pair,) = report.property(LIKE_CALLS_ALIKE).refutations
    assert pair.first is not None
    assert pair.first.rule == "agency"
    assert report.engines == ("one", "two")


def test_a_value_that_is_asked_for_must_be_that_very_value() -> None:
    replay = asker(Never(), Never()).replay
    calls: dict[str, Call] = {"x": {"type": "robbery", "patients": 1, "time.of_day": 720, "time.weekday": "monday"}}
    assert replay.confirms(ValueIs(side="x", variable="patients", value=1), calls)
    assert not replay.confirms(ValueIs(side="x", variable="patients", value=True), calls)
    assert not replay.confirms(ValueIs(side="x", variable="patients", value=None), calls)
