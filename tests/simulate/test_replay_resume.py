"""A replay that was cut off at any moment is gone on with, and ends as if it had never been cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from replay_tables import Given, assignment, call, tables

from everycall.centre.balance_view import balance_of
from everycall.centre.export import tables_of
from everycall.record import SqliteRecord
from everycall.simulate.replay import OtherReplayError, Replay
from everycall.simulate.replay_cli import replay
from everycall.simulate.replay_record import new_record, resumed_record
from everycall.simulate.replay_rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    import polars as pl

    from everycall.core.commands import Command
    from everycall.engine.answers import Answer
    from everycall.engine.loop import Engine

FACTS = dict.fromkeys(("rows_in", "rejects", "stamps", "unit_stamps", "no_intervals"), "") | {
    "reconstructed": "yes",
    "source": "x.csv",
    "source_sha256": "s",
    "profile_sha256": "p",
    "calls_in_export": "9",
    "outcomes_in_export": "0",
}
DAY = 86_400


def town() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Calls that share an incident, near and after it has left memory; units on two calls; open and late ones."""
    calls: list[Given] = [
        call("M1", first_on_scene_at=300, closed_at=900, outcome="responded", last_type="Fire"),
        call("M2", incident="M1", received_at=200, first_dispatched_at=210, closed_at=950, outcome="duplicate"),
        call("M3", incident="M1", received_at=3 * DAY, closed_at=3 * DAY + 60),
        call("M4", incident="M1", received_at=3 * DAY + 5, closed_at=9 * DAY, last_priority="2"),
        call("M5", received_at="blank", first_on_scene_at=250, closed_at=100, outcome="gone_on_arrival"),
        call("M6", received_at=30 * DAY, outcome=None),
        call("M6", call="M6#2", received_at=30 * DAY, self_initiated=True, agency=None, closed_at="unreadable"),
    ]
    units = [
        assignment("M1/1", "M1", "U1", assigned=60, on_scene=300, clear=800),
        assignment("M1/2", "M1", "U2", assigned=61, en_route="blank", cancelled=400),
        assignment("M2/1", "M2", "U1", assigned=210, on_scene=310, clear=940),
        assignment("M4/1", "M4", "U1", assigned=3 * DAY + 10, clear=3 * DAY + 90),
    ]
    return tables(calls, units)


class CutOffError(Exception):
    """The program is gone."""


def cut_after(engine: Engine, commands: int) -> None:
    """Let an engine take so many commands and no more."""
    submit: Callable[[Command], Future[Answer]] = engine.submit
    left = iter(range(commands))

    def until(command: Command) -> Future[Answer]:
        if next(left, None) is None:
            raise CutOffError
        return submit(command)

    engine.submit = until  # type: ignore[method-assign]


def entries(path: Path) -> list[Any]:
    """All that happened, without what differs from record to record: the keyed hash of a command and seals."""
    with SqliteRecord.open(path, read_only=True) as record:
        found = [msgspec.json.decode(data) for _, data in record.read()]
    for entry in found:
        entry.pop("command_hash", None)
    return found


def whole(path: Path, rows: Sequence[Any]) -> int:
    """Replay without a cut; how many commands that took."""
    with new_record(path, "marlow_bay", FACTS) as held:
        return Replay(held.engine, held.clock).run(rows).commands


def test_cut_off_after_any_command_it_ends_in_the_same_events(tmp_path: Path) -> None:
    """Also twice: what was gone on with is cut off again."""
    rows = list(rows_of(*town()))
    commands = whole(tmp_path / "whole", rows)
    expected = entries(tmp_path / "whole")
    assert commands > 30
    for cut in range(commands + 1):
        path = tmp_path / f"cut{cut}"
        with new_record(path, "marlow_bay", FACTS) as held:
            cut_after(held.engine, cut)
            if cut < commands:
                with pytest.raises(CutOffError):
                    Replay(held.engine, held.clock).run(rows)
            else:
                Replay(held.engine, held.clock).run(rows)
        if cut % 3 == 0 and cut + 4 < commands:
            with resumed_record(path, None, FACTS) as held:
                cut_after(held.engine, cut + 4)
                with pytest.raises(CutOffError):
                    Replay(held.engine, held.clock, held.recorded).run(rows)
        with resumed_record(path, "marlow_bay", FACTS) as held:
            summary = Replay(held.engine, held.clock, held.recorded).run(rows)
        assert summary.commands == commands
        assert summary.known == (min(cut + 4, commands) if cut % 3 == 0 and cut + 4 < commands else cut)
        assert entries(path) == expected, cut


