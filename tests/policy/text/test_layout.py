"""Formatting: one layout for every text, the same meaning, no comment lost."""

from __future__ import annotations

from random import Random

import pytest
from any_layout import AnyLayout
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_frame import FRAME, changed, meaning

from everycall.policy.text import PolicyError, format_policy, new_policy
from everycall.policy.text.layout import WIDTH


def formatted(text: str) -> str:
    return format_policy(text.encode()).decode()


def part(text: str, first: str, count: int) -> list[str]:
    lines = text.split("\n")
    return lines[lines.index(first) : lines.index(first) + count]


def test_keys_have_one_order_and_durations_their_largest_unit() -> None:
    text = formatted(
        changed(DEFAULT, "default:\n   plan: {arrive_within: 7200 s, as: 'report', priority: 2, dispatch_within: 90s}")
    )
    assert "\ndefault: {plan: {as: report, priority: 2, dispatch_within: 90 s, arrive_within: 2 h}}\n" in text


DEFAULT = "default: {plan: report}"


def test_sections_have_one_order_whatever_the_text_has() -> None:
    front, rest = FRAME.split("\nattributes:")
    attributes, rest = rest.split("\nzones:")
    assert formatted(f"{front}\nzones:{rest}attributes:{attributes}\n") == formatted(FRAME)


def test_rules_have_a_line_for_each_key_and_conditions_stay_as_they_are_written() -> None:
    text = formatted(
        changed("  - rule: robbery\n    when", "  - because: x\n    rule: r\n    when").replace(
            '    because: NENA type "robbery"\n', ""
        )
    )
    assert part(text, "  - rule: r", 4) == [
        "  - rule: r",
        "    when: {service: police, type: [robbery, hold_up_alarm]}",
        "    plan: two_officers",
        "    because: x",
    ]


def test_a_condition_that_does_not_fit_gets_a_line_for_each_part() -> None:
    long = ", ".join(f"{{any: [{{patients: {n}}}, {{storey: {n}}}]}}" for n in range(6))
    text = formatted(changed("when: {service: police, type: [robbery, hold_up_alarm]}", f"when: {{all: [{long}]}}"))
    assert part(text, "    when:", 3) == [
        "    when:",
        "      all:",
        "        - any: [{patients: 0}, {storey: 0}]",
    ]


def test_long_lists_are_filled_and_long_texts_folded_at_120_columns() -> None:
    values = ", ".join(f"type_number_{n}" for n in range(40))
    words = "every call " * 20
    text = changed("hold_up_alarm, guard_property", f"hold_up_alarm, {values}, guard_property").replace(
        "title: Who gets what help", f"title: {words}"
    )
    lines = formatted(text).split("\n")
    assert max(map(len, lines)) <= WIDTH
    assert meaning("\n".join(lines)) == meaning(text)
    assert lines[2].startswith('title: "every call')
    assert next(line for line in lines if "values: [" in line).startswith(
        "    values: [robbery, hold_up_alarm, type_number_0,"
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"plain words"', "plain words"),
        ("'it''s'", "it's"),
        ('"12"', '"12"'),
        ('"true"', '"true"'),
        ('"1.5"', '"1.5"'),
        ('"~"', '"~"'),
        ('"yes"', '"yes"'),
        ('"a: b"', '"a: b"'),
        ('"a #b"', '"a #b"'),
        ('"a:"', '"a:"'),
        ('" a "', '" a "'),
        ('"- a"', '"- a"'),
        ('"-a"', "-a"),
        ('"&a"', '"&a"'),
        ('"*a"', '"*a"'),
        ('"@a"', '"@a"'),
        ('"%a"', '"%a"'),
        ('"? a"', '"? a"'),
        ('"[a"', '"[a"'),
        ('"a, b [c]"', "a, b [c]"),
        ('"--- a"', '"--- a"'),
        ('"... a"', '"... a"'),
        (r'"a \"b\" \\ c"', r'a "b" \ c'),
        (r'"\"b\""', r'"\"b\""'),
        ("Ä \U0001f692", "Ä \U0001f692"),
        ("one\n  two", "one two"),
    ],
)
def test_quotes_stand_where_they_are_needed_and_nowhere_else(written: str, expected: str) -> None:
    text = changed("title: Who gets what help", f"title: {written}")
    laid_out = formatted(text)
    assert laid_out.split("\n")[2] == f"title: {expected}"
    assert meaning(laid_out) == meaning(text)
    assert formatted(laid_out) == laid_out


