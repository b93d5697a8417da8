"""The text to begin with."""

from __future__ import annotations

import pytest

from everycall.core.certificates import REQUIRED_PROPERTIES
from everycall.policy.attributes import Choice
from everycall.policy.properties.check import check
from everycall.policy.text import PolicyError, new_policy, read_with_warnings
from everycall.policy.text.template import COMMON_TYPES


def test_it_reads_without_problems_or_warnings_and_says_what_it_was_given() -> None:
    text = new_policy(
        "v-1", 'The "rules": all', "Chief \\ Office", "Code #3", "America/Los_Angeles", ["911", "no", "B.1"]
    )
    policy, warnings = read_with_warnings(text)
    assert warnings == ()
    heading = policy.heading
    assert (heading.version, heading.title, heading.author) == ("v-1", 'The "rules": all', "Chief \\ Office")
    assert (heading.authority, heading.time_zone) == ("Code #3", "America/Los_Angeles")
    domain = next(each.domain for each in policy.attributes if each.name == "type")
    assert domain == Choice(values=("911", "no", "B.1"))


def test_nobody_gets_less_than_the_highest_priority_before_somebody_says_so() -> None:
    policy, _ = read_with_warnings(new_policy("v", "t", "a", "b", "UTC"))
    assert {rule.plan.priority for rule in policy.deciding} == {1}
    assert policy.triage.find_out_within is not None


@pytest.mark.parametrize("types", [COMMON_TYPES, ["911", "noise"]])
def test_it_passes_its_own_check(types: list[str]) -> None:
    report = check(read_with_warnings(new_policy("v", "t", "a", "b", "UTC", types))[0])
    assert {each.name: each.verdict for each in report.properties} == dict.fromkeys(REQUIRED_PROPERTIES, "holds")


def test_many_types_fit() -> None:
    text = new_policy("v", "t", "a", "b", "UTC", [f"type_{n}" for n in range(500)])
    assert max(map(len, text.decode().split("\n"))) <= 120


def test_words_cannot_change_the_template() -> None:
    """A title that looks like a place to fill in, or like more YAML, stays a title."""
    for title in ("<AUTHOR>", 'x"\nrules: []\n#', "${x}", "{{x}}"):
        try:
            policy, _ = read_with_warnings(new_policy("v", title, "somebody", "b", "UTC"))
        except PolicyError as error:
            assert "\n" in title, error  # noqa: PT017 - the one of several lines is refused
        else:
            assert (policy.heading.title, policy.heading.author) == (title, "somebody")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("a b", "t", "a", "b", "UTC"), "not a code"),
        (("v", "", "a", "b", "UTC"), "is empty"),
        (("v", "t", "a", "b", "Mars"), "no time zone"),
        (("v", "t", "a", "b", "UTC", ["a*b"]), "not a code"),
        (("v", "t", "a", "b", "UTC", []), "empty list"),
        (("v", "t", "a", "b", "UTC", ["x", "x"]), "twice"),
        (("v", "t", "a", "b", "UTC", ["unknown"]), "names 'unknown'"),
    ],
)
def test_what_cannot_stand_in_a_policy_is_refused(arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        new_policy(*arguments)


def test_the_common_types_are_each_there_once_in_order() -> None:
    assert list(COMMON_TYPES) == sorted(set(COMMON_TYPES))
