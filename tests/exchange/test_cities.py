"""The real files: every row accounted for, and the quirks that are known of each are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from everycall.exchange.calls_table import validate
from everycall.exchange.imported import read_export

if TYPE_CHECKING:
    from pathlib import Path

    from everycall.exchange.imported import Imported

pytestmark = pytest.mark.shared

CITIES = [
    ("alexandria_va_decc_2025w35_w46.csv.gz", "alexandria", 18_915, 0),
    ("boone_mo_ems_2016.csv.gz", "boone", 11_652, 324),
    ("minneapolis_mpd_2020_0621_0713.csv.gz", "minneapolis", 14_199, 0),
    ("nyc_ems_2013_2016_sample_a.parquet", "new_york_ems", 186_577, 0),
    ("slo_ca_pd_2021q3_q4.csv.gz", "san_luis_obispo", 11_828, 0),
]


@pytest.fixture(scope="module")
def cities(shared_data: Path) -> dict[str, Imported]:
    return {name: read_export(shared_data / "calls" / file) for file, name, _, _ in CITIES}


def counts(imported: Imported) -> dict[str, int]:
    return imported.quality.outcomes


@pytest.mark.parametrize(("name", "rows", "rejects"), [c[1:] for c in CITIES], ids=[c[1] for c in CITIES])
def test_rows_in_are_calls_and_rejects_and_every_word_is_listed(
    cities: dict[str, Imported], name: str, rows: int, rejects: int
) -> None:
    imported = cities[name]
    validate(imported.calls)
    assert imported.profile.name == name
    assert imported.quality.rows_in == rows
    assert imported.rejects.height == rejects
    assert imported.calls.height == rows - rejects
    assert sum(counts(imported).values()) == imported.calls.height
    assert imported.quality.unlisted_words == {}
    assert imported.quality.columns_not_found == []
    assert imported.quality.limits


def test_minneapolis_has_its_full_chain_and_says_who_cancelled(cities: dict[str, Imported]) -> None:
    imported = cities["minneapolis"]
    assert counts(imported) == {
        "responded": 10_542,
        "not_recorded": 2_091,
        "gone_on_arrival": 1_272,
        "unfounded": 251,
        "not_reached": 26,
        "cancelled_by_caller": 17,
    }
    calls = imported.calls
    assert calls["first_on_scene_at"].null_count() / calls.height == pytest.approx(0.154, abs=0.001)
    assert (calls["first_priority"] != calls["last_priority"]).sum() > 1000
    assert imported.quality.flags["received_equals_arrived"] == 1_309
    assert calls["self_initiated"].sum() == 0
    assert calls["answer_seconds"].null_count() == calls.height


def test_alexandria_keeps_reopenings_and_counts_self_initiated_work_apart(
    cities: dict[str, Imported],
) -> None:
    imported = cities["alexandria"]
    calls = imported.calls
    assert calls.height - calls["reopened_at"].null_count() == 370
    assert imported.quality.self_initiated == 2_969
    assert imported.quality.repeated_ids == 9
    assert imported.quality.flags["repeated_hour:received_at"] == 15
    assert calls.filter(pl.col("original_Call_Reception") == "Flag Down")["self_initiated"].to_list() == [False] * 10
    assert counts(imported)["not_recorded"] == 2_301


def test_boones_status_moves_are_no_calls_and_its_midnights_are_moved(cities: dict[str, Imported]) -> None:
    imported = cities["boone"]
    assert list(imported.quality.reject_reasons.values()) == [324]
    assert imported.quality.flags["midnight_rollover_corrected:closed_at"] == 325
    assert imported.quality.flags["zero:dispatch_seconds"] == 5_315
    assert imported.quality.flags["negative:dispatch_seconds"] == 8
    assert counts(imported) == {"responded": 9_898, "not_recorded": 1_430}
    assert imported.calls["latitude_e7"].null_count() == 962, "the projection of 0,0 is no place"


def test_in_san_luis_obispo_a_desk_is_no_unit_and_an_abandoned_call_is_not_settled(
    cities: dict[str, Imported],
) -> None:
    imported = cities["san_luis_obispo"]
    calls = imported.calls
    assert imported.quality.repeated_ids == 584
    assert imported.quality.flags["minute_stamps"] == calls.height
    desk = calls.filter(pl.col("flags").list.contains("desk_only"))
    assert desk.height == 3_671
    assert desk["first_on_scene_at"].null_count() == desk.height
    assert desk.filter(pl.col("outcome") != "not_recorded")["original_clearance_code"].unique().to_list() == [
        "Gone on Arrival"
    ]
    assert calls.filter(pl.col("outcome") == "not_established").height == 0
    assert counts(imported)["gone_on_arrival"] == 575
    assert imported.quality.flags["midnight_rollover:first_on_scene_at"] == 6


def test_new_york_says_first_that_it_holds_answered_calls_only(cities: dict[str, Imported]) -> None:
    imported = cities["new_york_ems"]
    assert imported.quality.limits[0].startswith("Answered calls only")
    assert "calls nobody came to" in imported.metadata()["everycall.limits"]
    assert imported.quality.flags["derived:first_on_scene_at"] == 186_577
    same = imported.calls["response_seconds"] == imported.calls["original_INCIDENT_RESPONSE_SECONDS_QY"]
    assert same.all()
    assert imported.quality.flags["zero:response_seconds"] == 1_831
    assert imported.calls["postal_code"].null_count() == 4_387
