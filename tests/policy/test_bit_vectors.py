"""The z3 engine finds calls where there are such calls, and only there: held against enumeration."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
import z3  # type: ignore[import-untyped]  # it ships no types
from formula_holds import answer, holds, how_many_pairs, possible
from random_questions import lemma_question, one_call, random_question, twins, two_policies

from everycall.policy.bit_vectors import Z3Engine
from everycall.policy.formula import Found, Never

if TYPE_CHECKING:
    from collections.abc import Callable

    from everycall.policy.formula import Formula, Scene

KINDS = {"one_call": one_call, "twins": twins, "two_policies": two_policies}


def a_scene(kind: str, rng: Random) -> tuple[Scene, list[Formula]]:
    """A scene of this kind and questions about it that enumeration can answer in a moment."""
    make: Callable[[Random], Scene] = KINDS[kind]
    while True:
        scene = make(rng)
        questions = [random_question(rng, scene) for _ in range(5)]
        questions += [lemma_question(rng, scene) for _ in range(5)]
        questions = [question for question in questions if how_many_pairs(scene, question) <= 1500]
        if questions:
            return scene, questions


def agrees(scene: Scene, engine: Z3Engine, question: Formula) -> bool:
    """Hold one answer against enumeration; whether there was one to find."""
    expected = answer(scene, question)
    found = engine.ask(question, 60)
    if expected is None:
        assert found == Never(), (question, found)
        return False
    assert isinstance(found, Found), (question, found, expected)
    assert possible(scene, found.calls), (question, found)
    assert holds(question, scene, found.calls), (question, found)
    return True


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_it_finds_calls_exactly_where_enumeration_finds_some(kind: str, seed: int) -> None:
    scene, questions = a_scene(kind, Random(f"{kind} {seed}"))
    engine = Z3Engine(scene)
    for question in questions:
        agrees(scene, engine, question)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", range(1000, 2000, 50))
def test_it_finds_calls_exactly_where_enumeration_finds_some_at_length(kind: str, first: int) -> None:
    for seed in range(first, first + 50):
        scene, questions = a_scene(kind, Random(f"{kind} {seed}"))
        engine = Z3Engine(scene)
        for question in questions:
            agrees(scene, engine, question)


@pytest.mark.parametrize("kind", KINDS)
def test_both_answers_are_common_among_the_random_questions(kind: str) -> None:
    verdicts = []
    for seed in range(6):
        scene, questions = a_scene(kind, Random(f"{kind} {seed}"))
        engine = Z3Engine(scene)
        verdicts += [isinstance(engine.ask(question, 60), Found) for question in questions]
    assert 0.2 < sum(verdicts) / len(verdicts) < 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_the_script_gives_the_same_verdict_to_a_parser_that_knows_nothing_of_us(kind: str) -> None:
    for seed in range(2):
        scene, questions = a_scene(kind, Random(f"{kind} {seed}"))
        engine = Z3Engine(scene)
        for question in questions:
            solver = z3.Solver(ctx=z3.Context())
            solver.from_string(engine.smtlib(question))
            assert (solver.check() == z3.sat) == isinstance(engine.ask(question, 60), Found)


@pytest.mark.parametrize("kind", KINDS)
def test_the_script_is_the_same_text_whatever_was_asked_before(kind: str) -> None:
    for seed in range(2):
        scene, questions = a_scene(kind, Random(f"{kind} {seed}"))
        engine = Z3Engine(scene)
        before = [engine.smtlib(question) for question in questions]
        for question in questions:
            engine.ask(question, 60)
        assert [engine.smtlib(question) for question in reversed(questions)] == before[::-1]
        again, same = a_scene(kind, Random(f"{kind} {seed}"))
        assert [Z3Engine(again).smtlib(question) for question in same] == before
