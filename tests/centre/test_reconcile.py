"""The switch's log against the record: what was never entered is found, and no more is claimed than is known."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from reconcile_towns import NOON, Entered, Rang, make_log, make_record, microseconds

from everycall.centre.reconcile_cli import reconcile
from everycall.centre.reconcile_hours import reconcile_hours
from everycall.centre.reconcile_record import RecordCall, RecordSide
from everycall.exchange.switch_log import SWITCH_HOURS

if TYPE_CHECKING:
    from pathlib import Path

    from everycall.core.vocabulary import Channel


def run(capsys: pytest.CaptureFixture[str], record: Path, log: Path, **options: Any) -> tuple[int, dict[str, Any]]:
    """The verb's status and its JSON."""
    capsys.readouterr()
    status = reconcile(record, log, json=True, **options)
    found = capsys.readouterr()
    return status, json.loads(found.out) if found.out else {"error": found.err}


def shown(capsys: pytest.CaptureFixture[str], record: Path, log: Path, **options: Any) -> str:
    capsys.readouterr()
    reconcile(record, log, **options)
    found = capsys.readouterr()
    assert found.err == ""
    return " ".join(found.out.split())


def many(count: int, seed: int = 1) -> list[float]:
    """Call times, far enough apart that nothing is doubtful."""
    rng = random.Random(seed)
    return [60 + number * 100 + rng.randrange(40) for number in range(count)]


def test_when_all_were_entered_it_says_so_and_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = many(40)
    record = make_record(tmp_path / "r", [Entered(at, answered_after=5) for at in times])
    log = make_log(tmp_path / "s.csv", [Rang(at) for at in times])
    status, found = run(capsys, record, log)
    assert status == 0
    assert found["all_entered"]
    assert found["switch"]["all"] == {
        "received": 40, "by_id": 0, "by_time": 40, "on_another_line": 0, "not_in_the_record": 0,
        "outside_the_record": 0,
    }  # fmt: skip
    assert found["record"] == {"compared": 40, "at_the_switch": 40, "not_at_the_switch": 0, "outside_the_log": 0}
    assert found["skew_seconds"] == 0
    assert found["compared"] == "ring"


def test_calls_that_hung_up_and_were_never_entered_are_the_point_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = many(40)
    gone = times[5], times[6], times[20]
    record = make_record(tmp_path / "r", [Entered(at, answered_after=5) for at in times if at not in gone])
    log = make_log(tmp_path / "s.csv", [Rang(at, answered=at not in gone[:2], wait=19) for at in times])
    status, found = run(capsys, record, log)
    assert status == 1
    assert found["switch"]["abandoned"]["not_in_the_record"] == 2
    assert found["switch"]["answered"]["not_in_the_record"] == 1
    listed = {(call["at"], call["answered"]) for call in found["not_in_the_record"]}
    assert listed == {(microseconds(at), at == gone[2]) for at in gone}
    text = shown(capsys, record, log)
    assert "Abandoned at the switch and not in the record: 2" in text
    assert "Not in the record: 3 calls at the switch" in text
    assert "probably, not certainly" in text
    assert "2026-05-03 12:" in text


def test_calls_are_found_by_the_switchs_id_first_and_that_is_certain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Although another call is nearer in time."""
    calls = [Entered(100, external="a"), Entered(130, external="b"), Entered(900, external="c")]
    record = make_record(tmp_path / "r", calls)
    log = make_log(tmp_path / "s.csv", [Rang(128, key="a"), Rang(131, key="b"), Rang(900, key="z")])
    status, found = run(capsys, record, log, skew=0)
    assert status == 0
    assert (found["switch"]["all"]["by_id"], found["switch"]["all"]["by_time"]) == (2, 1)
    assert found["doubtful"] == 0


def test_equal_ids_of_another_numbering_are_not_the_same_calls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both count from 1, one by incidents, the other by calls."""
    record = make_record(
        tmp_path / "r", [Entered(200 * n + n * n, external=str(n)) for n in range(1, 25)], until=20_000
    )
    log = make_log(tmp_path / "s.csv", [Rang(60 + 700 * n, key=str(n)) for n in range(1, 25)])
    status, found = run(capsys, record, log)
    assert status == 1
    assert found["switch"]["all"]["by_id"] == 0
    assert found["foreign_ids"] == 24
    assert "not taken for the same calls" in shown(capsys, record, log)


