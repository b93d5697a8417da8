"""A starter profile for an unknown export reads that export once its blanks are filled in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from everycall.exchange.errors import ProfileError
from everycall.exchange.imported import read_export
from everycall.exchange.profiles import parse_profile
from everycall.exchange.reading import read_raw
from everycall.exchange.starter import start_profile

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2023, 5, 13, 21, 0)  # noqa: DTZ001 - local on purpose


def write(path: Path, header: str, form: str, *, rows: int = 60, separator: str = ",") -> Path:
    """Rows of a made-up export: id, receipt, dispatch, arrival (every fifth blank), close, and the rest."""
    lines = [header]
    for i in range(rows):
        at = START + timedelta(minutes=37 * i)
        stamps = [
            at,
            at + timedelta(seconds=80),
            at + timedelta(seconds=400 + i),
            at + timedelta(seconds=2000),
        ]
        texts = [_say(t, form) for t in stamps]
        if i % 5 == 0:
            texts[2] = ""
        rest = [
            "Noise complaint",
            "123"[i % 3],
            ["911", "Officer"][i % 2],
            ["GOA", "Report", "Unfounded"][i % 3],
        ]
        lines.append(separator.join([f"23-{i:04d}", *texts, *rest]))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _say(moment: datetime, form: str) -> str:
    if form == "epoch":
        return str(int(moment.timestamp()))
    if form == "serial":
        return f"{(moment - datetime(1899, 12, 30)).total_seconds() / 86400:.8f}"  # noqa: DTZ001
    return moment.strftime(form)


NAMES = [
    "Incident No,Call Received,Dispatch Time,On Scene Time,Closed Time,Call Type,Priority,Source,Disposition",
    "event_id,received_dttm,assigned_dttm,arrived_dttm,close_dttm,nature,pri,source,dispo",
    "CADNo,CreateDatetime,FirstDispatched,FirstUnitArrived,CallClosed,PROBLEM,Severity,HowReceived,Dispo",
]
FORMS = [
    "%Y-%m-%d %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "epoch",
    "serial",
]


@pytest.mark.parametrize("header", NAMES, ids=["words", "snake", "camel"])
@pytest.mark.parametrize("form", FORMS)
def test_a_starter_profile_reads_its_export_as_soon_as_the_zone_is_filled_in(
    tmp_path: Path, header: str, form: str
) -> None:
    path = write(tmp_path / "harbour.csv", header, form)
    text = start_profile(read_raw(path), "harbour")
    profile = parse_profile(text.replace('zone = ""', 'zone = "Europe/Oslo"'), "harbour.toml")
    columns = header.split(",")
    assert profile.call == columns[0]
    found = {name: source.column for name in profile.stamps if (source := profile.stamp(name))}
    assert found == dict(zip(("received", "first_dispatched", "first_on_scene", "closed"), columns[1:5], strict=True))
    imported = read_export(path, profile=profile)
    seconds = imported.calls["response_seconds"].to_list()
    if form != "%d.%m.%Y %H:%M":
        assert seconds == [None if i % 5 == 0 else 400 + i for i in range(60)]
    assert imported.calls["outcome"].value_counts().height >= 3
    assert imported.calls["last_type"].to_list() == ["Noise complaint"] * 60
    assert imported.calls["channel"].unique().sort().to_list() == ["emergency_voice", "unit_observation"]


def test_the_order_of_day_and_month_is_told_by_the_values_or_said_to_be_uncertain(tmp_path: Path) -> None:
    assert "day_first = true" in start_profile(read_raw(write(tmp_path / "a.csv", NAMES[0], "%d/%m/%Y %H:%M:%S")), "a")
    assert "month first" in start_profile(read_raw(write(tmp_path / "b.csv", NAMES[0], "%m/%d/%Y %H:%M:%S")), "b")
    (tmp_path / "c.csv").write_text("Id,Received\n1,02/03/2021 10:00:00\n2,04/05/2021 10:00:00\n")
    assert "UNCERTAIN" in start_profile(read_raw(tmp_path / "c.csv"), "c")


def test_dates_and_times_of_day_in_columns_of_their_own_are_put_together(tmp_path: Path) -> None:
    lines = ["Case,Call Date,Call Time,Arrive Time"]
    lines += [f"C{i},05/{i + 1:02d}/2023,23:5{i % 10}:00,00:0{i % 10}:30" for i in range(20)]
    (tmp_path / "d.csv").write_text("\n".join(lines))
    text = start_profile(read_raw(tmp_path / "d.csv"), "d").replace('zone = ""', 'zone = "UTC"')
    imported = read_export(tmp_path / "d.csv", profile=parse_profile(text, "d.toml"))
    assert imported.calls["response_seconds"].unique().to_list() == [630]
    assert imported.quality.flags["midnight_rollover_corrected:first_on_scene_at"] == 20


def test_a_starter_profile_that_was_not_filled_in_says_what_is_left(tmp_path: Path) -> None:
    text = start_profile(read_raw(write(tmp_path / "a.csv", NAMES[0], FORMS[0])), "a")
    with pytest.raises(ProfileError, match="zone is not filled in"):
        parse_profile(text, "a.toml")


@pytest.mark.parametrize("name", ['say "no"', "back\\slash", "tab\there", "ünï", "[x]", "a = b # c"])
def test_any_column_name_and_word_is_written_as_toml_can_read_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text(
        f'Id;Received;"{name.replace(chr(34), chr(34) * 2)} type"\n1;2021-06-01 10:00:00;x\n', "utf-8"
    )
    text = start_profile(read_raw(tmp_path / "a.csv"), name)
    assert parse_profile(text.replace('zone = ""', 'zone = "UTC"'), "a.toml").last_type == " ".join(
        f"{name} type".split()
    )


def test_a_file_without_any_time_still_gives_a_profile_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Name,Colour\nx,red\ny,blue\n")
    assert "# received =" in start_profile(read_raw(tmp_path / "a.csv"), "a")
