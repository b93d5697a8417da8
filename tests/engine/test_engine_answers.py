"""Answers, ids, time: what the engine promises whoever sends a command."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from engine_centres import START, CentreUnderTest, MemoryCentre, RecordCentre, check, command, do, envelopes, take

from everycall.core.base import DAY, SECOND
from everycall.core.calls import AnswerCall, CallStamped, RelateCalls, StampCall, TakeCall, UpdateCall
from everycall.core.escalation import DeadlinePassed
from everycall.core.evolve import evolve as evolve_really
from everycall.core.facts import FactGiven
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import NoEmergency
from everycall.core.refusals import Refusal
from everycall.core.settling import Settle
from everycall.engine.answers import Done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everycall.engine.answers import Answer


def test_a_command_is_answered_only_after_its_events_are_durable(memory: MemoryCentre) -> None:
    memory.log.hold()
    promised = memory.engine.submit(command(TakeCall()))
    assert not promised.done()
    assert memory.entries() == []
    memory.log.release()
    answer = promised.result(timeout=5)
    assert isinstance(answer, Done)
    assert len(memory.entries()) == answer.last


def test_an_answer_names_what_was_made_and_where_it_stands(centre: CentreUnderTest) -> None:
    answer = take(centre, needs=(NeedAsked(service="ems"), NeedAsked(service="police")), open_incident=True)
    assert answer.made[:1] == ("C000001",)
    assert {"C000001-1", "C000001-2"} <= set(answer.made)
    found = envelopes(centre)[answer.first - 1 : answer.last]
    assert {envelope.command for envelope in found} == {answer.command}
    assert found[0].recorded_at == answer.at == START


@pytest.mark.parametrize("moment", ["at once", "after reopening"])
def test_a_retry_gets_the_first_answer_and_changes_nothing(centre: CentreUnderTest, moment: str) -> None:
    first = command(TakeCall(channel="text"), "once")
    answer = centre.engine.handle(first)
    before = centre.entries()
    centre.clock.wait(3)
    if moment == "after reopening":
        centre.restart()
    assert centre.engine.handle(first) == answer
    assert centre.entries() == before
    check(centre)


@pytest.mark.parametrize("moment", ["at once", "after reopening"])
def test_a_refusal_is_the_first_answer_too(centre: CentreUnderTest, moment: str) -> None:
    """Also where the record holds nothing but refusals."""
    wrong = command(AnswerCall(call="C000001"), "too early")
    answer = centre.engine.handle(wrong)
    assert isinstance(answer, Refusal)
    if moment == "after reopening":
        centre.restart()
    assert centre.engine.handle(wrong) == answer
    take(centre)
    assert centre.engine.handle(wrong) == answer, "although it would be carried out now"
    check(centre)


def test_a_retry_while_the_first_is_under_way_gets_its_answer(memory: MemoryCentre) -> None:
    memory.log.hold()
    same = command(TakeCall(), "impatient")
    first, second = memory.engine.submit(same), memory.engine.submit(same)
    other = memory.engine.submit(command(TakeCall(channel="text"), "impatient"))
    assert isinstance(refused := other.result(timeout=5), Refusal)
    assert refused.code == "id_used_already"
    memory.log.release()
    assert first.result(timeout=5) == second.result(timeout=5)
    assert memory.engine.balance.calls == 1


@pytest.mark.parametrize("moment", ["at once", "after reopening"])
def test_the_same_id_with_other_content_is_refused(centre: CentreUnderTest, moment: str) -> None:
    centre.engine.handle(command(TakeCall(channel="text"), "twice"))
    if moment == "after reopening":
        centre.restart()
    answer = centre.engine.handle(command(TakeCall(channel="alarm"), "twice"))
    assert isinstance(answer, Refusal)
    assert answer.code == "id_used_already"
    assert centre.engine.balance.calls == 1


@pytest.mark.parametrize("key", ["", "a\nb", "\x00", "x" * 121, "\ud800", "\u200b"])
def test_an_id_that_no_store_takes_harms_nobody(centre: CentreUnderTest, key: str) -> None:
    """A call is taken all the same, once; anything else is refused; the log goes on."""
    call = command(TakeCall())
    call = type(call)(id=key, actor=call.actor, body=call.body)
    answer = centre.engine.handle(call)
    assert isinstance(answer, Done)
    assert centre.engine.handle(call) == answer
    refused = centre.engine.handle(type(call)(id=key, actor=call.actor, body=AnswerCall(call="C000001")))
    assert isinstance(refused, Refusal)
    assert refused.code == "unusable_id"
    assert centre.engine.failure is None
    assert centre.engine.balance.calls == 1
    check(centre)


def test_very_much_known_about_a_call_is_no_reason_to_lose_it(centre: CentreUnderTest) -> None:
    facts = tuple(FactGiven(name=f"fact{number}", value="x" * 60) for number in range(2_000))
    answer = centre.engine.handle(command(TakeCall(channel="alarm", facts=facts)))
    assert isinstance(answer, Done)
    assert len(centre.engine.state.calls["C000001"].facts) == 2_000
    many = tuple(NeedAsked(service="fire", type="x" * 200) for _ in range(400))
    assert isinstance(centre.engine.handle(command(TakeCall(needs=many))), Done)
    assert centre.engine.balance.requests.received == 401
    named = tuple(f"C{number:06d}" for number in range(1, 3)) * 6_000
    assert isinstance(centre.engine.handle(command(RelateCalls(calls=named))), Refusal)
    assert centre.engine.failure is None
    check(centre)


def test_what_is_larger_than_an_entry_is_taken_as_far_as_it_fits(memory: MemoryCentre) -> None:
    """The log takes less here than the core makes of a call at once; it must not fail of that."""
    memory.log.largest = 1_600
    facts = tuple(FactGiven(name=f"fact{number}", value="x" * 60) for number in range(30))
    answer = memory.engine.handle(command(TakeCall(channel="alarm", facts=facts), "large"))
    assert isinstance(answer, Done)
    call = memory.engine.state.calls["C000001"]
    assert call.channel == "alarm"
    assert call.words is not None
    assert all(fact.name in memory.disk.seals[call.words.reference] for fact in facts), "sealed, and whole"
    assert memory.engine.handle(command(TakeCall(channel="alarm", facts=facts), "large")) == answer
    refused = memory.engine.handle(command(UpdateCall(call="C000001", facts=facts), "other"))
    assert isinstance(refused, Refusal)
    assert refused.code == "too_large"
    assert memory.engine.handle(command(UpdateCall(call="C000001", facts=facts), "other")) == refused
    assert memory.engine.failure is None
    check(memory)


def test_a_fault_of_the_program_is_told_and_a_call_is_taken_all_the_same(
    memory: MemoryCentre, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take(memory)
    real = evolve_really
    broken = {"on": True}

    def evolve(state: object, event: object) -> None:
        real(state, event)  # type: ignore[arg-type]
        if broken["on"] and getattr(event, "channel", "") == "alarm" and getattr(event, "line", None) == "9":
            raise KeyError("a fault")

    monkeypatch.setattr("everycall.engine.loop.evolve", evolve)
    refused = memory.engine.handle(command(StampCall(call="C000001", stamp="answered", at=1)))
    assert isinstance(refused, Done)
    answer = memory.engine.handle(command(TakeCall(channel="alarm", line="9"), "faulty"))
    assert isinstance(answer, Done)
    assert memory.engine.state.calls["C000002"].channel == "alarm"
    assert memory.engine.state.calls["C000002"].words is not None
    assert "could not be carried out" in caplog.text
    broken["on"] = False
    check(memory)
    assert memory.engine.handle(command(TakeCall(channel="alarm", line="9"), "faulty")) == answer


def test_a_fault_at_another_command_leaves_the_state_as_the_log_has_it(
    memory: MemoryCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(memory)
    before = memory.engine.state.encoded()
    real = evolve_really

    def evolve(state: object, event: object) -> None:
        real(state, event)  # type: ignore[arg-type]
        if isinstance(event, CallStamped):
            raise ZeroDivisionError

    monkeypatch.setattr("everycall.engine.loop.evolve", evolve)
    answer = memory.engine.handle(command(StampCall(call="C000001", stamp="answered", at=1), "bad"))
    assert isinstance(answer, Refusal)
    assert answer.code == "fault"
    assert memory.engine.state.encoded() == before
    take(memory)
    check(memory)


def test_now_never_goes_back_when_the_clock_does(centre: CentreUnderTest) -> None:
    take(centre)
    centre.clock.at -= 3_600 * SECOND
    answer = take(centre)
    assert answer.at == START
    centre.restart()
    assert centre.engine.now == START, "nor after reopening, with the clock still wrong"
    assert take(centre).at == START
    check(centre)


def test_time_passes_before_a_command_is_decided(centre: CentreUnderTest) -> None:
    """A deadline that was due stands in the log before the command that came after it, with its own time."""
    take(centre, ringing=True)
    centre.clock.wait(600)
    take(centre)
    found = envelopes(centre)
    passed = [envelope for envelope in found if isinstance(envelope.body, DeadlinePassed)]
    assert passed
    assert passed[0].body.kind == "answer"  # type: ignore[union-attr]
    assert passed[0].sequence < found[-1].sequence
    for envelope in passed:
        assert isinstance(envelope.body, DeadlinePassed)
        assert envelope.occurred_at == envelope.body.due
        assert envelope.recorded_at == START + 600 * SECOND
        assert envelope.actor.role == "system"


@pytest.mark.parametrize("ticks", [1, 7, 400])
def test_due_times_do_not_depend_on_how_often_the_engine_looks(ticks: int) -> None:
    """Nor on a long pause."""

    def due(steps: int) -> list[tuple[str, int, int]]:
        centre = MemoryCentre()
        take(centre, ringing=True)
        take(centre)
        for _ in range(steps):
            centre.clock.wait(3_600 / steps)
            centre.engine.advance()
        return [(e.body.kind, e.body.due, e.body.rung) for e in envelopes(centre) if isinstance(e.body, DeadlinePassed)]

    assert due(ticks) == due(60)
    assert len(due(1)) > 2


def test_deadlines_that_fell_due_while_nothing_ran_pass_after_reopening(centre: CentreUnderTest) -> None:
    take(centre, ringing=True)
    centre.restart()
    centre.clock.wait(60)
    centre.engine.advance()
    passed = [e.body for e in envelopes(centre) if isinstance(e.body, DeadlinePassed)]
    assert passed[0].kind == "answer"
    assert passed[0].due < START + 60 * SECOND
    check(centre)


def test_a_state_built_again_is_the_live_one_byte_for_byte(centre: CentreUnderTest) -> None:
    for number in range(20):
        take(centre, channel="emergency_voice", open_incident=number % 2 == 0)
        centre.clock.wait(40)
    do(centre, Settle(needs=("C000001-1",), outcome=NoEmergency(kind="test", confirmed_by="caller")))
    check(centre)
    live = centre.engine.state.encoded()
    centre.restart()
    assert centre.engine.state.encoded() == live


def test_the_feed_gets_every_entry_once_in_order_after_it_is_durable(centre: CentreUnderTest) -> None:
    seen: list[tuple[int, bytes]] = []
    durable: list[bool] = []
    everything = threading.Event()

    def feed(batch: Sequence[tuple[int, bytes]]) -> None:
        seen.extend(batch)
        stored = centre.disk.entries if isinstance(centre, MemoryCentre) else None
        durable.extend(stored is None or stored[sequence - 1] == data for sequence, data in batch)
        if len(seen) >= centre.engine.sequence and len(seen) > 100:
            everything.set()

    def fails(_: Sequence[tuple[int, bytes]]) -> None:
        raise ZeroDivisionError

    centre.engine.follow(fails)
    centre.engine.follow(feed)
    promised = [centre.engine.submit(command(TakeCall(open_incident=True))) for _ in range(100)]
    answers: list[Answer] = [promise.result(timeout=10) for promise in promised]
    assert everything.wait(timeout=10), "a follower that fails does not keep the others from hearing"
    assert seen == list(enumerate(centre.entries(), 1))
    assert all(durable)
    assert all(isinstance(answer, Done) for answer in answers)


def test_each_command_id_enters_once_whatever_threads_do_with_answers(on_record: RecordCentre) -> None:
    """Many are in flight at a time, each twice."""
    promised = [on_record.engine.submit(command(TakeCall(), f"flight-{number % 300}")) for number in range(600)]
    answers = [promise.result(timeout=30) for promise in promised]
    assert answers[:300] == answers[300:]
    assert on_record.engine.balance.calls == 300
    check(on_record)


def test_a_day_later_the_clock_of_the_centre_is_the_clock(centre: CentreUnderTest) -> None:
    take(centre)
    centre.clock.wait(DAY // SECOND)
    assert take(centre).at == START + DAY
