"""The comparison: what it lists is all that changes, and all that it lists changes."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from version_pairs import EveryCall, small_pair
from written_versions import FOR_EMPLOYEES, version

from everycall.policy.bit_vectors import Z3Engine
from everycall.policy.clauses import CadicalEngine
from everycall.policy.difference.compare import compare
from everycall.policy.difference.judge import Judge
from everycall.policy.difference.membership import lies_in
from everycall.policy.difference.questions import scene_of
from everycall.policy.formula import Answer, Found, Never, NoAnswer
from everycall.policy.text import read_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from everycall.policy.difference.result import Difference, Region
    from everycall.policy.formula import Engine, Formula, Scene
    from everycall.policy.rules import Policy

BOTH: Sequence[Callable[[Scene], Engine]] = (CadicalEngine, Z3Engine)


def compared(
    old: Policy, new: Policy, *, engines: Sequence[Callable[[Scene], Engine]] = BOTH, regions: int = 40
) -> Difference:
    return compare(old, new, engines=engines, seconds=60, regions=regions)


def regions(difference: Difference, direction: str) -> list[Region]:
    return [region for region in difference.regions if region.direction == direction]


def check_by_enumeration(seed: int) -> None:
    """A call changes in a direction if and only if a region of that direction holds it."""
    old, new = small_pair(Random(seed))
    made: list[EveryCall] = []

    def every_call(scene: Scene) -> EveryCall:
        made.append(EveryCall(scene))
        return made[-1]

    found = compared(old, new, engines=(*BOTH, every_call), regions=500)
    assert found.established, found.verdicts
    if found.same_text:
        return
    slow = made[0]
    judge = Judge(slow.scene)
    for at, call in enumerate(slow.calls):
        expected = {direction for direction in (slow.direction(at),) if direction is not None}
        assert {region.direction for region in found.regions if lies_in(judge, call, region)} == expected, call
    for number, region in enumerate(found.regions):
        both = judge.both(region.example.facts)
        before = [each for each in found.regions[:number] if each.direction == region.direction]
        assert not any(lies_in(judge, region.example.facts, each) for each in before), "each shows something new"
        assert lies_in(judge, region.example.facts, region)
        assert judge.direction(region.example.facts) == region.direction
        assert (region.example.old_rule, region.example.new_rule) == (both[0].rule, both[1].rule)
        assert region.changes


@pytest.mark.parametrize("seed", range(12))
def test_a_call_changes_if_and_only_if_a_region_holds_it(seed: int) -> None:
    check_by_enumeration(seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1_000, 1_300))
def test_a_call_changes_if_and_only_if_a_region_holds_it_at_length(seed: int) -> None:
    check_by_enumeration(seed)


def test_the_same_text_needs_no_engine() -> None:
    found = compared(version(), version(), engines=())
    assert found.same_text
    assert found.established
    assert found.nothing_less
    assert not found.regions


def test_another_heading_with_the_same_rules_treats_no_call_otherwise_by_proof() -> None:
    found = compared(version(), version(("reason: First", "reason: Second")))
    assert not found.same_text
    assert not found.regions
    assert found.established
    assert [change.words for change in found.changes] == ["Reason: First written rules. → Second written rules."]


def test_a_dropped_rule_is_told_as_one_group() -> None:
    found = compared(version(), version(("  - rule: theft\n    when: {type: theft}\n    plan: soon\n", "")))
    less = regions(found, "less")
    (first,) = less
    assert first.description.words == "every call that rule theft decided"
    assert (first.old_rules, first.new_rules) == (("theft",), ("default",))
    assert [shift.words for shift in first.changes] == ["dispatch: within 5 min → within 30 min"]
    assert "priority 2 → priority 4" in [shift.words for shift in first.also], "but not where `armed` adds"
    assert first.touched.types == ("theft",)
    assert found.established
    assert not found.nothing_less


def test_a_plan_that_becomes_less_for_a_whole_rule_is_told_by_the_rule_alone() -> None:
    found = compared(version(), version(("dispatch_within: 5 min", "dispatch_within: 6 min")))
    (region,) = regions(found, "less")
    assert region.description.words == "every call that rule theft decided"
    assert [shift.words for shift in region.changes] == ["dispatch: within 5 min → within 6 min"]
    assert region.example.facts.keys() == {"type", "time.of_day", "time.weekday"}


def test_what_touches_only_some_callers_says_so() -> None:
    found = compared(version(), version(FOR_EMPLOYEES))
    less = regions(found, "less")
    assert less
    assert all(region.touched.protected_words == "caller.employer is agency_a" for region in less)
    assert found.established


def test_what_touches_all_callers_does_not_say_that_it_touches_some() -> None:
    found = compared(version(), version(("send: {police: 2}, minimum", "send: {police: 1}, minimum")))
    assert regions(found, "less")
    assert not any(region.touched.protected for region in found.regions)


def test_an_added_raise_is_told_by_its_facts_whatever_rule_decides() -> None:
    added = (
        "add:\n",
        "add:\n  - rule: crowd\n    when: {patients: {between: [20, 40]}}\n    add: {send: {ambulance: 3}}\n",
    )
    found = compared(version(), version(added))
    assert not regions(found, "less")
    (region,) = regions(found, "more")
    assert region.description.words == "every call, where patients is 20 to 40"
    assert found.nothing_less


def test_less_in_one_thing_and_more_in_another_is_less_and_mixed() -> None:
    found = compared(
        version(), version(("soon: {priority: 2, send: {police: 1}", "soon: {priority: 3, send: {police: 2}"))
    )
    less = regions(found, "less")
    assert less[0].mixed
    assert [shift.words for shift in less[0].changes] == ["priority 2 → priority 3"]
    assert "police units: 1 → 2" in [shift.words for shift in less[0].also]


def test_staging_is_neither_less_nor_more() -> None:
    staged = ("    plan: soon\n", "    plan: {as: soon, stage: {because: It may be dangerous., until: It is safe.}}\n")
    found = compared(version(), version(staged))
    assert not regions(found, "less") + regions(found, "more")
    (region,) = regions(found, "otherwise")
    assert [shift.words for shift in region.changes] == [
        "staging (because: It may be dangerous; until: It is safe): no → yes"
    ]
    assert found.nothing_less


def test_another_end_of_staging_is_otherwise_and_both_ends_are_said() -> None:
    old, new = [
        version(("    plan: soon\n", f"    plan: {{as: soon, stage: {{because: Dogs., until: {until}}}}}\n"))
        for until in ("It is safe.", "The chief in person orders it.")
    ]
    found = compared(old, new)
    assert not regions(found, "less") + regions(found, "more")
    (region,) = regions(found, "otherwise")
    assert sorted(shift.words for shift in (*region.changes, *region.also)) == [
        "staging (because: Dogs; until: It is safe): yes → no",
        "staging (because: Dogs; until: The chief in person orders it): no → yes",
    ]
    assert "theft" in region.description.words


def test_the_order_in_which_a_plan_names_what_is_sent_is_no_difference() -> None:
    old, new = [version(("soon: {priority: 2, send: {police: 1}", f"soon: {{priority: 2, send: {{{send}}}")) for send in
                ("police: 1, als: 1", "als: 1, police: 1")]  # fmt: skip
    assert not compared(old, new).regions
    assert old.rules == new.rules


def test_a_zone_and_hours_are_told_in_words() -> None:
    night = "{type: theft, zone: {within: harbour}, time: {during: [22:00, 06:00]}}"
    rule = f"rules:\n  - rule: night\n    when: {night}\n    plan: report\n"
    found = compared(version(), version(("rules:\n", rule)))
    first = regions(found, "less")[0]
    assert first.description.words.startswith("every call that rule night now decides")
    assert first.touched.zones == ("harbour",)
    assert first.touched.types == ("theft",)
    assert "inside zone harbour" in first.example.words


def test_a_narrowed_rule_names_the_facts_that_fall_out() -> None:
    narrowed = ("when: {type: robbery}", "when: {type: robbery, not: {patients: {between: [30, 60]}}}")
    less = regions(compared(version(), version(narrowed)), "less")
    assert less[0].description.words.startswith("every call that rule robbery decided, where patients is 30 to 60")


def test_a_list_that_is_cut_off_says_so_with_an_example_from_beyond() -> None:
    new = version(
        FOR_EMPLOYEES,
        ("soon: {priority: 2", "soon: {priority: 3"),
        ("floor: {answer_within: 15 s", "floor: {answer_within: 10 s"),
    )
    found = compared(version(), new, regions=1)
    less = next(verdict for verdict in found.verdicts if verdict.direction == "less")
    assert not less.complete
    assert not less.established
    assert less.beyond is not None
    judge = Judge(scene_of(version(), new))
    assert "caller.language" not in less.beyond.facts, "what plays no part is left out"
    assert judge.direction(less.beyond.facts) == "less"
    assert not any(lies_in(judge, less.beyond.facts, region) for region in regions(found, "less"))
    assert not found.nothing_less


def test_hours_on_two_clocks_are_not_established() -> None:
    rule = "rules:\n  - rule: night\n    when: {time: {during: [22:00, 06:00]}}\n    plan: soon\n"
    other = ("time_zone: America/Los_Angeles", "time_zone: UTC")
    found = compared(version(("rules:\n", rule)), version(("rules:\n", rule), other))
    assert not found.established
    assert not found.nothing_less
    assert "America/Los_Angeles" in found.verdicts[0].because


def test_another_clock_does_not_matter_where_no_rule_reads_the_time() -> None:
    assert compared(version(), version(("time_zone: America/Los_Angeles", "time_zone: UTC"))).established


def test_a_dropped_type_counts_as_unknown() -> None:
    found = compared(version(), version(("robbery, theft, noise]", "robbery, theft]")))
    (region,) = regions(found, "more")
    assert region.touched.types == ("noise",)
    assert found.nothing_less


class Says:
    """An engine that always says the same."""

    def __init__(self, answer: Answer) -> None:
        self.name = "says the same"
        self._answer = answer

    def ask(self, question: Formula, seconds: float) -> Answer:
        del question, seconds
        return self._answer


CHANGED = version(("soon: {priority: 2", "soon: {priority: 3"))


@pytest.mark.parametrize(
    ("first", "because"),
    [
        (Never(), "overlooked"),
        (NoAnswer("tired"), "tired"),
        (Found(calls={"old": {"time.of_day": 0, "time.weekday": "monday"}, "new": {}}), "does not confirm"),
    ],
    ids=["never", "no answer", "a call that does not change"],
)
def test_an_engine_that_is_wrong_or_silent_makes_nothing_established(first: Answer, because: str) -> None:
    found = compared(version(), CHANGED, engines=(lambda _: Says(first), Z3Engine))
    less = found.verdicts[0]
    assert not less.established
    assert because in less.because
    assert not found.nothing_less


def test_two_engines_that_overlook_the_same_are_believed_but_one_that_differs_is_not() -> None:
    """The limit of the method, written down: that is why the two encodings share no code."""
    assert compared(version(), CHANGED, engines=(lambda _: Says(Never()), lambda _: Says(Never()))).established
    assert not compared(version(), CHANGED, engines=(lambda _: Says(Never()), Z3Engine)).established


@pytest.mark.parametrize("engines", [(), (CadicalEngine,), (Z3Engine,)], ids=["none", "CaDiCaL", "z3"])
def test_one_engine_alone_establishes_nothing(engines: Sequence[Callable[[Scene], Engine]]) -> None:
    found = compared(version(), CHANGED, engines=engines)
    assert not found.established
    assert "not enough" in found.verdicts[0].because


def test_when_the_time_is_up_nothing_is_established() -> None:
    found = compare(version(), CHANGED, engines=BOTH, seconds=0)
    assert not found.established
    assert "the time is up" in found.verdicts[0].because
    assert not found.nothing_less


def test_progress_is_told() -> None:
    told: list[tuple[str, int]] = []
    compare(version(), CHANGED, engines=BOTH, progress=lambda direction, count: told.append((direction, count)))
    assert told[0] == ("less", 1)


def test_what_touches_only_some_callers_does_not_drown_in_a_change_for_all() -> None:
    """Crowds and employees get the same now, as the same facts say: told apart all the same."""
    both = (
        "rules:\n",
        "rules:\n  - rule: employees\n    when: {caller.employer: agency_a}\n    plan: report\n"
        "  - rule: crowd\n    when: {patients: {between: [20, 40]}}\n    plan: report\n",
    )
    less = regions(compared(version(), version(both)), "less")
    assert any(region.touched.protected_words == "caller.employer is agency_a" for region in less)
    for region in less:
        assert {"employees", "crowd"} != {*region.description.new_rules}
    assert all(region.touched.protected for region in less if "employees" in region.description.new_rules)


def test_what_gets_more_is_told_without_those_that_get_less_in_something() -> None:
    added = (
        "add:\n",
        "add:\n  - rule: crowd\n    when: {patients: {between: [20, 40]}}\n    add: {send: {ambulance: 3}}\n",
    )
    new = version(added, ("soon: {priority: 2", "soon: {priority: 3"))
    found = compared(version(), new)
    (region,) = regions(found, "more")
    assert region.description.words == "every call, where patients is 20 to 40, unless it gets less in something"
    assert found.established
    judge = Judge(scene_of(version(), new))
    times: dict[str, int | str] = {"time.of_day": 720, "time.weekday": "monday"}
    assert lies_in(judge, {"type": "noise", "patients": 20, **times}, region)
    assert not lies_in(judge, {"type": "theft", "patients": 20, **times}, region)
    assert not lies_in(judge, {"type": "noise", "patients": 41, **times}, region)


def test_a_raise_that_hides_a_change_is_named() -> None:
    """Of thefts only those get a lower priority that `armed` does not raise."""
    more = ("add:\n", "add:\n  - rule: many\n    when: {patients: {between: [20, 40]}}\n    add: {priority: 1}\n")
    hurt = ("  caller.employer", "  injured: {kind: yes_no, source: caller, danger: true}\n  caller.employer")
    raised = (more, hurt, ("{weapon: yes}", "{any: [{weapon: yes}, {injured: yes}]}"))
    found = compared(version(*raised), version(*raised, ("soon: {priority: 2", "soon: {priority: 3")))
    (region,) = regions(found, "less")
    assert region.description.words == "every call that rule theft decided, unless many or armed add to it"
    assert found.established


def test_the_instruction_of_the_design_is_told_by_its_own_rule() -> None:
    """What the lawful version gives less to guard that property is another group, however alike the facts."""
    story = Path(__file__).resolve().parents[3] / "docs" / "policy-story"
    lawful, naive = [read_policy((story / name).read_bytes()) for name in ("4-jurisdiction.yaml", "1-naive.yaml")]
    less = regions(compared(lawful, naive), "less")
    own = [region for region in less if region.description.new_rules == ("agency_a",)]
    assert own
    assert all(region.touched.protected_words == "caller.employer is agency_a" for region in own)
