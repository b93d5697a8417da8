"""Exports of a town that does not exist, for the tests of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.exchange.imported import Imported, read_export
from everycall.exchange.profiles import Profile, parse_profile

if TYPE_CHECKING:
    from pathlib import Path

TOWN = """
name = "marlow_bay"
title = "Marlow Bay, calls"
zone = "America/Chicago"
limits = ["Made up."]
call = "Incident"
service = "police"
agency = "Agency"
first_type = "Type"
first_priority = "Priority"
latitude = "Lat"
longitude = "Lon"
channel = { column = "Source", values = { "911" = "emergency_voice", "Officer" = "unit_observation" } }
self_initiated = { column = "Source", values = { "911" = "no", "Officer" = "yes" } }
units = { column = "Units", separator = ",", desk = "^DESK" }
%(more)s

[stamps]
received = "Received"
first_dispatched = "Dispatched"
first_on_scene = "Arrived"
closed = "Closed"
%(stamps)s

[groups]
agency = "Agency"

[[disposition]]
column = "Disposition"
separator = ","
[disposition.says]
GOA = "gone_on_arrival"
"Cancelled by caller" = "cancelled_by_caller"
Duplicate = "duplicate"
Cancelled = "nothing"
"""

HEADER = "Incident,Received,Dispatched,Arrived,Closed,Type,Priority,Source,Agency,Units,Disposition,Lat,Lon"


def profile(more: str = "", stamps: str = "") -> Profile:
    """The town's profile."""
    return parse_profile(TOWN % {"more": more, "stamps": stamps}, "marlow_bay.toml")


def row(incident: str = "M1", **given: str) -> str:
    """One line of the town's export."""
    values = {
        "Received": "2021-06-01 10:00:00",
        "Dispatched": "2021-06-01 10:01:00",
        "Arrived": "2021-06-01 10:06:30",
        "Closed": "2021-06-01 10:20:00",
        "Type": "Alarm",
        "Priority": "2",
        "Source": "911",
        "Agency": "MBPD",
        "Units": "U1",
        "Disposition": "",
        "Lat": "41.5",
        "Lon": "-93.25",
        **given,
    }
    return ",".join([incident, *values.values()])


def read(folder: Path, *rows: str, header: str = HEADER, by: Profile | None = None) -> Imported:
    """Import the town's rows."""
    path = folder / "marlow_bay.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_export(path, profile=by or profile())