@pytest.mark.parametrize("word", ["yes", "no"])
def test_quotes_that_make_a_mistake_are_kept_so_that_the_mistake_is_still_told(word: str) -> None:
    """Without them the text would say something else: a value in the place of a code."""
    text = changed("- weapon: {is: no}", f'- weapon: {{is: "{word}"}}')
    for each in (text, formatted(text)):
        with pytest.raises(PolicyError, match="'weapon' is a text in quotes"):
            meaning(each)


def test_inside_brackets_marks_need_quotes() -> None:
    text = changed("because: The caller must be understood.", 'because: "One, two [three]"')
    assert '- {support: interpreter, by: [caller.language], because: "One, two [three]"}' in formatted(text)


def test_comments_stay_with_what_they_stand_by() -> None:
    text = changed(
        "rules:\n  - rule: robbery\n",
        """\
rules: # how it is decided
  # above the first
  - plan: report  # beside the plan
    # above the condition
    when: {type: theft,  # inside
           weapon: no}
    rule: first
    # below the first
  # above the second

  # and more
  - rule: robbery
""",
    )
    assert part(formatted(text), "rules:  # how it is decided", 15) == [
        "rules:  # how it is decided",
        "  # above the first",
        "  - rule: first",
        "    # below the first",
        "    # above the condition",
        "    when:",
        "      type: theft  # inside",
        "      weapon: no",
        "    plan: report  # beside the plan",
        "",
        "  # above the second",
        "",
        "  # and more",
        "  - rule: robbery",
        "    when: {service: police, type: [robbery, hold_up_alarm]}",
    ]


def test_the_first_and_the_last_comments_stay_first_and_last() -> None:
    text = "# first\n\n# second\n\n" + FRAME + "\n# last\n"
    laid_out = formatted(text)
    assert laid_out.startswith("# first\n\n# second\n\neverycall_policy: 1\n")
    assert laid_out.endswith("\n\n# last\n")


def test_a_comment_that_does_not_fit_beside_goes_above() -> None:
    comment = "# " + "c" * 100
    assert f"\n{comment}\ndefault: {{plan: report}}\n" in formatted(changed(DEFAULT, f"{DEFAULT} {comment}"))


def test_a_draft_with_mistakes_can_be_laid_out_too() -> None:
    assert formatted("plans: {a: {send: {}, priority: }}\neverycall_policy: 1\nfoo: {b: [], c: 1}\n") == (
        "everycall_policy: 1\n\nplans:\n  a: {priority: null, send: {}}\n\nfoo: {b: [], c: 1}\n"
    )


def test_what_is_no_yaml_of_this_language_is_refused() -> None:
    with pytest.raises(PolicyError, match="not YAML"):
        format_policy(b"a: [b")


def test_the_template_is_laid_out_already() -> None:
    text = new_policy("v1", "A", "B", "C", "UTC")
    assert format_policy(text) == text


def laid_out_anyhow(seed: int, comments: float) -> tuple[str, list[str]]:
    layout = AnyLayout(Random(seed), comments=comments)
    return layout.write(FRAME), layout.comments


def check(seed: int, comments: float) -> None:
    text, told = laid_out_anyhow(seed, comments)
    once = formatted(text)
    assert meaning(once) == meaning(text) == meaning(FRAME)
    assert formatted(once) == once
    found = [line[line.index("# ") :] for line in once.split("\n") if "# " in line]
    assert sorted(found) == sorted(told)
    assert not [line for line in once.split("\n") if line != line.rstrip()]
    if not comments:
        assert once == formatted(FRAME)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), comments=st.sampled_from([0.0, 0.02, 0.1, 0.3]))
def test_any_layout_of_a_policy_gets_the_same_one_without_loss(seed: int, comments: float) -> None:
    check(seed, comments)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(500))
def test_many_layouts(seed: int) -> None:
    check(seed, [0.0, 0.02, 0.1, 0.3][seed % 4])
