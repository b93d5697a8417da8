"""The synthetic day: it balances, holds one of everything, repeats itself, and tells nobody's secrets."""

from __future__ import annotations

import re
import typing
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from everycall.centre import embedded
from everycall.centre.balance_view import balance_of
from everycall.core.base import HOUR, SECOND
from everycall.core.calls import CallTaken
from everycall.core.escalation import DeadlinePassed
from everycall.core.events import AnyEvent, decode_event
from everycall.core.evolve import evolve
from everycall.core.state import State
from everycall.core.versions import Certified, PolicyAdopted
from everycall.core.vocabulary import CHANNELS, OUTCOME_NAMES
from everycall.record import RecordExists, SqliteRecord
from everycall.simulate import town
from everycall.simulate.day import START, run_day
from everycall.simulate.town_policy import certificate_text, policy_text

if TYPE_CHECKING:
    from pathlib import Path

    from everycall.core.event import Event
    from everycall.core.sealed import Sealed
    from everycall.simulate.day import DaySummary

EXPECTED = Counter(
    {
        "less_without_reason": 3,
        "accepted_by_whom": 2,
        "inside_the_chain": 2,
        "nothing_tried": 1,
        "caller_did_not_agree": 1,
        "cancellation_unconfirmed": 1,
        "already_assigned": 1,
        "decline_not_allowed": 1,
        "highest_priority_declined": 1,
        "hold_not_allowed": 1,
        "already_undone": 1,
        "vehicle_out_of_service": 1,
        "merged": 1,
        "no_emergency": 1,
    }
)
"""What the scripts try and must not be allowed."""

NOT_IN_A_DAY = {"PolicyCameIntoForce", "PolicyCountersigned", "PolicyLapsed", "Retired", "Recalled"}
"""These take more than a day, a policy over objection, or a second version."""


class Day(typing.NamedTuple):
    summary: DaySummary
    path: Path
    entries: list[bytes]
    sealed: list[str]

    def events(self) -> list[Event]:
        return [decode_event(data).body for data in self.entries]


@pytest.fixture(scope="module")
def the_day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    path = tmp_path_factory.mktemp("day") / "day.record"
    sealed: list[str] = []
    real = embedded.RecordSeals.seal

    def listening(self: embedded.RecordSeals, value: str, *, searchable: bool) -> tuple[Sealed, object]:
        sealed.append(value)
        return real(self, value, searchable=searchable)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded.RecordSeals, "seal", listening)
        summary = run_day(path)
    return Day(summary, path, entries_of(path), sealed)


def entries_of(path: Path) -> list[bytes]:
    with SqliteRecord.open(path, read_only=True) as record:
        return [data for _, data in record.read()]


def masked(entries: list[bytes]) -> list[bytes]:
    """Events without what is random in them: sealed references, commitments and tokens, and keyed hashes."""
    return [re.sub(rb'"(reference|commitment|token|command_hash)":"[^"]*"', rb'"\1":""', e) for e in entries]


def test_the_day_balances_to_the_last_need_by_the_engine_and_by_the_bytes_of_the_record(the_day: Day) -> None:
    sheet = balance_of(the_day.path)
    assert the_day.summary.balanced
    assert sheet.holds
    assert sheet.balance.requests == the_day.summary.requests
    assert sheet.balance.self_initiated == the_day.summary.self_initiated
    assert the_day.summary.events == len(the_day.entries)


def test_it_is_a_day_of_a_town_and_not_a_handful_of_calls(the_day: Day) -> None:
    summary = the_day.summary
    assert 250 <= summary.calls <= 320
    assert summary.requests.received > summary.calls - summary.self_initiated.received
    assert summary.self_initiated.received >= 10


def test_every_outcome_of_the_closed_list_occurs_but_the_one_for_rebuilt_records(the_day: Day) -> None:
    found = {name for name in OUTCOME_NAMES if the_day.summary.requests.outcomes[name]}
    assert found == set(OUTCOME_NAMES) - {"not_recorded"}


def test_every_channel_occurs(the_day: Day) -> None:
    found = {event.channel for event in the_day.events() if isinstance(event, CallTaken)}
    assert found == set(CHANNELS) - {"not_recorded"}


