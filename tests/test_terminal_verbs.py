"""An export whose cells steer terminals goes through every verb, and none of them prints what it says."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import pytest

from everycall.centre.balance_cli import balance
from everycall.centre.export_cli import export
from everycall.centre.reconcile_cli import reconcile
from everycall.centre.show_cli import show
from everycall.exchange.calls_table import read_table
from everycall.exchange.cli import import_export
from everycall.simulate.replay_cli import replay

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "\x1b[2J\x1b]0;owned\x07\u202eevil\x9b31m"
PLAIN = "an ordinary remark " * 80
SEEN = r"\x1b[2J\x1b]0;owned\x07\u202eevil\x9b31m"
PROFILE = r"""
name = "marlow_bay"
title = "Marlow Bay \u001b[1m"
zone = "America/Chicago"
limits = ["Made up.\nIt balances.\u001b[8m"]
call = "Incident"
service = "police"
agency = "Agency"
first_type = "Type"
units = { column = "Unit" }
channel = { value = "emergency_voice" }
[stamps]
received = "Received"
first_dispatched = "Dispatched"
[[disposition]]
column = "Disposition"
says = { GOA = "gone_on_arrival" }
"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    (tmp_path / "town.toml").write_text(PROFILE, encoding="utf-8")
    lines = [f"Incident,Received,Dispatched,Type,Agency,Unit,Disposition,More {EVIL}"]
    lines += [
        f"M{n}{EVIL},2021-06-01 10:0{n}:00,2021-06-01 10:0{n}:30,Type {EVIL},"
        f"Agency {n % 2} {EVIL},U{n}{EVIL},Said {EVIL},{PLAIN}"
        for n in range(4)
    ]
    lines.append(f"too short {EVIL}")
    (tmp_path / "town.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rings = "".join(f"2021-06-01 10:01:0{n},{EVIL},no,{PLAIN}\n" for n in range(6))
    switch = f"time,line,answered,remark\n{rings}"
    (tmp_path / "switch.csv").write_text(switch, encoding="utf-8")
    return tmp_path


def harmless(capsys: pytest.CaptureFixture[str]) -> str:
    """All that was printed, after checking that nothing of it steers a terminal."""
    told = capsys.readouterr()
    for text in (told.out, told.err):
        assert not [c for c in text if c != "\n" and (unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp"))]
    return told.out + told.err


def packed(text: str) -> str:
    """Without blanks and ends of lines: where a table breaks its lines is not the question."""
    return "".join(text.split())


def test_nothing_that_an_export_says_steers_the_terminal_of_who_reads_of_it(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = str(town / "town.toml")
    assert import_export(town / "town.csv", profile=profile, output=town / "calls.csv", agencies=True) == 0
    shown = harmless(capsys)
    assert packed(f"Columns, Agency 1 {SEEN}") in packed(shown)
    assert packed(f"Said {SEEN}") in packed(shown), "words that the profile does not list"
    assert "\nIt balances." not in shown, "and an end of line makes no line of its own"
    assert read_table(town / "calls.csv")["original_Type"].to_list() == [f"Type {EVIL}"] * 4, "the table keeps all"

    assert import_export(town / "town.csv") == 1, "no profile fits, and the columns are named"
    assert f"More {SEEN}" in harmless(capsys)

    record = town / "r.record"
    assert replay(town / "town.csv", record=record, profile=profile, centre="Marlow \x1b[2J\u202eBay") == 0
    assert r"Made up.\nIt balances.\x1b[8m" in harmless(capsys)
    assert balance(record) == 0
    assert r"Balance of Marlow \x1b[2J\u202eBay" in harmless(capsys)
    assert balance(record, json=True) == 0
    assert json.loads(harmless(capsys))["centre"] == "Marlow \x1b[2J\u202eBay"
    assert show(record, "C000001") == 0
    assert rf"M0{SEEN}" in packed(harmless(capsys))
    assert show(record, "C000001", json=True) == 0
    assert repr(f"Agency 0 {EVIL}")[1:-1] in str(json.loads(harmless(capsys)))
    assert show(record, f"C9{EVIL}") == 1
    harmless(capsys)
    assert export(record, output=town / "back.csv") == 0
    harmless(capsys)
    assert reconcile(record, town / "switch.csv") == 1
    assert r"\x1b[2J\x1b]0;own" in packed(harmless(capsys))
    assert reconcile(record, town / "switch.csv", json=True) == 1
    assert repr(EVIL)[1:-1] in str(json.loads(harmless(capsys)))
    assert balance(town / f"no {EVIL}\n.record") == 2
    assert r"\u202eevil\x9b31m\n.record" in harmless(capsys)
