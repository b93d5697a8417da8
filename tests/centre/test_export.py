"""A centre's own record as calls table and assignments table: the contract with the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from centre_floor import BEGIN, CentreFloor

from everycall.centre.export import tables_of
from everycall.centre.export_cli import beside_of, export
from everycall.core.assignments import Assign, CorrectStamp, MarkStampMissing, ReportStamp
from everycall.core.calls import AnswerCall, StampCall, TakeCall
from everycall.core.facts import FactGiven
from everycall.core.incidents import OpenIncident
from everycall.core.linking import Link
from everycall.core.needs import Classify, NeedAsked, Prioritise
from everycall.core.outcomes import NoEmergency, Responded
from everycall.core.places import PlaceGiven
from everycall.core.sealed import Private
from everycall.core.settling import CloseResponse, Reopen, Settle
from everycall.core.units import EnrolAgency, SignOn
from everycall.exchange.calls_table import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MISDIAL = NoEmergency(kind="misdial", confirmed_by="caller")
DAYS = 86_400
S = 1_000_000


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[CentreFloor]:
    made = CentreFloor(tmp_path / "export.record")
    made.do(EnrolAgency(agency="PD", services=("police",)))
    made.do(EnrolAgency(agency="EMS", services=("ems",)))
    for unit, agency in (("U1", "PD"), ("U2", "PD"), ("M1", "EMS")):
        made.do(SignOn(unit=unit, agency=agency, capabilities=("police",)))
    yield made
    made.centre.close()


def rows(floor: CentreFloor) -> list[dict[str, Any]]:
    """The calls table, as plain rows; their values differ in kind."""
    floor.centre.record.flush()
    return list(tables_of(floor.path)[0].iter_rows(named=True))


def units(floor: CentreFloor) -> list[dict[str, Any]]:
    floor.centre.record.flush()
    return list(tables_of(floor.path)[1].iter_rows(named=True))


def instant(row: dict[str, Any], name: str) -> float | None:
    """Seconds since the test began."""
    value = row[name]
    return None if value is None else value.timestamp() - BEGIN / S


def answered_by(floor: CentreFloor, unit: str = "U1") -> None:
    """A call for the police from ring to close; unit assigned at +22, there at +82, clear at +142."""
    floor.clock.at = BEGIN + 10 * S
    floor.do(TakeCall(channel="emergency_voice", ringing=True, needs=(NeedAsked(service="police", type="burglary"),)))
    floor.do(AnswerCall(call="C000001"), after=4)
    floor.do(Assign(incident=opened(floor), units=(unit,)), after=6)
    floor.do(ReportStamp(unit=unit, stamp="on_scene"), after=60)
    floor.do(ReportStamp(unit=unit, stamp="clear"), after=60)
    end = Responded(assignment="A000001", contact="yes")
    floor.do(CloseResponse(incident=opened(floor), agency="PD", outcome=end), after=10)


def opened(floor: CentreFloor) -> str:
    """The incident of the first call, opened if it is not yet."""
    need = floor.centre.engine.state.needs["C000001-1"]
    if need.incident is None:
        floor.do(OpenIncident(call="C000001"))
        need = floor.centre.engine.state.needs["C000001-1"]
    assert need.incident is not None
    return need.incident


def test_a_call_is_a_row_with_its_times_and_intervals(floor: CentreFloor) -> None:
    answered_by(floor)
    (row,) = rows(floor)
    assert (row["call"], row["need"], row["centre"]) == ("C000001", 1, "Marlow Bay")
    assert (row["outcome"], row["audit_code"], row["contact_made"]) == ("responded", "arrived", "yes")
    assert instant(row, "received_at") == 11
    assert instant(row, "answered_at") == 15
    assert instant(row, "first_dispatched_at") == 22
    assert instant(row, "first_on_scene_at") == 82
    assert instant(row, "first_cleared_at") == 142
    assert instant(row, "closed_at") == 152
    assert row["answer_seconds"] == 4
    assert row["response_seconds"] == 71
    assert row["on_scene_seconds"] == 60
    assert not row["reconstructed"]
    assert row["first_en_route_at_missing"] == "not_reported"
    assert row["reopened_at_missing"] == "does_not_apply"
    assert (row["units"], row["export_row"]) == (1, None)


def test_each_need_of_a_call_is_a_row_of_its_own(floor: CentreFloor) -> None:
    both = (NeedAsked(service="police", type="fight"), NeedAsked(service="ems"))
    floor.do(TakeCall(needs=both, open_incident=True))
    floor.do(Settle(needs=("C000001-1",), outcome=MISDIAL))
    first, second = rows(floor)
    assert (first["need"], second["need"]) == (1, 2)
    assert first["call"] == second["call"]
    assert (first["outcome"], second["outcome"]) == ("no_emergency", None)
    assert (first["audit_code"], second["audit_code"]) == ("no_emergency", "open")
    assert (first["service"], second["service"]) == ("police", "ems")
    assert (first["agency"], second["agency"]) == ("PD", "EMS")


def test_first_words_stay_beside_the_last(floor: CentreFloor) -> None:
    floor.do(TakeCall(needs=(NeedAsked(service="police", type="noise", priority="5"),)))
    floor.do(Classify(call="C000001", type="shooting"))
    floor.do(Prioritise(need="C000001-1", priority="1"))
    (row,) = rows(floor)
    assert (row["first_type"], row["last_type"]) == ("noise", "shooting")
    assert (row["first_priority"], row["last_priority"]) == ("5", "1")


def test_what_was_corrected_reopened_or_conflicts_is_flagged(floor: CentreFloor) -> None:
    answered_by(floor)
    floor.do(CorrectStamp(assignment="A000001", stamp="on_scene", at=BEGIN + 80 * S, reason="radio log"))
    floor.do(StampCall(call="C000001", stamp="answered", at=BEGIN + 14 * S))
    floor.do(Reopen(needs=("C000001-1",), reason="mistake"))
    (row,) = rows(floor)
    assert instant(row, "first_on_scene_at") == 80
    assert instant(row, "answered_at") == 14, "of two reports the earlier counts"
    assert {"corrected:on_scene", "conflict:answered", "outcome_struck"} <= set(row["flags"])
    assert instant(row, "reopened_at") is not None
    assert row["outcome"] is None


def test_a_missing_stamp_carries_its_reason(floor: CentreFloor) -> None:
    answered_by(floor)
    floor.do(MarkStampMissing(assignment="A000001", stamp="en_route", reason="equipment_failed"))
    (row,) = rows(floor)
    assert row["first_en_route_at_missing"] == "equipment_failed"
    (unit,) = units(floor)
    assert unit["en_route_at_missing"] == "equipment_failed"
    assert unit["staged_at_missing"] == "not_reported"


def test_an_assignment_stands_once_however_many_calls_it_serves(floor: CentreFloor) -> None:
    answered_by(floor)
    floor.do(TakeCall(needs=(NeedAsked(service="police"),)))
    floor.do(Reopen(needs=("C000001-1",), reason="again"))
    floor.do(Link(call="C000002", incident=opened(floor)))
    found = units(floor)
    assert len(found) == len({unit["assignment"] for unit in found})
    assert found[0]["unit"] == "U1"


def test_a_call_that_left_memory_and_came_back_is_one_row(floor: CentreFloor) -> None:
    answered_by(floor)
    before = rows(floor)
    floor.wait(3 * DAYS)
    assert rows(floor) == before
    floor.do(StampCall(call="C000001", stamp="queued", at=BEGIN + 16 * S))
    (row,) = rows(floor)
    assert instant(row, "queued_at") == 16
    floor.wait(3 * DAYS)
    assert rows(floor) == [row]


def test_nothing_personal_is_exported(floor: CentreFloor, tmp_path: Path) -> None:
    floor.do(
        TakeCall(
            words=Private(value="CANARY"),
            place=PlaceGiven(exact=Private(value="CANARY 12 Elm"), latitude_e7=415_123_456, longitude_e7=-930_123_456),
            facts=(
                FactGiven(name="caller.name", value="CANARY"),
                FactGiven(name="group.beat", value="12"),
                FactGiven(name="group.contact", value="612-555-0100"),
            ),
        )
    )
    floor.centre.record.flush()
    assert export(floor.path, output=tmp_path / "out.csv") == 0
    written = (tmp_path / "out.csv").read_text() + (tmp_path / "out.assignments.csv").read_text()
    assert "CANARY" not in written
    assert "415123456" not in written
    assert "5550100" not in written.replace("-", "")
    (row,) = rows(floor)
    assert row["group_beat"] == "12"
    assert (row["latitude_e7"], row["longitude_e7"]) == (415_120_000, -930_120_000)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "csv.gz"])
def test_what_is_written_reads_back_as_the_same_table(floor: CentreFloor, tmp_path: Path, suffix: str) -> None:
    answered_by(floor)
    floor.do(TakeCall(self_initiated=True))
    floor.centre.record.flush()
    output = tmp_path / f"out.{suffix}"
    assert export(floor.path, output=output) == 0
    calls, assignments, _ = tables_of(floor.path)
    assert read_table(output).equals(calls)
    beside = beside_of(output)
    assert beside.name == f"out.assignments.{suffix}"
    if suffix == "parquet":
        assert pl.read_parquet(beside).equals(assignments)


def test_an_empty_record_is_an_empty_table(tmp_path: Path) -> None:
    floor = CentreFloor(tmp_path / "empty.record")
    floor.centre.close()
    calls, assignments, _ = tables_of(tmp_path / "empty.record")
    assert calls.height == assignments.height == 0