def test_ids_that_begin_anew_each_day_meet_their_own_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = [0, 86_400, 172_800]
    calls = [Entered(day + 500 * n, external=str(n)) for day in days for n in range(1, 9)]
    record = make_record(tmp_path / "r", calls, until=200_000)
    log = make_log(tmp_path / "s.csv", [Rang(day + 500 * n, key=str(n)) for day in days for n in range(1, 9)])
    status, found = run(capsys, record, log)
    assert status == 0
    assert found["switch"]["all"]["by_id"] == 24


def test_legs_of_one_call_count_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = make_record(tmp_path / "r", [Entered(100, answered_after=9), Entered(900, answered_after=9)])
    legs = [Rang(100, answered=False, key="a"), Rang(140, key="a"), Rang(900), Rang(900)]
    other = [Rang(1_500, number="1", key=""), Rang(1_500, number="2", key="")]
    log = make_log(tmp_path / "s.csv", [*legs, *other])
    status, found = run(capsys, record, log, skew=0)
    assert status == 1
    assert found["switch"]["all"]["received"] == 4, "two callers in one second are two calls"
    assert found["switch"]["repeated_rows"] == 2
    assert found["switch"]["answered"]["received"] == 4, "a call that a second leg answered was answered"
    assert found["switch"]["all"]["not_in_the_record"] == 2


def test_a_call_that_was_entered_twice_is_once_not_at_the_switch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = make_record(tmp_path / "r", [Entered(100), Entered(103), Entered(800)])
    log = make_log(tmp_path / "s.csv", [Rang(100), Rang(800)])
    status, found = run(capsys, record, log)
    assert status == 0
    assert found["record"]["not_at_the_switch"] == 1
    assert found["not_at_the_switch"][0]["call"] == "C000003"


@pytest.mark.parametrize("skew", [-300, -47, 47, 300])
def test_a_clock_that_is_wrong_is_found_said_and_taken_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], skew: int
) -> None:
    times = many(60)
    record = make_record(tmp_path / "r", [Entered(at) for at in times if at != times[30]])
    log = make_log(tmp_path / "s.csv", [Rang(at) for at in times], skew=skew)
    status, found = run(capsys, record, log)
    assert status == 1
    assert found["skew_seconds"] == -skew
    assert found["skew_from"] == "times"
    assert [call["at"] for call in found["not_in_the_record"]] == [microseconds(times[30] + skew)]
    assert "a clock that is wrong, or the delay until entry" in shown(capsys, record, log)
    _, without = run(capsys, record, log, skew=0)
    assert without["switch"]["all"]["not_in_the_record"] > 5
    _, given = run(capsys, record, log, skew=float(-skew))
    assert given["skew_from"] == "given"
    assert given["switch"]["all"]["not_in_the_record"] == 1


def test_which_of_two_equally_near_was_entered_is_not_claimed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = make_record(tmp_path / "r", [Entered(110), Entered(900)])
    log = make_log(tmp_path / "s.csv", [Rang(105, answered=False), Rang(115), Rang(900)])
    status, found = run(capsys, record, log)
    assert status == 1
    assert found["doubtful"] == 2
    assert found["switch"]["all"]["not_in_the_record"] == 1, "that one is missing is known"
    text = shown(capsys, record, log)
    assert "which of them was entered is not known; how many were is" in text


def test_a_call_on_an_emergency_line_is_not_explained_by_another_lines_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not as probable: as perhaps, and only when it is nobody else's."""
    record = make_record(tmp_path / "r", [Entered(100, "ten_digit_line"), Entered(500, "ten_digit_line")])
    log = make_log(tmp_path / "s.csv", [Rang(101, line="911-1"), Rang(100, line="Admin"), Rang(501, line="911-2")])
    status, found = run(capsys, record, log)
    assert status == 1
    assert found["switch"]["all"]["by_time"] == 1
    assert found["switch"]["all"]["on_another_line"] == 1
    assert [call["line"] for call in found["not_in_the_record"]] == ["911-1"]


@pytest.mark.parametrize("channel", ["not_recorded", "other_agency", "alarm"])
def test_a_channel_that_may_be_the_telephone_is_perhaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], channel: Channel
) -> None:
    record = make_record(tmp_path / "r", [Entered(100, channel, ringing=False)])
    status, found = run(capsys, record, make_log(tmp_path / "s.csv", [Rang(100)]))
    assert status == 0
    assert found["switch"]["all"]["on_another_line"] == 1
    assert found["record"]["compared"] == 0