def test_every_kind_of_event_occurs_that_can_occur_in_a_day(the_day: Day) -> None:
    found = {type(event).__name__ for event in the_day.events()}
    assert found == {kind.__name__ for kind in typing.get_args(AnyEvent)} - NOT_IN_A_DAY


def test_nothing_was_refused_but_what_the_scripts_tried_on_purpose(the_day: Day) -> None:
    assert [(met.process, met.refusal.because) for met in the_day.summary.unexpected] == []
    assert Counter(met.refusal.code for met in the_day.summary.expected) == EXPECTED
    assert all(met.refusal.because and met.refusal.instead for met in the_day.summary.expected)


@pytest.mark.parametrize("seed", [1, 2, 3, 1_000_003])
def test_other_seeds_make_other_days_that_balance_too(seed: int, tmp_path: Path, the_day: Day) -> None:
    path = tmp_path / "other.record"
    summary = run_day(path, seed=seed)
    assert summary.balanced
    assert [(met.process, met.refusal.code, met.refusal.because) for met in summary.unexpected] == []
    assert Counter(met.refusal.code for met in summary.expected) == EXPECTED
    assert masked(entries_of(path)) != masked(the_day.entries)
    assert {name for name in OUTCOME_NAMES if summary.requests.outcomes[name]} == set(OUTCOME_NAMES) - {"not_recorded"}


def test_the_same_seed_makes_the_same_events(the_day: Day, tmp_path: Path) -> None:
    path = tmp_path / "again.record"
    run_day(path)
    again = entries_of(path)
    assert masked(again) == masked(the_day.entries)
    assert again != the_day.entries  # the masks hide something: references are random


def test_no_personal_value_stands_in_clear_in_any_event(the_day: Day) -> None:
    everything = b"\n".join(the_day.entries)
    assert len(the_day.sealed) > 800
    leaked = [value for value in set(the_day.sealed) if value.encode() in everything]
    assert leaked == []
    for shape in (rb"\+1 555", rb"Caller-", rb"RM \d{4}", rb"Street", rb"Road,", rb"The caller said"):
        assert re.search(shape, everything) is None, shape


def test_no_number_with_a_fraction_stands_in_any_event(the_day: Day) -> None:
    assert [e for e in the_day.entries if re.search(rb"[:,\[]-?\d+[.eE]", e)] == []


def test_what_is_still_open_in_the_end_came_in_late_in_the_day(the_day: Day) -> None:
    state = State()
    for event in the_day.events():
        evolve(state, event)
    left = [need for need in state.needs.values() if need.outcome is None]
    assert 0 < len(left) < 12
    assert all(need.opened_at > START + 22 * HOUR for need in left)


def test_the_policy_in_force_is_kept_in_the_record_word_for_word(the_day: Day) -> None:
    adopted = next(event for event in the_day.events() if isinstance(event, PolicyAdopted))
    with SqliteRecord.open(the_day.path, read_only=True) as record:
        assert record.blob(adopted.policy) == policy_text()
        assert isinstance(adopted.standing, Certified)
        assert record.blob(adopted.standing.certificate) == certificate_text()
    assert adopted.reads == ("caller.in_danger", "caller.language")


def test_the_record_says_its_zone_and_that_it_is_made_up(the_day: Day) -> None:
    with SqliteRecord.open(the_day.path, read_only=True) as record:
        assert record.facts["zone"] == town.ZONE
        assert record.facts["made_by"] == "synthetic day"


def test_a_deadline_that_passes_is_recorded_within_a_second_of_when_it_was_due_or_set(the_day: Day) -> None:
    set_at: dict[str, int] = {}
    seen = 0
    for envelope in (decode_event(data) for data in the_day.entries):
        body = envelope.body
        if isinstance(body, DeadlinePassed):
            seen += 1
            key = f"{body.kind}:{body.subject}"
            # What is set on its original clock, as after a preemption, may be overdue from the start.
            assert envelope.recorded_at - max(body.due, set_at[key]) <= SECOND
        for deadline in body.sets:
            set_at[deadline.key] = envelope.recorded_at
    assert seen > 50


def test_a_day_is_not_made_over_another_record(the_day: Day) -> None:
    with pytest.raises(RecordExists):
        run_day(the_day.path)
