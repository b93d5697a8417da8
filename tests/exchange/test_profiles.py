"""Profiles are read strictly, and a wrong one says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from towns import TOWN, profile

from everycall.exchange.errors import ProfileError
from everycall.exchange.matching import folded, match_profile, missing_columns, place
from everycall.exchange.profiles import built_in_profiles, find_profile, parse_profile

if TYPE_CHECKING:
    from pathlib import Path

LEAST = 'name = "a"\ntitle = "A"\nzone = "UTC"\n[stamps]\nreceived = "R"\n'

BAD = [
    ("not TOML", "name = ", "not valid TOML"),
    ("unknown key", 'titel = "x"\n' + LEAST, "unknown key 'titel'; did you mean 'title'"),
    (
        "unknown stamp",
        LEAST + 'first_on_seen = "X"\n',
        r"unknown key 'first_on_seen' in \[stamps\]; did you mean 'first_on_scene'",
    ),
    ("unknown key of a stamp", LEAST + 'closed = { colum = "X" }\n', "did you mean 'column'"),
    (
        "unknown key of a text",
        'agency = { colunm = "X" }\n' + LEAST,
        "unknown key 'colunm' in agency; did you mean 'column'",
    ),
    (
        "unknown key of a disposition",
        LEAST + '[[disposition]]\ncolumn = "D"\nsay = {}\n',
        "did you mean 'says'",
    ),
    ("unknown word", LEAST + '[[disposition]]\ncolumn = "D"\n[disposition.says]\nX = "gone"\n', "gone"),
    ("no zone", LEAST.replace('"UTC"', '""'), "zone is not filled in"),
    ("no such zone", LEAST.replace("UTC", "Mars/Olympus"), "not a time zone"),
    ("no receipt", 'name = "a"\ntitle = "A"\nzone = "UTC"\n', "needs `received`"),
    (
        "receipt as duration",
        LEAST.replace('"R"', '{ column = "R", after = "closed" }'),
        "cannot be a duration",
    ),
    ("two forms of a stamp", LEAST.replace('"R"', '{ column = "R", date = "D", time = "T" }'), "give one of"),
    ("date without time", LEAST.replace('"R"', '{ date = "D" }'), "belong together"),
    ("duration after nothing we know", LEAST + 'closed = { column = "C", after = "lunch" }\n', "lunch"),
    ("column and value", 'agency = { column = "A", value = "B" }\n' + LEAST, "either a column or a value"),
    (
        "a service that is none",
        'service = { column = "S", values = { P = "polise" } }\n' + LEAST,
        "did you mean 'police'",
    ),
    ("a channel that is none", 'channel = { value = "911" }\n' + LEAST, "not a word of ours"),
    ("a group that is no word", LEAST + '[groups]\n"by area" = "A"\n', "group 'by area'"),
    ("a name that is no word", LEAST.replace('"a"', '"my city"'), "must be one word"),
    ("wrong type", 'live = "yes"\n' + LEAST, "live"),
]


@pytest.mark.parametrize(("text", "word"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_profile_that_cannot_be_used_says_why(text: str, word: str) -> None:
    with pytest.raises(ProfileError, match=word):
        parse_profile(text, "x.toml")


def test_the_least_profile_will_do() -> None:
    assert parse_profile(LEAST, "x.toml").needed() == ("R",)


def test_the_profiles_that_we_ship_are_sound_and_have_limits() -> None:
    names = [p.name for p in built_in_profiles()]
    assert names == ["alexandria", "boone", "minneapolis", "new_york_ems", "portland_feed", "san_luis_obispo"]
    for one in built_in_profiles():
        assert one.limits, f"{one.name} says nothing of what it cannot show"
        assert not missing_columns(one, place(one, list(one.columns())))


def test_a_profile_is_found_by_name_or_path_and_a_near_name_is_offered(tmp_path: Path) -> None:
    assert find_profile("boone").name == "boone"
    (tmp_path / "my.toml").write_text(LEAST)
    assert find_profile(str(tmp_path / "my.toml")).name == "a"
    with pytest.raises(ProfileError, match="Did you mean minneapolis"):
        find_profile("mineapolis")
    with pytest.raises(ProfileError, match="cannot be read"):
        find_profile(str(tmp_path / "none.toml"))


def test_the_hash_changes_with_anything_the_profile_says() -> None:
    assert profile().sha256 == profile().sha256
    assert profile().sha256 != profile(more="day_first = true").sha256
    assert parse_profile(TOWN.replace("GOA", "GOX") % {"more": "", "stamps": ""}, "x").sha256 != profile().sha256


def test_column_names_are_compared_without_case_blanks_and_underscores() -> None:
    assert folded("Time_First_Unit_Arrived") == folded(" time first-unit ARRIVED ") == "timefirstunitarrived"


def test_the_profile_whose_columns_the_header_has_most_of_is_taken(tmp_path: Path) -> None:
    boone = find_profile("boone")
    header = [name.upper() for name in boone.columns()] + ["Something Else"]
    assert match_profile(header, tmp_path / "x.csv") is boone
