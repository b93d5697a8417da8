"""What two versions say once for all calls."""

# ruff: noqa: E501 - a row of a table is a line

from __future__ import annotations

import pytest
from written_versions import version

from everycall.policy.difference.overall import overall

Change = tuple[str, str]

INTERPRETER = (
    "add:\n",
    "add:\n  - rule: interpreter\n    when: {caller.language: other}\n    add: {support: [interpreter]}\n",
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("answer_within: 15 s", "answer_within: 60 s"), "answering a call: 15 s → 1 min, slower for every call"),
        (("review_within: 3 d", "review_within: 4 d"), "the review of a decline: 3 d → 4 d, slower for every call"),
        (
            ("retire_after: 1 d,\n        ladder: standard", "retire_after: 1 d,\n        ladder: short"),
            "later or not at all for somebody",
        ),
    ],
)
def test_a_floor_that_became_slower_is_less_for_every_call(change: Change, words: str) -> None:
    short = ("after: 2 min}]\n", "after: 2 min}]\n  short: [{tell: supervisor, after: 0 s}]\n")
    (found,) = [each for each in overall(version(short), version(short, change)) if each.kind == "floor"]
    assert words in found.words
    assert found.less


@pytest.mark.parametrize(
    "change", [("answer_within: 15 s", "answer_within: 10 s"), ("retire_after: 1 d", "retire_after: 2 d")]
)
def test_a_floor_that_became_quicker_or_only_remembers_longer_is_no_less(change: Change) -> None:
    (found,) = overall(version(), version(change))
    assert not found.less


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (("authority: City Code 3.20.030", "authority: none"), "heading", "Authority cited: City Code 3.20.030 → none"),
        (("time_zone: America/Los_Angeles", "time_zone: UTC"), "heading", "Time zone: America/Los_Angeles → UTC"),
        (
            ("time_zone: America/Los_Angeles\n", "time_zone: America/Los_Angeles\neffective: {from: 2027-01-01T00:00:00-08:00}\n"),
            "heading",
            "In force from: not said → 2027-01-01T00:00:00-08:00",
        ),
        (("robbery, theft, noise]", "robbery, theft]"), "type", "Types dropped: noise. A call that has one counts as unknown."),
        (("robbery, theft, noise]", "robbery, theft, noise, fall]"), "type", "Types added: fall."),
        (("  hills: {service_area: true, premises: 400, source: city map}\n", ""), "zone", "Zones dropped: hills."),
        (("hills: {service_area: true, premises: 400", "hills: {service_area: true, premises: 3"), "zone", "now is a service area"),
        (
            ("  caller.employer: {kind: choice, values: [agency_a, agency_b, other], source: caller}\n", ""),
            "protected",
            "Protected attribute caller.employer is dropped",
        ),
        (
            ("values: [agency_a, agency_b, other], source: caller}", "values: [agency_a, agency_b, other], source: caller, unknown: itself, protected: false, taken_off: They asked.}"),
            "protected",
            "caller.employer is no longer protected: the proof no longer asks whether like calls differ by it. Reason given: They asked.",
        ),
        (("source: caller, danger: true}", "source: caller, unknown: itself}"), "attribute", "patients is no longer a danger"),
        (("kind: number, from: 0, to: 60", "kind: number, from: 0, to: 90"), "attribute", "patients was a number from 0 to 60, now is a number from 0 to 90."),
        (
            ("default: {plan: report}\n", "default: {plan: report}\nmay_differ: [{support: interpreter, by: [caller.language], because: To be understood.}]\n"),
            "may_differ",
            "interpreter may now depend on caller.language: To be understood.",
        ),
        (("  - rule: theft\n", "  - rule: stealing\n"), "rule", "Rules dropped: theft."),
        (("priority: 2, dispatch_within: 2 min, find_out", "priority: 3, dispatch_within: 2 min, find_out"), "floor", "priority: 2 → 3"),
    ],
)  # fmt: skip
def test_what_changes_for_the_whole_policy_is_said(change: Change, kind: str, words: str) -> None:
    found = [each.words for each in overall(version(INTERPRETER), version(INTERPRETER, change)) if each.kind == kind]
    assert any(words in each for each in found), found


def test_two_versions_that_say_the_same_have_nothing_to_say() -> None:
    assert overall(version(), version()) == ()
