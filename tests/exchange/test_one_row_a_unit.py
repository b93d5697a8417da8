"""An export with several rows a call is not read as if each row were a call: needs would be counted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from towns import HEADER, TOWN, row

from everycall.exchange.cli import import_export
from everycall.exchange.errors import SeveralRowsError
from everycall.exchange.imported import read_export
from everycall.exchange.profiles import parse_profile

if TYPE_CHECKING:
    from pathlib import Path

    from everycall.exchange.imported import Imported


def read(folder: Path, rows: list[str], text: str = TOWN) -> Imported:
    """Read these rows by the town's profile."""
    path = folder / "town.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return read_export(path, profile=parse_profile(text % {"more": "", "stamps": ""}, "marlow_bay.toml"))


def units(call: str, *names: str) -> list[str]:
    """A row for each unit of a call, as such exports have them."""
    return [row(call, Units=name, Arrived=f"2021-06-01 10:0{n}:00") for n, name in enumerate(names, 4)]


def test_one_row_a_unit_is_refused_with_the_columns_that_differ_and_what_to_do(tmp_path: Path) -> None:
    rows = [row(f"M{n}") for n in range(20)] + units("A", "U1", "U2", "U3") + units("B", "U1", "U4")
    with pytest.raises(SeveralRowsError) as found:
        read(tmp_path, rows)
    told = str(found.value)
    assert "2 calls have several rows, 5 in all" in told
    assert "in which Arrived, Units differ" in told
    assert "as where each unit has a row" in told
    assert "take `call` out of the profile" in told


def test_the_verb_ends_with_1_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "town.toml").write_text(TOWN % {"more": "", "stamps": ""})
    (tmp_path / "town.csv").write_text("\n".join([HEADER, *units("A", "U1", "U2")]) + "\n")
    out = tmp_path / "calls.parquet"
    assert import_export(tmp_path / "town.csv", profile=str(tmp_path / "town.toml"), output=out) == 1
    assert "counted 2 times" in capsys.readouterr().err
    assert not out.exists()


def test_who_says_that_each_row_is_a_call_is_believed(tmp_path: Path) -> None:
    found = read(tmp_path, units("A", "U1", "U2"), TOWN.replace('call = "Incident"\n', ""))
    assert found.calls.height == 2


def test_a_row_that_stands_twice_word_for_word_is_no_second_unit(tmp_path: Path) -> None:
    assert read(tmp_path, [row("A"), row("A"), row("B")]).quality.repeated_rows == 2


def test_one_id_for_unrelated_calls_of_other_times_is_no_call_of_several_rows(tmp_path: Path) -> None:
    rows = [row("A"), row("A", Received="2021-06-02 10:00:00", Units="U9"), row("B")]
    assert read(tmp_path, rows).quality.repeated_ids == 2


def test_a_few_such_rows_in_a_large_file_are_flagged_and_kept(tmp_path: Path) -> None:
    """Three calls of San Luis Obispo's 11,828 stand so: an oddity of the file, not its form."""
    found = read(tmp_path, [row(f"M{n}") for n in range(300)] + units("A", "U1", "U2"))
    assert found.quality.repeated_ids == 2
    assert found.calls.height == 302


def test_rows_without_an_id_are_calls_of_their_own(tmp_path: Path) -> None:
    assert read(tmp_path, [row("", Units="U1"), row("", Units="U2")]).calls.height == 2