@pytest.mark.parametrize("channel", ["text", "email", "walk_in", "unit_observation"])
def test_what_did_not_come_by_telephone_is_not_matched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], channel: Channel
) -> None:
    record = make_record(tmp_path / "r", [Entered(100, channel, ringing=False)])
    status, found = run(capsys, record, make_log(tmp_path / "s.csv", [Rang(100)]))
    assert status == 1
    assert found["switch"]["all"]["not_in_the_record"] == 1


def test_a_units_own_work_is_no_request_by_telephone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = make_record(tmp_path / "r", [Entered(100, self_initiated=True)])
    assert run(capsys, record, make_log(tmp_path / "s.csv", [Rang(100)]))[0] == 1


def test_answers_are_compared_where_the_record_has_no_ring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rebuilt record has the pick-up; the switch has the ring and the wait. Long waits must not hide it."""
    times = many(30)
    waits = [5 + 7 * number for number in range(30)]
    calls = [Entered(at + wait, ringing=False) for at, wait in zip(times, waits, strict=True)]
    record = make_record(tmp_path / "r", calls, reconstructed=True)
    log = make_log(tmp_path / "s.csv", [Rang(at, wait=wait) for at, wait in zip(times, waits, strict=True)])
    status, found = run(capsys, record, log)
    assert found["compared"] == "answer"
    assert status == 0
    text = shown(capsys, record, log)
    assert "the answer at the switch" in text
    assert "rebuilt from another system's export" in text
    bare = make_log(tmp_path / "b.csv", [Rang(at, wait=None) for at in times])
    assert run(capsys, record, bare)[1]["compared"] == "receipt"
    assert "so the wait lies between the two" in shown(capsys, record, bare)


def test_what_lies_outside_the_records_time_is_not_accused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = make_record(tmp_path / "r", [Entered(100), Entered(6_000)], until=7_200)
    log = make_log(tmp_path / "s.csv", [Rang(-9_000), Rang(100), Rang(20_000)])
    status, found = run(capsys, record, log)
    assert status == 0
    assert found["switch"]["all"]["outside_the_record"] == 2
    assert found["record"]["not_at_the_switch"] == 1
    early = make_log(tmp_path / "t.csv", [Rang(100)])
    assert run(capsys, record, early)[1]["record"]["outside_the_log"] == 1


def test_no_telephone_number_is_printed_or_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = make_record(tmp_path / "r", [Entered(100)])
    calls = [Rang(100, line="7035550123", number="6125550199"), Rang(500, line="(703) 555-0123", key="6125550199")]
    log = make_log(tmp_path / "s.csv", calls)
    text = shown(capsys, record, log)
    run(capsys, record, log)
    reconcile(record, log, json=True, output=tmp_path / "o.csv")
    everything = text + capsys.readouterr().out + (tmp_path / "o.csv").read_text()
    for number in ("5550199", "5550123", "555-0123", "867 5309"):
        assert number not in everything
    assert "ends in 23" in text


def test_the_table_holds_all_that_does_not_match(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = many(60)
    record = make_record(tmp_path / "r", [Entered(at) for at in times[:20]] + [Entered((times[40] + times[41]) / 2)])
    log = make_log(tmp_path / "s.csv", [Rang(at, answered=number % 2 == 0) for number, at in enumerate(times)])
    output = tmp_path / "unmatched.csv"
    text = shown(capsys, record, log, output=output, tolerance=10.0)
    assert "and 20 more: -o FILE writes all of them" in text
    frame = pl.read_csv(output)
    assert dict(frame.group_by("status").len().rows()) == {"not_in_the_record": 40, "not_at_the_switch": 1}
    rows = frame.filter(pl.col("status") == "not_in_the_record")
    assert rows["row"].to_list() == list(range(22, 62)), "the line in the file is enough to look it up"
    assert set(rows["answered"]) == {"answered", "abandoned"}
    assert rows["wait_seconds"].to_list() == [5] * 40


def test_only_emergency_lines_where_that_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = make_record(tmp_path / "r", [Entered(100), Entered(300, "ten_digit_line")])
    log = make_log(tmp_path / "s.csv", [Rang(100), Rang(900, line="Non-Emergency")])
    assert run(capsys, record, log)[0] == 1
    status, found = run(capsys, record, log, emergency_only=True)
    assert status == 0
    assert found["switch"]["all"]["received"] == 1
    assert found["record"]["compared"] == 1


def test_rows_without_a_time_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = make_record(tmp_path / "r", [Entered(100)])
    log = make_log(tmp_path / "s.csv", [Rang(100)])
    log.write_text(log.read_text() + "later,911,yes,1,1,,\n")
    assert "1 of 2 rows of the log have no time that can be read" in shown(capsys, record, log)


UNUSABLE: list[tuple[str, str, str, dict[str, Any]]] = [
    ("another time", "time,line\n2019-01-01T10:00:00Z,911\n", "different times", {}),
    ("no time", "colour,shape\nred,round\n", "--profile", {}),
    ("no offset, another zone", "time\n2026-05-03 12:01:40\n", "no time zone", {"zone": "Mars/Base"}),
    ("negative tolerance", "time\n2026-05-03T12:01:40Z\n", "tolerance", {"tolerance": -1.0}),
    ("no number", "time\n2026-05-03T12:01:40Z\n", "tolerance", {"tolerance": float("nan")}),
    ("absurd skew", "time\n2026-05-03T12:01:40Z\n", "--zone", {"skew": 1e9}),
    ("empty", "", "empty", {}),
    ("header only", "time,line\n", "", {}),
]


@pytest.mark.parametrize(
    ("content", "says", "options"), [case[1:] for case in UNUSABLE], ids=[case[0] for case in UNUSABLE]
)
def test_what_cannot_be_compared_ends_with_2_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, says: str, options: dict[str, Any]
) -> None:
    record = make_record(tmp_path / "r", [Entered(100)])
    (tmp_path / "s.csv").write_text(content)
    status, found = run(capsys, record, tmp_path / "s.csv", **options)
    assert status == 2
    assert says in found["error"]
    assert found["error"].startswith("error: ")


def test_a_file_that_is_no_record_or_no_log_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = make_log(tmp_path / "s.csv", [Rang(100)])
    assert run(capsys, tmp_path / "nothing.record", log)[0] == 2
    assert run(capsys, log, log)[0] == 2
    record = make_record(tmp_path / "r", [Entered(100)])
    assert run(capsys, record, tmp_path / "nothing.csv")[0] == 2
    assert run(capsys, record, record)[0] == 2


def test_the_record_is_only_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = make_record(tmp_path / "r", [Entered(100)])
    before = record.read_bytes()
    run(capsys, record, make_log(tmp_path / "s.csv", [Rang(100)]))
    assert record.read_bytes() == before


HOURS = """
name = "hours"
title = "Marlow Bay, by hours"
kind = "hours"
zone = "UTC"
time = "Hour"
limits = ["Made up."]
[lines.911]
answered = ["E_ans"]
abandoned = "E_ab"
total = "E_all"
[lines.ADM]
answered = ["A_ans"]
abandoned = "A_ab"
total = "A_all"
"""


def hourly(folder: Path, *rows: str) -> dict[str, Path]:
    (folder / "hours.toml").write_text(HOURS)
    lines = ["Hour,E_ans,E_ab,E_all,A_ans,A_ab,A_all", *rows]
    (folder / "hours.csv").write_text("\n".join(lines) + "\n")
    return {"log": folder / "hours.csv", "profile": folder / "hours.toml"}


def test_an_hourly_table_is_compared_by_hour_and_group_of_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = [*(Entered(60 * n) for n in range(1, 7)), *(Entered(60 * n, "ten_digit_line") for n in range(1, 4))]
    calls += [Entered(3_660, "tty"), Entered(3_700, "alarm", ringing=False)]
    record = make_record(tmp_path / "r", calls, until=8_000)
    options = hourly(
        tmp_path,
        "2026-05-03 11:00,0,0,0,0,0,0",
        "2026-05-03 12:00,6,2,8,3,0,3",
        "2026-05-03 13:00,1,0,1,2,1,4",
        "2026-05-03 14:00,9,9,18,0,0,0",
    )
    status, found = run(capsys, record, **options)
    assert status == 1
    groups = {group["lines"]: group for group in found["groups"]}
    assert (groups["911"]["total"], groups["911"]["entered"], groups["911"]["missing"]) == (9, 7, 2)
    assert groups["911"]["missing_answered"] == 0, "calls that hung up explain them"
    assert (groups["ADM"]["total"], groups["ADM"]["entered"], groups["ADM"]["missing"]) == (6, 3, 3)
    assert groups["ADM"]["missing_answered"] == 2
    assert found["hours_outside_the_record"] == 1, "an hour that the record ends in is not compared"
    assert found["hours_that_do_not_add_up"] == 1
    assert found["perhaps_by_telephone"] == 1
    text = shown(capsys, record, **options)
    assert "Lines 911 with the record's channels emergency voice, relay, tty" in text
    assert "Which calls are missing, counts do not say" in text
    status, found = run(capsys, record, **options, output=tmp_path / "h.csv", emergency_only=True)
    assert [group["lines"] for group in found["groups"]] == ["911"]
    assert pl.read_csv(tmp_path / "h.csv")["missing"].to_list() == [0, 2, 0]


def test_where_channels_cannot_be_told_apart_all_lines_are_compared_together_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = [Entered(60 * n, "not_recorded", ringing=False) for n in range(1, 10)]
    record = make_record(tmp_path / "r", calls)
    options = hourly(tmp_path, "2026-05-03 12:00,5,1,6,3,0,3")
    status, found = run(capsys, record, **options)
    assert status == 0
    assert not found["channels_told_apart"]
    assert found["groups"][0]["total"] == found["groups"][0]["entered"] == 9
    assert "cannot be told apart" in shown(capsys, record, **options)


def test_a_count_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = make_record(tmp_path / "r", [Entered(60), Entered(61, "ten_digit_line")])
    options = hourly(tmp_path, "2026-05-03 12:00,x,0,0,1,0,1")
    status, found = run(capsys, record, **options)
    assert status == 0
    assert found["groups"][0]["hours_without_count"] == 1
    assert "no count that can be read" in shown(capsys, record, **options)


def test_the_hour_that_daylight_saving_repeats_holds_the_calls_of_both() -> None:
    hour = microseconds(0)
    calls = [
        RecordCall("C1", "emergency_voice", None, None, hour + n * 1_800_000_000, received_known=True, times={})
        for n in range(5)
    ]
    calls.append(RecordCall("C9", "ten_digit_line", None, None, hour, received_known=True, times={}))
    side = RecordSide("Marlow Bay", "UTC", reconstructed=True, begins=hour, ends=hour * 2, calls=calls)
    frame = pl.DataFrame(
        {
            "hour": [NOON],
            "line_group": ["911"],
            "answered": [4],
            "abandoned": [1],
            "total": [5],
            "adds_up": [True],
            "repeated_hour": [True],
        },
        schema=SWITCH_HOURS,
    )
    (group,) = reconcile_hours(side, frame, "911", "(?!)").groups
    assert (group.sum("entered"), group.sum("missing"), group.sum("missing_answered")) == (4, 1, 0)
    once = reconcile_hours(side, frame.with_columns(repeated_hour=pl.lit(value=False)), "911", "(?!)")
    assert once.groups[0].sum("entered") == 2


@pytest.mark.shared
def test_alexandrias_hours_and_its_record(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last two weeks of the calls and the hours of the same weeks, which the record cannot fill."""
    from everycall.centre.embedded import EmbeddedCentre  # noqa: PLC0415
    from everycall.exchange.imported import read_export  # noqa: PLC0415 - slow to import for the others
    from everycall.simulate.replay import Replay, ReplayClock  # noqa: PLC0415
    from everycall.simulate.replay_rows import known_stamps, rows_of  # noqa: PLC0415

    imported = read_export(shared_data / "calls" / "alexandria_va_decc_2025w35_w46.csv.gz")
    clock = ReplayClock()
    path = tmp_path / "alexandria.record"
    facts = {"reconstructed": "yes", "zone": imported.profile.zone, "stamps": " ".join(known_stamps(imported.calls))}
    late = imported.calls.sort("received_at").tail(1_500)
    with EmbeddedCentre.create(path, centre="alexandria", facts=facts, clock=clock) as centre:
        Replay(centre.engine, clock).run(list(rows_of(late, imported.assignments)))
    hours = shared_data / "calls" / "alexandria_va_decc_phone_hourly_2025w44_w46.csv.gz"
    status, found = run(capsys, path, hours)
    assert status == 1
    groups = {group["lines"]: group for group in found["groups"]}
    assert groups["911"]["hours"] + found["hours_outside_the_record"] == 504
    assert groups["911"]["entered"] < groups["911"]["answered"]
    assert groups["ADM"]["entered"] < groups["ADM"]["answered"]
    assert found["channels_told_apart"]
