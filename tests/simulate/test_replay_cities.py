"""The real files through the core: every need is accounted for, and what went in comes out.

The two largest are cut in the ordinary run; `soak` takes them whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from replay_tables import Replayed, differences

from everycall.core.places import coarse
from everycall.exchange.imported import read_export

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared

CITIES = {
    "minneapolis": ("minneapolis_mpd_2020_0621_0713.csv.gz", 3_000),
    "alexandria": ("alexandria_va_decc_2025w35_w46.csv.gz", 3_000),
    "boone": ("boone_mo_ems_2016.csv.gz", 3_000),
    "san_luis_obispo": ("slo_ca_pd_2021q3_q4.csv.gz", 3_000),
    "new_york_ems": ("nyc_ems_2013_2016_sample_a.parquet", 3_000),
}


def through(shared_data: Path, city: str, rows: int | None) -> tuple[pl.DataFrame, Replayed]:
    imported = read_export(shared_data / "calls" / CITIES[city][0])
    calls, units = imported.calls, imported.assignments
    if rows is not None:
        # Every so many-th row, so that the quirks of the whole time are in it.
        calls = calls.gather_every(max(1, calls.height // rows))
        units = units.join(calls.select("call"), on="call", how="semi")
    return calls, Replayed(calls, units)


def check(calls: pl.DataFrame, found: Replayed) -> None:
    sheet = found.sheet
    assert sheet.holds
    own = int(calls["self_initiated"].fill_null(value=False).sum())
    assert sheet.balance.calls == calls.height
    assert sheet.balance.self_initiated.received == own
    assert sheet.balance.requests.received == calls.height - own
    expected = dict(calls.group_by("outcome").len().drop_nulls().rows())
    counted = {
        name: sheet.balance.requests.outcomes[name] + sheet.balance.self_initiated.outcomes[name]
        for name in sheet.balance.requests.outcomes
    }
    assert {name: count for name, count in counted.items() if count} == expected
    assert sheet.open_requests + sheet.open_self_initiated == calls["outcome"].null_count()
    # A finer position than some 100 m is sealed; the record gives the coarse one in clear.
    rounded = [pl.col(name).map_elements(coarse, return_dtype=pl.Int64) for name in ("latitude_e7", "longitude_e7")]
    assert differences(calls.with_columns(rounded), found.calls) == {}


@pytest.mark.parametrize("city", CITIES)
def test_a_city_replays_balances_to_the_last_need_and_comes_back(shared_data: Path, city: str) -> None:
    check(*through(shared_data, city, CITIES[city][1]))


@pytest.mark.soak
@pytest.mark.parametrize("city", CITIES)
def test_a_whole_city_replays_balances_to_the_last_need_and_comes_back(shared_data: Path, city: str) -> None:
    check(*through(shared_data, city, None))


def test_portlands_feeds_replay_as_calls_in_progress(shared_data: Path) -> None:
    feeds = sorted((shared_data / "portland" / "rss").glob("*.xml"))
    assert feeds
    for feed in feeds:
        imported = read_export(feed)
        found = Replayed(imported.calls, imported.assignments)
        check(imported.calls, found)
        assert found.sheet.open_requests == imported.calls.height
