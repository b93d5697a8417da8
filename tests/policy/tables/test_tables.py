"""A chief reads the whole policy in tables: every rule, what it asks, what it gives, nothing left out."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from everycall.policy.conditions import (
    All,
    Always,
    Any,
    Between,
    Condition,
    During,
    Has,
    In,
    Is,
    Not,
    Within,
    mentioned,
)
from everycall.policy.tables.cells import ALSO, columns, spread
from everycall.policy.tables.page import page_of
from everycall.policy.tables.tables import tables_of
from everycall.policy.text import read_policy
from everycall.policy.words import variable_words

if TYPE_CHECKING:
    from everycall.policy.rules import Policy

STORY = Path(__file__).parents[3] / "docs" / "policy-story"
STARTER = read_policy((files("everycall.policy") / "starter.yaml").read_bytes())
TEXTS = {path.stem: read_policy(path.read_bytes()) for path in sorted(STORY.glob("*.yaml"))}


@pytest.mark.parametrize(
    ("condition", "cells"),
    [
        (Always(), {}),
        (Is(variable="weapon", value=True), {"weapon": ["yes"]}),
        (Is(variable="weapon", value=None), {"weapon": ["unknown"]}),
        (In(variable="type", values=("theft", "noise"), or_unknown=True), {"type": ["theft, noise or unknown"]}),
        (Between(variable="patients", lowest=2, highest=5), {"patients": ["2 to 5"]}),
        (Has(attribute="hazards", value="chemicals"), {"hazards": ["has chemicals"]}),
        (Within(zone="central", or_unknown=True), {"zone": ["within central or unknown"]}),
        (During(start=22 * 60, end=6 * 60), {"time": ["22:00 to 06:00"]}),
        (Not(part=Is(variable="weapon", value=False)), {"weapon": ["not no"]}),
        (
            All(
                parts=(
                    Is(variable="a", value=True),
                    All(parts=(Is(variable="b", value="x"), Is(variable="a", value=None))),
                )
            ),
            {"a": ["yes", "unknown"], "b": ["x"]},
        ),
        (
            All(
                parts=(
                    Is(variable="a", value=1),
                    Any(parts=(Is(variable="b", value=2), Not(part=Is(variable="c", value=3)))),
                )
            ),
            {"a": ["1"], ALSO: ["b is 2 or c is not 3"]},
        ),
        (
            Not(part=All(parts=(Is(variable="a", value=1), Is(variable="b", value=2)))),
            {ALSO: ["not (a is 1 and b is 2)"]},
        ),
    ],
)
def test_a_condition_stands_in_its_columns(condition: All, cells: dict[str, list[str]]) -> None:
    assert spread(condition) == cells


def test_service_and_type_come_first_and_what_fits_no_column_last() -> None:
    asked: list[Condition] = [
        All(parts=(Is(variable="weapon", value=True), Is(variable="type", value="theft"))),
        Any(parts=(Is(variable="a", value=True), Is(variable="b", value=True))),
        Is(variable="service", value="police"),
    ]
    assert columns(asked) == ["service", "type", "weapon", ALSO]


@pytest.mark.parametrize("policy", [STARTER, *TEXTS.values()], ids=["starter", *TEXTS])
def test_every_rule_has_its_row_with_all_that_it_asks(policy: Policy) -> None:
    deciding, adding = tables_of(policy)[:2]
    assert [row[0] for row in deciding.rows] == [rule.id for rule in policy.deciding]
    assert [row[0] for row in adding.rows] == [rule.id for rule in policy.add]
    for table, rules in (
        (deciding, [(rule.id, rule.when) for rule in policy.rules]),
        (adding, [(rule.id, rule.when) for rule in policy.add]),
    ):
        for row, (_, when) in zip(table.rows, rules, strict=False):
            asks = " ".join(row[: len(table.asks)])
            for name in mentioned(when):
                ends = name.split(".")[-1]
                shown = variable_words(name)
                assert shown in table.asks or shown in asks or f"has {ends}" in asks or f"within {ends}" in asks, name
    for table in tables_of(policy):
        assert all(len(row) == len(table.asks) + len(table.gives) for row in table.rows)


def test_every_part_of_an_outcome_is_in_the_table() -> None:
    deciding = tables_of(TEXTS["4-jurisdiction"])[0]
    row = next(row for row in deciding.rows if row[0] == "guard_nobody_in_danger")
    cells = dict(zip((*deciding.asks, *deciding.gives), row, strict=True))
    assert cells["anyone_in_danger"] == "no"
    assert cells["zone"] == "within agency_building"
    assert cells["dispatch"] == "3 min"
    assert cells["offer"].startswith("to agency_a_police (their_property) for 3 min; our units wait")
    civil = next(row for row in tables_of(STARTER)[0].rows if row[0] == "civil_matter")
    assert "decline 1" in civil[-2]
    grants = {row[0]: row for table in tables_of(STARTER) for row in table.rows if table.asks == ("allowed",)}
    assert grants["decline 1"] == ("decline 1", "supervisor, duty_chief", "not_a_public_duty", "", "3 d", "ladder 2")
    ladders = {row[0]: row[1] for table in tables_of(STARTER) for row in table.rows if table.asks == ("ladder",)}
    assert ladders["ladder 2"] == "supervisor at once, duty_chief after 1 d"


def test_who_may_be_treated_alike_is_said_of_each_attribute() -> None:
    attributes = {
        row[0]: row for table in tables_of(TEXTS["1-naive"]) for row in table.rows if table.asks[0] == "attribute"
    }
    assert "protected" in attributes["caller.employer"]
    assert "equal to every value" in attributes["caller.employer"]
    assert "danger" in attributes["weapon"]


def test_the_page_shows_every_rule_and_runs_nothing() -> None:
    page = page_of(STARTER)
    for rule in [found.id for found in STARTER.rules] + [found.id for found in STARTER.add]:
        assert f">{rule}<" in page
    assert STARTER.hash in page
    assert not re.search(r"<script|https?://", page)
    hostile = replace(
        STARTER, rules=(replace(STARTER.rules[0], because="<script>alert(1)</script> & more"), *STARTER.rules[1:])
    )
    assert "<script>" not in page_of(hostile)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page_of(hostile)
