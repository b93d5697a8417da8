"""The verb `import`, as a user meets it."""

from __future__ import annotations

import builtins
import json
import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest
from towns import HEADER, TOWN, row

from everycall.exchange.cli import import_export

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import ModuleType


@pytest.fixture
def town(tmp_path: Path) -> Path:
    (tmp_path / "town.toml").write_text(TOWN % {"more": "", "stamps": ""})
    path = tmp_path / "town.csv"
    path.write_text("\n".join([HEADER, row("A"), row("B", Arrived=""), "1,2,3"]) + "\n")
    return path


def test_an_import_writes_the_table_the_rejects_and_the_report(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = town.parent / "calls.parquet"
    code = import_export(
        town,
        output=out,
        profile=str(town.parent / "town.toml"),
        quality=town.parent / "q.json",
        assignments=town.parent / "a.csv",
    )
    assert code == 0
    shown = capsys.readouterr().out
    assert "3 rows in = 2 calls + 1 rejects" in shown
    assert shown.index("What this file cannot show") < shown.index("rows in")
    assert pl.read_parquet(out).height == 2
    assert pl.read_csv(town.parent / "calls.rejects.csv").rows() == [(4, "3 fields where the header has 13", "1,2,3")]
    assert json.loads((town.parent / "q.json").read_text())["rows_in"] == 3
    assert pl.read_csv(town.parent / "a.csv").height == 2


def test_without_an_output_the_report_is_shown_and_nothing_is_written(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(town.parent.iterdir())
    assert import_export(town, profile=str(town.parent / "town.toml")) == 0
    assert "no table was written" in capsys.readouterr().out
    assert sorted(town.parent.iterdir()) == before


def test_each_agency_is_shown_when_asked_for(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    town.write_text("\n".join([HEADER, row("A"), row("B", Agency="MB[FD]")]))
    assert import_export(town, profile=str(town.parent / "town.toml"), agencies=True) == 0
    assert "Columns, MB[FD]" in capsys.readouterr().out


def test_an_unknown_header_ends_with_1_and_a_started_profile_reads_the_file(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert import_export(town) == 1
    assert "--start-profile" in capsys.readouterr().err
    mine = town.parent / "mine.toml"
    assert import_export(town, start_profile=mine) == 0
    assert "fill in the zone" in capsys.readouterr().err
    assert import_export(town, profile=str(mine)) == 2, "the zone is not filled in yet"
    mine.write_text(mine.read_text().replace('zone = ""', 'zone = "America/Chicago"'))
    assert import_export(town, profile=str(mine), output=town.parent / "calls.csv") == 0


def test_a_profile_that_was_filled_in_is_not_overwritten(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = town.parent / "mine.toml"
    mine.write_text("mine")
    assert import_export(town, start_profile=mine) == 2
    assert mine.read_text() == "mine"
    assert "not overwritten" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("profile", "output", "code"),
    [
        ("nowhere", None, 2),
        ("town.toml", "calls.xls", 2),
        ("town.toml", "none/calls.csv", 2),
        ("boone", None, 1),
    ],
)
def test_what_is_wrong_with_the_command_ends_with_2_and_with_the_file_with_1(
    town: Path, monkeypatch: pytest.MonkeyPatch, profile: str, output: str | None, code: int
) -> None:
    monkeypatch.chdir(town.parent)
    target = town.parent / output if output else None
    assert import_export(town, profile=profile, output=target) == code
    assert not target or not target.exists()


def test_without_the_extra_the_verb_says_which_one_to_install(
    town: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def without_polars(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the built-in's own names
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if name.split(".", maxsplit=1)[0] == "polars":
            raise ModuleNotFoundError("No module named 'polars'", name="polars")
        return real(name, globals, locals, fromlist or (), level)

    for module in [
        m
        for m in sys.modules
        if m.startswith(("everycall.exchange.", "polars")) and not m.endswith((".cli", ".errors"))
    ]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(builtins, "__import__", without_polars)
    assert import_export(town) == 2
    assert "everycall[tables]" in capsys.readouterr().err


@pytest.mark.shared
def test_an_hourly_table_of_telephone_calls_is_told_from_calls(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = shared_data / "calls" / "alexandria_va_decc_phone_hourly_2025w44_w46.csv.gz"
    assert import_export(source, output=tmp_path / "hours.csv") == 0
    shown = capsys.readouterr().out
    assert "504 rows in = 504 hours + 0 rejects" in shown
    assert "911: 4,805 calls = 3,397 answered + 1,408 abandoned" in shown
    assert pl.read_csv(tmp_path / "hours.csv").height == 1008