def test_what_is_complete_gains_nothing_by_going_on_with_it(tmp_path: Path) -> None:
    rows = list(rows_of(*town()))
    whole(tmp_path / "r", rows)
    before = entries(tmp_path / "r")
    with resumed_record(tmp_path / "r", None, FACTS) as held:
        summary = Replay(held.engine, held.clock, held.recorded).run(rows)
    assert summary.known == summary.commands
    assert entries(tmp_path / "r") == before


def test_another_table_under_the_same_facts_is_found_out_by_the_content_of_its_commands(tmp_path: Path) -> None:
    """As when another version of this program reads the same export otherwise."""
    whole(tmp_path / "r", list(rows_of(*tables([call("M1"), call("M2")]))))
    with (
        resumed_record(tmp_path / "r", None, FACTS) as held,
        pytest.raises(OtherReplayError, match="another replay:"),
    ):
        Replay(held.engine, held.clock, held.recorded).run(
            list(rows_of(*tables([call("M1"), call("M2", first_type="Fire")])))
        )


OTHERS = [
    ({"source_sha256": "t"}, None, "another file"),
    ({"profile_sha256": "q"}, None, "another profile"),
    ({"rows_in": "10"}, None, "reads this export otherwise"),
    ({"stamps": "received"}, None, "reads this export otherwise"),
    ({}, "elsewhere", "the record of marlow_bay, not of elsewhere"),
]


@pytest.mark.parametrize(("changed", "centre", "says"), OTHERS)
def test_another_file_profile_or_centre_is_refused_and_nothing_is_written(
    tmp_path: Path, changed: dict[str, str], centre: str | None, says: str
) -> None:
    whole(tmp_path / "r", [])
    content = (tmp_path / "r").read_bytes()
    with pytest.raises(OtherReplayError, match=says), resumed_record(tmp_path / "r", centre, FACTS | changed):
        raise AssertionError("it was opened")
    assert (tmp_path / "r").read_bytes() == content


def test_a_record_that_no_replay_made_is_refused(tmp_path: Path) -> None:
    with SqliteRecord.create(tmp_path / "live.record", centre="c"):
        pass
    with (
        pytest.raises(OtherReplayError, match="not the record of a replay"),
        resumed_record(tmp_path / "live.record", None, FACTS),
    ):
        raise AssertionError("it was opened")


PROFILE = """
name = "marlow_bay"
title = "Marlow Bay, calls"
zone = "America/Chicago"
call = "Incident"
service = "police"
agency = "Agency"
units = { column = "Unit" }
first_type = "Type"
channel = { column = "Source", values = { "911" = "emergency_voice", "Line" = "ten_digit_line" } }
[stamps]
received = "Received"
first_dispatched = "Dispatched"
first_on_scene = "Arrived"
closed = "Closed"
[[disposition]]
column = "Disposition"
says = { GOA = "gone_on_arrival", Cancelled = "cancelled_by_caller" }
"""


