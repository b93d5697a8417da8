"""The schema for editors: it accepts policies and refuses what is wrong in itself.

No validator is among the project's packages, so the one of `small_schema` stands in for an editor's.
"""

# ruff: noqa: E501 - a row of a table is a line

from __future__ import annotations

from typing import Any

import pytest
from policy_frame import FRAME, changed
from ruamel.yaml import YAML
from small_schema import valid
from test_refused import ATTRIBUTES, CONDITIONS, HEADING, LADDERS_AND_GRANTS, PLANS, RULES, WHEN, ZONES

from everycall.policy.text import PolicyError, new_policy, policy_schema, read_policy
from everycall.policy.text.fields import POLICY, SECTIONS

SCHEMA: dict[str, Any] = policy_schema()

BEYOND = {
    "no time zone", "not after", "no calendar", "do not declare 'type'", "is the type, so", "The type is not a choice",
    "neither protected", "the language's own", "what it counts as while unknown", "not of the kind", "'c'", "outside",
    "names 'unknown'", "would seal", "no 'from'", "no 'unit'", "upside down", "10001 values", "0x1", "+1", "1_0", "010",
    "no value is more danger", "at once", "is a danger, so", "is protected, so", "not taken off", "shipped list",
    "may say who", "the core seals", "derived from itself", "derived from a protected one",
    "name of a value of 'hazards'", "inside itself", "inside itself, through 'federal_building'",
    "a place is in one of them", "is -1", "does not end in a person", "not ascend", "tells nobody when the deadline passes", "'no way' is not a code",
    "twice", "components end in", "no 'to'",
    "no rule names", "367 d", "changes nothing", "taken by the policy's own triage", "taken by the policy's own default",
    "two rules 'robbery'", "two rules 'robbery' (the first on line 40)", "empty map", "is 0", "not protected", "'burglary'",
    "'thefts'", "'medical'", "'maybe'", "text in quotes", "asked with 'between'", "asked with 'is'", "say the same",
    "outside the declared 0 to 20", "several values at once", "'acid'", "begins at 24:00", "by that name", "no attribute",
}  # fmt: skip
"""What the schema lets through: what needs the rest of the text, and what YAML gives to a schema as another thing."""

NAMED = ("no attribute '", "no zone '", "no ladder '", "no grant '", "no plan '", "gives the support '")
EMPTY_LISTS = ("  short: §[]", "instead: §[]")


def data(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text.replace("§", ""))


def plain(value: Any) -> Any:
    """As JSON has it: an instant is the text that it was written as."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def loaded(text: str) -> Any:
    # YAML's core schema has no instants; this reader makes some, so they are quoted first.
    return plain(data(text.replace("2027-01-01T00:00:00-08:00", "'2027-01-01T00:00:00-08:00'").replace(
        "2028-01-01T00:00:00-08:00", "'2028-01-01T00:00:00-08:00'")))  # fmt: skip


def test_a_policy_is_accepted() -> None:
    assert valid(SCHEMA, loaded(FRAME))
    assert valid(SCHEMA, loaded(new_policy("v1", "A", "B", "C", "UTC").decode()))


@pytest.mark.parametrize("condition", [
    "always", "{weapon: yes}", "{weapon: true}", "{patients: 3}", "{type: [a, b]}", "{type: {in: [a], or: unknown}}",
    "{patients: {between: [0, 1], or: unknown}}", "{hazards: {has: x}}", "{zone: {within: x, or: unknown}}",
    "{time: {during: ['22:00', '24:00']}}", "{weekday: [sunday]}", "{not: {any: [{all: [always]}]}}",
])  # fmt: skip
def test_every_form_of_condition_is_accepted(condition: str) -> None:
    assert valid(SCHEMA, loaded(changed(WHEN, f"when: {condition}")))


SEEN = [
    row
    for row in [
        *HEADING, *ATTRIBUTES, *ZONES, *LADDERS_AND_GRANTS, *PLANS, *RULES,
        *[(WHEN, f"when: {written}", says, remedy) for written, says, remedy in CONDITIONS],
    ]
    if row[2] not in BEYOND and not row[2].startswith(NAMED) and row[1] not in EMPTY_LISTS
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), [row[:3] for row in SEEN], ids=[row[2] for row in SEEN])
def test_what_is_wrong_in_itself_is_refused(old: str, new: str, says: str) -> None:
    assert not valid(SCHEMA, loaded(changed(old, new))), says


def test_many_wrong_texts_are_tried() -> None:
    assert len(SEEN) > 100


def test_every_key_of_the_reader_stands_in_the_schema_with_its_meaning() -> None:
    for section in SECTIONS:
        described = SCHEMA if section is POLICY else SCHEMA["$defs"][section.name.replace(" ", "_")]
        assert tuple(described["properties"]) == section.names()
        assert all(described["properties"][field.name]["description"] == field.means for field in section.fields)
        assert not described["additionalProperties"]


def test_the_reader_accepts_nothing_that_the_schema_refuses() -> None:
    for old, new, *_ in SEEN:
        with pytest.raises(PolicyError):
            read_policy(changed(old, new).replace("§", "").encode())
