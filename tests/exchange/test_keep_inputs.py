"""What is read is never written over: an export or a switch's log is evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from everycall.exchange.calls_table import keep_inputs
from everycall.exchange.cli import import_export
from everycall.exchange.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path


def test_an_output_that_is_the_input_is_refused_and_the_input_stays(tmp_path: Path) -> None:
    export = tmp_path / "town.csv"
    export.write_text("a,b\n1,2\n", encoding="utf-8")
    assert import_export(export, output=tmp_path / "." / "town.csv") == 2
    assert export.read_text(encoding="utf-8") == "a,b\n1,2\n"


def test_two_outputs_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="another name"):
        keep_inputs((None,), (tmp_path / "x.csv", tmp_path / "x.csv"))


def test_different_files_pass(tmp_path: Path) -> None:
    keep_inputs((tmp_path / "in.csv", None), (tmp_path / "out.csv", None, tmp_path / "quality.json"))
