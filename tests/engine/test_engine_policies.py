"""The engine finds the policy in force and the certificates; that it cannot find one stops no call."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from engine_centres import CentreUnderTest, MemoryCentre, adopting, check, command, do, take
from engine_in_memory import START
from floor_driver import ADMINISTRATOR, Rules

from everycall.core.base import DAY, HOUR, SECOND
from everycall.core.needs import NeedAsked
from everycall.core.refusals import Refusal
from everycall.engine.policies import ASK_AGAIN_AFTER
from everycall.engine.ports import OneEvaluator

if TYPE_CHECKING:
    from everycall.core.versions import AdoptPolicy

A, B = "a" * 64, "b" * 64


def rule_of(centre: CentreUnderTest) -> str:
    """The rule by which a call gets its help now."""
    take(centre, open_incident=True, needs=(NeedAsked(service="police", type="burglary"),))
    incident = list(centre.engine.state.incidents.values())[-1]
    return incident.responses["police"].plan.rule


def refused(centre: CentreUnderTest, body: AdoptPolicy) -> str:
    answer = centre.engine.handle(command(body, actor=ADMINISTRATOR))
    assert isinstance(answer, Refusal)
    return answer.code


def test_the_policy_in_force_is_found_by_its_hash_once_and_again_after_a_restart(centre: CentreUnderTest) -> None:
    assert rule_of(centre) == "house:send"
    assert centre.policies.asked == []
    do(centre, adopting(centre, Rules(policy=A)), actor=ADMINISTRATOR)
    assert [rule_of(centre) for _ in range(3)] == ["burglary"] * 3
    assert centre.policies.asked == [A]
    do(centre, adopting(centre, Rules(policy=B)), actor=ADMINISTRATOR)
    assert rule_of(centre) == "burglary"
    assert centre.policies.asked == [A, B]
    centre.restart()
    assert rule_of(centre) == "burglary"
    assert centre.policies.asked == [A, B, B]
    check(centre)


def test_a_version_whose_day_has_come_is_found_then(memory: MemoryCentre) -> None:
    do(memory, adopting(memory, Rules(policy=A)), actor=ADMINISTRATOR)
    later = adopting(memory, Rules(policy=B), effective_from=START + DAY)
    do(memory, later, actor=ADMINISTRATOR)
    rule_of(memory)
    assert memory.policies.asked == [A]
    memory.clock.at = START + DAY
    memory.engine.advance()
    assert memory.policies.asked == [A, B]
    assert memory.engine.state.policy is not None
    assert memory.engine.state.policy.policy == B
    check(memory)


@pytest.mark.parametrize("why", ["gone", "fails", "another text"])
def test_a_policy_that_cannot_be_found_leaves_the_houses_rules_is_shown_and_is_said_once(
    memory: MemoryCentre, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    body = adopting(memory, Rules(policy=A))
    if why == "gone":
        memory.policies.texts.clear()
    elif why == "another text":
        memory.policies.texts[A] = Rules(policy=B)
    else:
        memory.policies.fails = True
    with caplog.at_level(logging.WARNING):
        do(memory, body, actor=ADMINISTRATOR)
        assert [rule_of(memory) for _ in range(3)] == ["house:send"] * 3
        memory.clock.at += 2 * HOUR
        assert rule_of(memory) == "house:send"
    said = [record for record in caplog.records if "cannot be found" in record.getMessage()]
    assert len(said) == 1
    assert memory.engine.policy_missing == A
    check(memory)


def test_a_policy_that_is_found_again_decides_again(memory: MemoryCentre) -> None:
    body = adopting(memory, Rules(policy=A))
    memory.policies.fails = True
    do(memory, body, actor=ADMINISTRATOR)
    assert rule_of(memory) == "house:send"
    memory.policies.fails = False
    assert rule_of(memory) == "house:send", "it is not looked for at each call"
    memory.clock.at += ASK_AGAIN_AFTER + SECOND
    assert rule_of(memory) == "burglary"
    assert memory.engine.policy_missing is None


def test_while_none_is_in_force_nothing_is_missing(memory: MemoryCentre) -> None:
    assert rule_of(memory) == "house:send"
    assert memory.engine.policy_missing is None
    body = adopting(memory, Rules(policy=A), effective_to=START + HOUR)
    memory.policies.fails = True
    do(memory, body, actor=ADMINISTRATOR)
    memory.engine.advance()
    assert memory.engine.policy_missing == A
    memory.clock.at = START + HOUR
    memory.engine.advance()
    assert memory.engine.state.policy is None
    assert memory.engine.policy_missing is None


def test_a_certificate_that_cannot_be_found_or_read_is_none(centre: CentreUnderTest) -> None:
    body = adopting(centre, Rules(policy=A))
    centre.certificates.fails = True
    assert refused(centre, body) == "certificate_missing"
    centre.certificates.fails = False
    held = dict(centre.certificates.held)
    centre.certificates.held.clear()
    assert refused(centre, body) == "certificate_missing"
    centre.certificates.held.update(held)
    do(centre, body, actor=ADMINISTRATOR)
    check(centre)


def test_one_evaluator_that_is_at_hand_is_that_of_its_own_text_only() -> None:
    rules = Rules(policy=A)
    assert OneEvaluator(rules).find(A) is rules
    assert OneEvaluator(rules).find(B) is None
