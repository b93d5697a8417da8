"""The log fails: nothing acknowledged is lost, no call is dropped, and everybody is told at once (rule 5)."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

import hostile
import pytest
from engine_centres import START, CentreUnderTest, MemoryCentre, RecordCentre, check, command, do, envelopes, take
from engine_in_memory import MemoryLog, MemorySeals
from hypothesis import given, settings
from hypothesis import strategies as st

from everycall.centre.balance_view import balance_of
from everycall.core.base import SECOND
from everycall.core.calls import AbandonCall, AnswerCall, CallTaken, NeedAdded, TakeCall
from everycall.core.commands import Command
from everycall.core.needs import NeedAsked
from everycall.core.refusals import Refusal
from everycall.core.sealed import Private
from everycall.engine.answers import Done, Spooled, Unavailable
from everycall.engine.loop import Engine

if TYPE_CHECKING:
    from concurrent.futures import Future

    from everycall.core.commands import AnyCommand
    from everycall.engine.answers import Answer


def test_a_call_is_spooled_and_anything_else_is_told_so_at_once(centre: CentreUnderTest) -> None:
    take(centre)
    centre.break_writes()
    spooled = centre.engine.handle(command(TakeCall(channel="text")))
    assert isinstance(spooled, Spooled)
    assert "cannot be written" in spooled.because
    other = centre.engine.handle(command(AnswerCall(call="C000001")))
    assert isinstance(other, Unavailable)
    assert other.instead
    assert centre.engine.failure is not None
    assert centre.engine.spooled == 1


def test_the_state_that_ran_ahead_is_thrown_away(centre: CentreUnderTest) -> None:
    """What the log never got is counted as spooled, and not in the tables besides."""
    take(centre)
    centre.break_writes()
    centre.engine.handle(command(TakeCall(needs=(NeedAsked(), NeedAsked(service="fire")))))
    centre.engine.advance()
    check(centre)
    assert centre.engine.balance.calls == 1
    assert centre.engine.spooled == 1
    assert centre.engine.spooled_needs == 2
    centre.recover()
    assert centre.engine.spooled_needs == 0
    assert centre.engine.balance.requests.received == 3


@pytest.mark.parametrize("body", [TakeCall(), AnswerCall(call="C000001")], ids=["a call", "anything else"])
def test_a_command_before_which_the_log_fails_leaves_no_trace_in_the_state(
    memory: MemoryCentre, body: AnyCommand
) -> None:
    """The deadline that passes as it comes is what cannot be written; what is decided then would run ahead."""
    take(memory)
    memory.clock.wait(3_600)
    memory.log.fails_at = 0
    answer = memory.engine.handle(command(body))
    assert isinstance(answer, Spooled if isinstance(body, TakeCall) else Unavailable)
    check(memory)
    assert memory.engine.balance.calls == 1
    assert memory.engine.spooled == int(isinstance(body, TakeCall))
    memory.recover()
    assert memory.engine.balance.calls == 1 + int(isinstance(body, TakeCall))
    check(memory)


def test_recovered_calls_enter_once_in_order_with_their_own_times(centre: CentreUnderTest) -> None:
    take(centre)
    centre.break_writes()
    for number in range(5):
        centre.clock.wait(10)
        key = f"outage-{number}"
        assert isinstance(centre.engine.handle(command(TakeCall(external=key), key)), Spooled)
    centre.clock.wait(3_600)
    answers = centre.recover()
    assert [answer.command for answer in answers if isinstance(answer, Done)] == [
        f"outage-{number}" for number in range(5)
    ]
    calls = list(centre.engine.state.calls.values())[1:]
    assert [call.external for call in calls] == [f"outage-{number}" for number in range(5)]
    assert [call.received_at for call in calls] == [START + 10 * SECOND * n for n in range(1, 6)]
    centre.recover()
    centre.restart()
    assert centre.engine.balance.calls == 6, "and never again"
    check(centre)


def test_a_call_in_flight_keeps_the_time_at_which_it_came(memory: MemoryCentre) -> None:
    """Not that of the failure, which may be noticed later."""
    memory.log.hold()
    promised = memory.engine.submit(command(TakeCall()))
    memory.clock.wait(30)
    memory.break_writes()
    answer = promised.result(timeout=5)
    assert isinstance(answer, Spooled)
    assert answer.at == START
    memory.recover()
    assert memory.engine.state.calls["C000001"].received_at == START


def test_calls_in_flight_are_kept_before_those_that_came_after_the_failure(on_record: RecordCentre) -> None:
    take(on_record)
    on_record.break_writes()
    keys = [f"order-{number:03d}" for number in range(200)]
    promised = [on_record.engine.submit(command(TakeCall(external=key), key)) for key in keys]
    assert all(isinstance(promise.result(timeout=10), Spooled) for promise in promised)
    on_record.recover()
    calls = list(on_record.engine.state.calls.values())[1:]
    assert [call.external for call in calls] == keys
    check(on_record)


def test_a_spooled_call_that_is_sent_again_waits_once(centre: CentreUnderTest) -> None:
    centre.break_writes()
    same = command(TakeCall(), "again")
    first = centre.engine.handle(same)
    centre.clock.wait(60)
    assert centre.engine.handle(same) == first
    assert centre.engine.spooled == 1
    other = centre.engine.handle(command(TakeCall(channel="alarm"), "again"))
    assert isinstance(other, Refusal)
    assert other.code == "id_used_already"
    centre.recover()
    answer = centre.engine.handle(same)
    assert isinstance(answer, Done), "its sender, trying again, hears that it is recorded"
    assert centre.engine.handle(same) == answer
    assert centre.engine.balance.calls == 1
    centre.restart()
    assert centre.engine.handle(same) == answer
    check(centre)


def test_what_was_acknowledged_before_is_known_while_the_log_fails(centre: CentreUnderTest) -> None:
    call = command(TakeCall(), "before")
    refusal = command(AnswerCall(call="nobody"), "refused before")
    answers = [centre.engine.handle(call), centre.engine.handle(refusal)]
    centre.break_writes()
    assert isinstance(centre.engine.handle(command(TakeCall())), Spooled)
    assert [centre.engine.handle(call), centre.engine.handle(refusal)] == answers


def test_a_call_that_became_durable_although_the_log_failed_enters_once(memory: MemoryCentre) -> None:
    """A disk can report an error and have the bytes nevertheless."""
    memory.log.hold()
    promised = memory.engine.submit(command(TakeCall(), "both"))
    batch = memory.log._queue[0]
    memory.break_writes()
    assert isinstance(promised.result(timeout=5), Spooled)
    memory.disk.entries.extend(data for data, _ in batch.entries)
    memory.disk.commands["both"] = batch.known
    answers = memory.recover()
    assert len(answers) == 1
    assert isinstance(answers[0], Done)
    assert memory.engine.balance.calls == 1
    assert memory.disk.spool == []
    check(memory)


def test_a_crash_between_entering_and_clearing_the_spool_repeats_nothing(memory: MemoryCentre) -> None:
    memory.break_writes()
    memory.engine.handle(command(TakeCall(), "crash"))
    items = list(memory.disk.spool)
    memory.recover()
    memory.disk.spool[:] = items
    memory.restart()
    assert memory.engine.balance.calls == 1
    assert memory.engine.spooled == 0
    check(memory)


def test_a_log_that_fails_again_while_calls_enter_loses_none(memory: MemoryCentre) -> None:
    memory.break_writes()
    for number in range(6):
        memory.clock.wait(1)
        memory.engine.handle(command(TakeCall(external=f"s{number}"), f"s{number}"))
    memory.log = MemoryLog(memory.disk)
    memory.log.fails_at = 3
    memory.engine.recover(memory.log)
    assert memory.engine.failure is not None
    assert memory.engine.balance.calls == 3
    assert memory.engine.spooled == 3, "those that entered are not counted twice"
    memory.recover()
    externals = [call.external for call in memory.engine.state.calls.values()]
    assert externals == [f"s{number}" for number in range(6)]
    assert memory.disk.spool == []
    check(memory)


def test_when_the_spool_fails_too_the_sender_is_told_that_nothing_holds_the_call(
    memory: MemoryCentre, caplog: pytest.LogCaptureFixture
) -> None:
    memory.spool.fails = True
    memory.log.hold()
    promised = memory.engine.submit(command(TakeCall()))
    memory.break_writes()
    for answer in (promised.result(timeout=5), memory.engine.handle(command(TakeCall()))):
        assert isinstance(answer, Unavailable)
        assert "spool fails too" in answer.because
        assert "Write it down" in answer.instead
    assert "could not be spooled" in caplog.text


def test_an_item_that_does_not_open_stays_and_keeps_no_other_call_out(
    memory: MemoryCentre, caplog: pytest.LogCaptureFixture
) -> None:
    memory.break_writes()
    memory.engine.handle(command(TakeCall(), "sound"))
    memory.disk.spool.insert(0, b"\xff\x00 no item at all")
    memory.restart()
    assert memory.engine.balance.calls == 1
    assert memory.engine.spooled == 1, "it is counted until somebody has looked at it"
    assert memory.disk.spool == [b"\xff\x00 no item at all"]
    assert "cannot be read" in caplog.text


def test_a_spooled_call_whose_id_turns_out_to_be_taken_enters_all_the_same(memory: MemoryCentre) -> None:
    memory.engine.handle(command(TakeCall(channel="text"), "mine"))
    memory.break_writes()
    memory.log.reads_fail = True
    assert isinstance(memory.engine.handle(command(TakeCall(channel="alarm"), "mine")), Spooled)
    memory.recover()
    assert [call.channel for call in memory.engine.state.calls.values()] == ["text", "alarm"]
    memory.restart()
    assert memory.engine.balance.calls == 2


def test_a_log_that_cannot_be_read_is_a_log_that_fails(memory: MemoryCentre) -> None:
    take(memory)
    memory.restart()  # after which ids have to be looked up
    memory.log.reads_fail = True
    assert isinstance(memory.engine.handle(command(TakeCall())), Spooled)
    assert isinstance(memory.engine.handle(command(AnswerCall(call="C000001"))), Unavailable)
    memory.recover()
    assert memory.engine.balance.calls == 2
    check(memory)


def test_no_personal_value_stands_in_the_spool(on_record: RecordCentre) -> None:
    on_record.break_writes()
    secret = "CANARY Jane Roe"
    answer = on_record.engine.handle(command(TakeCall(words=Private(value=secret)), "quiet"))
    assert isinstance(answer, Spooled)
    stored = b"".join(path.read_bytes() for path in on_record.path.parent.iterdir())
    assert b"quiet" in stored
    assert b"CANARY" not in stored
    on_record.recover()
    words = on_record.engine.state.calls["C000001"].words
    assert words is not None
    row = on_record.embedded.record.seal_row(words.reference)
    assert row is not None
    assert on_record.embedded.record.sealer().open(row, words.commitment) == secret


def test_the_balance_of_a_record_counts_what_waits_in_its_spool(on_record: RecordCentre) -> None:
    take(on_record)
    on_record.break_writes()
    two = (NeedAsked(), NeedAsked())
    on_record.engine.handle(command(TakeCall(needs=two)))
    on_record.engine.handle(command(TakeCall(self_initiated=True)))
    sheet = balance_of(on_record.path)
    assert (sheet.balance.requests.received, sheet.open_requests, sheet.spooled) == (1, 1, 2)
    assert sheet.spooled_self_initiated == 1
    assert sheet.holds
    on_record.recover()
    sheet = balance_of(on_record.path)
    assert (sheet.balance.requests.received, sheet.open_requests, sheet.spooled) == (3, 3, 0)
    assert sheet.holds


def test_nobody_waits_for_ever_when_the_log_fails_under_load(on_record: RecordCentre) -> None:
    take(on_record)
    promised: list[Future[Answer]] = []
    for number in range(400):
        if number == 200:
            on_record.break_writes()
        body = TakeCall() if number % 2 else AbandonCall(call="C000001")
        promised.append(on_record.engine.submit(command(body, f"load-{number}")))
    answers = [promise.result(timeout=10) for promise in promised]
    durable = {e.command for e in envelopes(on_record)}
    for answer in answers:
        if isinstance(answer, Done):
            assert answer.command in durable
    kept = sum(isinstance(answer, Spooled) for answer in answers)
    assert kept == on_record.engine.spooled > 0
    on_record.recover()
    assert on_record.engine.balance.calls == 1 + 200
    check(on_record)


def test_an_engine_without_a_spool_says_so() -> None:
    centre = MemoryCentre()
    engine = Engine(centre.log, centre.clock, MemorySeals())
    centre.log.break_now()
    assert isinstance(engine.handle(command(TakeCall())), Unavailable)


STREAM = settings(max_examples=25, deadline=None)


@STREAM
@given(seed=st.integers(0, 2**32), fails=st.lists(st.integers(0, 60), max_size=4), held=st.booleans())
def test_conservation_holds_whatever_comes_and_whenever_the_log_fails(
    seed: int, fails: list[int], *, held: bool
) -> None:
    hostile_stream(seed, fails, 120, held=held)


@pytest.mark.soak
@settings(max_examples=1_500, deadline=None)
@given(seed=st.integers(0, 2**32), fails=st.lists(st.integers(0, 200), max_size=8), held=st.booleans())
def test_conservation_holds_for_long(seed: int, fails: list[int], *, held: bool) -> None:
    hostile_stream(seed, fails, 400, held=held)


def hostile_stream(seed: int, fails: list[int], length: int, *, held: bool) -> None:
    """Random commands, a log that fails at these commits, and an account of every call on the side."""
    rng = random.Random(seed)
    centre = MemoryCentre()
    taken: dict[str, int] = {}
    acknowledged: dict[str, tuple[Command, Answer]] = {}
    failures = iter(fails)
    centre.log.fails_at = next(failures, None)
    for number in range(length):
        group = rng.choice(sorted(hostile.GROUPS))
        actor, body, at = hostile.command(rng, centre.engine.state, centre.engine.now, group)
        sent = Command(id=f"h{number}", actor=actor, body=body, at=at)
        if held:
            centre.log.hold()
        promised = centre.engine.submit(sent) if centre.engine.failure or not held else None
        if promised is None:
            waiting = threading.Timer(0.002, centre.log.release)
            waiting.start()
            promised = centre.engine.submit(sent)
            waiting.join()
        answer = promised.result(timeout=5)
        if isinstance(body, TakeCall):
            assert isinstance(answer, (Done, Spooled)), "a call is never refused"
            taken[sent.id] = max(1, len(body.needs))
        if isinstance(answer, (Done, Refusal)):
            acknowledged[sent.id] = (sent, answer)
        centre.clock.wait(rng.choice((0, 0, 1, 30, 600, 90_000)))
        if rng.random() < 0.05:
            centre.engine.advance()
        if centre.engine.failure is not None:
            centre.engine.advance()
            check(centre)
            if rng.random() < 0.3:
                centre.log = MemoryLog(centre.disk)
                centre.log.fails_at = next(failures, None)
                centre.engine.recover(centre.log)
        elif rng.random() < 0.05:
            centre.restart()
            centre.log.fails_at = next(failures, None)
    if centre.engine.failure is None:
        centre.break_writes()
        centre.engine.advance()
    check(centre)
    centre.recover()
    check(centre)
    assert centre.engine.spooled == 0
    for sent, answer in acknowledged.values():
        again = centre.engine.handle(sent)
        assert again == answer, "what was acknowledged is in the log, with its answer"
    received: dict[str, int] = {}
    for envelope in envelopes(centre):
        event = envelope.body
        more = len(event.needs) if isinstance(event, CallTaken) else isinstance(event, NeedAdded)
        received[envelope.command] = received.get(envelope.command, 0) + int(more)
    assert {key: received.get(key) for key in taken} == taken, "each call is in, once, with all its needs"
    assert not any(b"CANARY" in data for data in centre.entries())


def test_do_is_an_assertion(memory: MemoryCentre) -> None:
    with pytest.raises(AssertionError):
        do(memory, AnswerCall(call="nobody"))