def export(folder: Path, rows: int) -> Path:
    """An export of a town that does not exist, and its profile beside it."""
    (folder / "town.toml").write_text(PROFILE)
    lines = ["Incident,Received,Dispatched,Arrived,Closed,Type,Source,Agency,Unit,Disposition"]
    for number in range(rows):
        day, second = divmod(number * 97, 80_000)
        clock = [
            f"2021-06-{day % 27 + 1:02d} {t // 3600:02d}:{t // 60 % 60:02d}:{t % 60:02d}"
            for t in (second, second + 60, second + 400, second + 900)
        ]
        clock[2] = clock[2] if number % 5 else ""
        ended = ("GOA", "Cancelled", "Report", "")[number % 4]
        lines.append(
            f"M{number},{','.join(clock)},Alarm,{'911' if number % 3 else 'Line'},A{number % 2},U{number % 7},{ended}"
        )
    (folder / "town.csv").write_text("\n".join(lines) + "\n")
    return folder / "town.csv"


def killed(arguments: Sequence[str], record: Path, at_bytes: int) -> None:
    """Start the verb and end it with kill -9 once the record's log has so many bytes."""
    log = record.with_name(record.name + "-wal")
    with subprocess.Popen(
        [sys.executable, "-c", "from everycall.cli import main; main()", "replay", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        began = time.monotonic()
        while not (log.exists() and log.stat().st_size > at_bytes):
            assert time.monotonic() - began < 60
            assert child.poll() is None, child.stderr.read() if child.stderr else ""
            time.sleep(0.005)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()


def test_after_kill_9_the_verb_goes_on_and_the_record_equals_one_that_was_never_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = export(tmp_path, 1_200)
    profile = str(tmp_path / "town.toml")
    cut, never = tmp_path / "cut.record", tmp_path / "never.record"
    arguments = [str(source), "--profile", profile, "--record", str(cut)]
    killed(arguments, cut, 150_000)
    first = balance_of(cut)
    assert first.cut_off
    assert 0 < first.balance.calls < 1_200
    killed([*arguments, "--resume"], cut, 250_000)
    assert balance_of(cut).balance.calls >= first.balance.calls

    assert replay(source, record=cut, profile=profile, resume=True) == 0
    told = capsys.readouterr().out
    assert "commands were in the record already" in told
    assert "It balances." in told
    assert replay(source, record=never, profile=profile) == 0
    assert entries(cut) == entries(never)
    left, right = tables_of(cut), tables_of(never)
    assert left[0].equals(right[0])
    assert left[1].equals(right[1])
    assert {**left[2], "key": ""} == {**right[2], "key": ""}
    assert all(a["sequence"] + 1 == b["sequence"] for a, b in pairwise(entries(cut)))


def test_the_verb_refuses_another_file_and_what_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = export(tmp_path, 20)
    profile = str(tmp_path / "town.toml")
    record = tmp_path / "r.record"
    assert replay(source, record=record, profile=profile, resume=True) == 2
    assert "There is no record at" in capsys.readouterr().err
    assert replay(source, record=record, profile=profile) == 0
    source.write_text(source.read_text().replace("M19", "M20"))
    assert replay(source, record=record, profile=profile, resume=True) == 2
    assert "made from another file (town.csv)" in capsys.readouterr().err
    export(tmp_path, 20)
    (tmp_path / "town.toml").write_text(PROFILE.replace("Chicago", "New_York"))
    assert replay(source, record=record, profile=profile, resume=True) == 2
    assert "another profile" in capsys.readouterr().err


def test_a_replay_cut_off_between_a_call_and_its_outcome_says_so(tmp_path: Path) -> None:
    """Every call is there, and the record says all the same that it is not whole."""
    rows = list(rows_of(*tables([call("M1", closed_at=60)])))
    facts = FACTS | {"calls_in_export": "1", "outcomes_in_export": "1"}
    commands = whole(tmp_path / "whole", rows)
    with new_record(tmp_path / "r", "marlow_bay", facts) as held:
        cut_after(held.engine, commands - 1)
        with pytest.raises(CutOffError):
            Replay(held.engine, held.clock).run(rows)
    sheet = balance_of(tmp_path / "r")
    assert (sheet.unfinished, sheet.outcomes_lacking, sheet.cut_off) == (0, 1, True)
    with resumed_record(tmp_path / "r", None, facts) as held:
        Replay(held.engine, held.clock, held.recorded).run(rows)
    assert not balance_of(tmp_path / "r").cut_off
