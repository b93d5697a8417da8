"""The house's rules hold after every step of random and hostile command sequences."""

from __future__ import annotations

import random
from typing import get_args

import hostile
import pytest
from core_machine import EVALUATORS, HouseMachine
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from everycall.core import commands as c
from everycall.core.base import snake
from everycall.core.events import AnyEvent
from everycall.core.retiring import Recalled

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def test_the_house_rules_hold_whatever_is_asked_and_reported() -> None:
    run_state_machine_as_test(
        HouseMachine,
        settings=settings(
            max_examples=100,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            print_blob=True,
            suppress_health_check=SLOW,
        ),
    )


@pytest.mark.soak
def test_the_house_rules_hold_for_long() -> None:
    run_state_machine_as_test(
        HouseMachine,
        settings=settings(
            max_examples=1500,
            stateful_step_count=80,
            deadline=None,
            print_blob=True,
            suppress_health_check=SLOW,
        ),
    )


def walk(seed: int, steps: int, machine: HouseMachine | None = None) -> HouseMachine:
    """A long random walk; what it finds is named by its seed."""
    rng = random.Random(seed)
    machine = HouseMachine() if machine is None else machine
    machine.begin(seal=rng.random() < 0.8, evaluator=rng.choice(EVALUATORS), staffed=rng.random() < 0.7)
    for _ in range(steps):
        chance = rng.random()
        if chance < 0.08:
            machine.a_little_later(rng.randrange(90))
        elif chance < 0.12:
            machine.much_later(rng.choice((2, 5, 12, 45, 300, 1500, 6000)))
        elif chance < 0.13:
            machine.other_rules_are_loaded(rng.choice(EVALUATORS))
        elif chance < 0.14:
            machine.restart()
        elif chance < 0.17:
            machine.recall(rng.randrange(10))
        else:
            group = rng.choice(sorted(hostile.GROUPS))
            machine.step(*hostile.command(rng, machine.floor.state, machine.floor.now, group))
    machine.teardown()
    return machine


@pytest.mark.parametrize("seed", range(120))
def test_the_house_rules_hold_on_a_long_walk(seed: int) -> None:
    walk(seed, 150)


@pytest.mark.soak
def test_the_house_rules_hold_on_thousands_of_walks() -> None:
    for seed in range(1_000_000, 1_004_000):
        try:
            walk(seed, 150)
        except Exception as error:
            raise AssertionError(f"walk({seed}, 150)") from error


def test_the_walks_meet_every_command_and_every_event() -> None:
    """A machine that never gets anywhere proves nothing."""
    made = {name for group in hostile.GROUPS.values() for name in group}
    assert made == {snake(kind.__name__) for kind in get_args(c.AnyCommand)}
    seen = {type(event) for seed in range(40) for event in walk(seed, 150).floor.events}
    assert set(get_args(AnyEvent)) - seen <= {Recalled}
