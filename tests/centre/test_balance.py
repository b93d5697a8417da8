"""The balance of a record: needs received = with an outcome + open + spooled, counted twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from centre_floor import CentreFloor

from everycall.centre import balance_view
from everycall.centre.balance_cli import balance
from everycall.centre.balance_view import balance_of
from everycall.centre.embedded import spool_path
from everycall.core.balance import open_in
from everycall.core.calls import AddNeed, TakeCall
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import NoEmergency
from everycall.core.settling import Reopen, Settle
from everycall.record import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MISDIAL = NoEmergency(kind="misdial", confirmed_by="caller")
DAYS = 86_400


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[CentreFloor]:
    made = CentreFloor(tmp_path / "balance.record")
    yield made
    made.centre.close()


def shown(floor: CentreFloor, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    floor.centre.record.flush()
    capsys.readouterr()
    status = balance(floor.path)
    return status, " ".join(capsys.readouterr().out.split())


def test_each_need_is_counted_where_it_stands(floor: CentreFloor, capsys: pytest.CaptureFixture[str]) -> None:
    floor.do(TakeCall(needs=(NeedAsked(service="ems"), NeedAsked(service="police"))))
    floor.do(AddNeed(call="C000001", need=NeedAsked(service="fire")))
    floor.do(TakeCall(self_initiated=True, channel="unit_observation"))
    floor.do(Settle(needs=("C000001-1",), outcome=MISDIAL))
    status, text = shown(floor, capsys)
    assert status == 0
    assert "requests: 3 received = 1 with an outcome + 2 open + 0 spooled" in text
    assert "self-initiated: 1 received = 0 with an outcome + 1 open" in text
    assert "It balances." in text


def test_it_holds_at_every_moment_of_a_call(floor: CentreFloor) -> None:
    """Taken, settled, reopened, settled, gone from memory, recalled by its reopening."""
    needs = ("C000001-1",)
    steps: list[tuple[Callable[[], object], tuple[int, int, int]]] = [
        (lambda: floor.do(TakeCall()), (1, 0, 1)),
        (lambda: floor.do(Settle(needs=needs, outcome=MISDIAL)), (1, 1, 0)),
        (lambda: floor.do(Reopen(needs=needs, reason="mistake")), (1, 0, 1)),
        (lambda: floor.do(Settle(needs=needs, outcome=MISDIAL)), (1, 1, 0)),
        (lambda: floor.wait(3 * DAYS), (1, 1, 0)),
        (lambda: floor.do(Reopen(needs=needs, reason="mistake")), (1, 0, 1)),
    ]
    for step, expected in steps:
        step()
        floor.centre.record.flush()
        sheet = balance_of(floor.path)
        requests = sheet.balance.requests
        assert (requests.received, requests.settled, sheet.open_requests) == expected
        assert sheet.holds


def test_it_can_be_read_while_the_centre_runs_and_changes_nothing(floor: CentreFloor) -> None:
    floor.do(TakeCall())
    length = floor.centre.record.length()
    assert balance_of(floor.path).entries == length
    floor.do(TakeCall())
    assert balance_of(floor.path).balance.calls == 2


def test_a_need_that_one_count_lacks_is_an_imbalance(
    floor: CentreFloor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two counts are independent: when the tables lose a need, the fold over the events has it still."""
    floor.do(TakeCall())
    monkeypatch.setattr(balance_view, "open_in", lambda state: (open_in(state)[0] - 1, 0))
    status, text = shown(floor, capsys)
    assert status == 1
    assert "DOES NOT BALANCE" in text


def test_a_damaged_spool_is_no_balance_since_it_may_be_part_of_a_call(
    floor: CentreFloor, capsys: pytest.CaptureFixture[str]
) -> None:
    floor.do(TakeCall())
    spool = Spool(spool_path(floor.path))
    spool.put(b"no item of ours")
    status, text = shown(floor, capsys)
    assert status == 1
    assert "may be calls" in text
    spool_path(floor.path).write_bytes(b"ECSP torn")
    assert shown(floor, capsys)[0] == 1


def test_the_same_figures_as_json(floor: CentreFloor, capsys: pytest.CaptureFixture[str]) -> None:
    floor.do(TakeCall(self_initiated=True))
    floor.do(TakeCall())
    floor.do(Settle(needs=("C000002-1",), outcome=MISDIAL))
    floor.centre.record.flush()
    capsys.readouterr()
    assert balance(floor.path, json=True) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["requests"]["received"] == 1
    assert content["requests"]["outcomes"]["no_emergency"] == 1
    assert sum(content["requests"]["outcomes"].values()) == 1
    assert content["self_initiated"]["open"] == 1
    assert content["balances"] is True
