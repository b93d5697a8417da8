"""What no author may choose: how late help may be, what may differ by who calls, what keeps silent about a name."""

# ruff: noqa: E501 - a rule of a policy is a line

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
import pytest
from large_policies import bench_policy
from policy_texts import INTERPRETER, policy, text

from everycall.core.certificates import REQUIRED_PROPERTIES
from everycall.core.facts import PROTECTED
from everycall.policy.attributes import Attribute, Choice, Several, YesNo
from everycall.policy.check_cli import check as check_verb
from everycall.policy.differing import MAY_DIFFER
from everycall.policy.properties.check import check
from everycall.policy.rules import Grant, Offer, Step
from everycall.policy.text import read_policy

if TYPE_CHECKING:
    from pathlib import Path

    from everycall.policy.properties.report import PropertyReport
    from everycall.policy.rules import Plan, Policy

MINUTE, HOUR, DAY = 60, 3600, 86400
LANGUAGE = (
    "- {rule: interpreter, when: {not: {caller.language: {in: [english], or: unknown}}}, add: {support: [interpreter]}}"
)


def of(given: Policy, name: str) -> PropertyReport:
    report = check(given)
    assert not report.disagreements
    return report.property(name)


def with_default(**changes: object) -> Policy:
    read = policy()
    return msgspec.structs.replace(read, default=msgspec.structs.replace(read.default, **changes))


def grant(act: str, within: int) -> Grant:
    ladder = policy().default.ladder
    return msgspec.convert(
        {
            "act": act,
            "roles": ["supervisor"],
            "grounds": ["g"],
            "within": within,
            "ladder": msgspec.to_builtins(ladder),
        },
        Grant,
    )


def offer(within: int, meanwhile: str) -> Offer:
    made = Offer(to="county", ground="g", within=within, meanwhile="send", ladder=policy().default.ladder)
    return msgspec.structs.replace(made, meanwhile=meanwhile)


YEAR = 366 * DAY
BOUNDS = [
    ({"dispatch_within": 4 * HOUR}, {"dispatch_within": 4 * HOUR + 1}, "Write at most 4 h for priority 4"),
    ({"priority": 1, "dispatch_within": 300}, {"priority": 1, "dispatch_within": 301}, "Write at most 5 min"),
    ({"priority": 0, "dispatch_within": 300}, {"priority": 0, "dispatch_within": 301}, "Write at most 5 min"),
    ({"priority": 9, "dispatch_within": DAY}, {"priority": 9, "dispatch_within": YEAR}, "within 366 d only"),
    ({}, {"dispatch_within": None}, "has no time by which somebody must be sent"),
    ({}, {"send": ()}, "sends nobody"),
    ({}, {"send": (), "offer": offer(180, "wait")}, "sends nobody"),
    ({"offer": offer(30 * MINUTE, "wait")}, {"offer": offer(30 * MINUTE + 1, "wait")}, "30 min is the most"),
    ({"offer": offer(HOUR, "send")}, {"offer": offer(YEAR, "send")}, "while our units go; 1 h is the most"),
    (
        {"priority": 2, "dispatch_within": 60, "offer": offer(60, "wait")},
        {"priority": 1, "dispatch_within": 60, "offer": offer(60, "wait")},
        "Write 'meanwhile: send'",
    ),
    ({"may": (grant("hold", DAY),)}, {"may": (grant("hold", YEAR),)}, "1 d is the most"),
    ({"may": (grant("hand_over", HOUR),)}, {"may": (grant("hand_over", HOUR + 1),)}, "1 h is the most"),
    ({"may": (grant("decline", 7 * DAY),)}, {"may": (grant("decline", 7 * DAY + 1),)}, "7 d is the most"),
]


@pytest.mark.parametrize(("last", "past", "says"), BOUNDS, ids=[f"{at}-{row[2]}" for at, row in enumerate(BOUNDS)])
def test_a_plan_at_its_bound_holds_and_past_it_is_refuted_with_a_call_and_a_remedy(
    last: dict[str, object], past: dict[str, object], says: str
) -> None:
    assert of(with_default(**last), "no_silent_refusal").verdict == "holds"
    (shown,) = of(with_default(**past), "no_silent_refusal").refutations
    assert says in shown.words
    assert "the default" in shown.words.lower()
    assert shown.first is not None


def last_step(at: int) -> tuple[Step, ...]:
    return (Step(role="dispatcher", at=0), Step(role="supervisor", at=at))


def test_a_ladder_ends_within_a_day_of_the_missed_deadline_wherever_it_stands() -> None:
    read = policy()
    for at, refuted in ((DAY, 0), (DAY + 1, 1)):
        ladder = last_step(at)
        one_grant = msgspec.structs.replace(grant("hold", HOUR), ladder=ladder)
        one_offer = msgspec.structs.replace(offer(60, "send"), ladder=ladder)
        for given in (
            with_default(ladder=ladder),
            with_default(may=(one_grant,)),
            with_default(offer=one_offer),
            msgspec.structs.replace(read, floor=msgspec.structs.replace(read.floor, ladder=ladder)),
        ):
            assert len(of(given, "no_silent_refusal").refutations) == refuted


@pytest.mark.parametrize("path", ["policy/starter.yaml", "simulate/town_policy.yaml"])
def test_what_ships_holds_on_every_property(path: str) -> None:
    report = check(read_policy((files("everycall") / path).read_bytes()))
    assert {each.name: each.verdict for each in report.properties} == dict.fromkeys(REQUIRED_PROPERTIES, "holds")


def late(plan: Plan) -> Plan:
    return msgspec.structs.replace(plan, dispatch_within=YEAR)


def test_the_plans_of_rules_and_of_triage_are_held_against_the_bounds_too() -> None:
    read = policy()
    (shown,) = of(msgspec.structs.replace(read, triage=late(read.triage)), "no_silent_refusal").refutations
    assert "Triage sends somebody within 366 d only" in shown.words
    rule = msgspec.structs.replace(read.rules[0], plan=late(read.rules[0].plan))
    (shown,) = of(msgspec.structs.replace(read, rules=(rule,)), "no_silent_refusal").refutations
    assert f"Rule robbery (line {rule.line}) sends somebody within 366 d only" in shown.words


def test_a_waiting_offer_of_a_call_that_an_add_rule_makes_urgent_is_refuted_unless_units_go() -> None:
    rule = "- {rule: r, when: {type: guard_property}, plan: {as: slow, offer: {to: a, ground: g, within: 3 min, meanwhile: wait, ladder: standard}}, because: b}"
    urgent = "- {rule: a, when: {weapon: yes}, add: {priority: 1}}"
    (shown,) = of(policy(rule, urgent), "no_silent_refusal").refutations
    assert "waits while it is offered" in shown.words
    going = urgent.replace("priority: 1", "priority: 1, go_meanwhile: true")
    assert of(policy(rule, going), "no_silent_refusal").verdict == "holds"


ALLOWANCES = {
    "answer_within": 150, "acknowledge_within": 600, "call_back_within": 600, "find_out_within": 1200, "hand_over_within": 1800,
    "hand_over_arrival_within": 5 * HOUR, "welfare_every": 150 * MINUTE, "outcome_within": 5 * HOUR, "review_within": 7 * DAY,
    "retire_after": 10 * DAY,
}  # fmt: skip


@pytest.mark.parametrize(("name", "most"), ALLOWANCES.items())
def test_an_allowance_of_the_floor_has_a_bound(name: str, most: int) -> None:
    read = policy()

    def floor(seconds: int) -> Policy:
        return msgspec.structs.replace(read, floor=msgspec.structs.replace(read.floor, **{name: seconds}))

    assert of(floor(most), "no_silent_refusal").verdict == "holds"
    (shown,) = of(floor(most + 1), "no_silent_refusal").refutations
    assert f"The floor's {name} is" in shown.words


@pytest.mark.parametrize(("name", "most"), [("priority", 3), ("dispatch_within", 600), ("find_out_within", 600)])
def test_the_triage_floor_has_bounds(name: str, most: int) -> None:
    read = policy()

    def floor(value: int) -> Policy:
        return msgspec.structs.replace(read, triage_floor=msgspec.structs.replace(read.triage_floor, **{name: value}))

    assert of(floor(most), "no_silent_refusal").verdict == "holds"
    (shown,) = of(floor(most + 1), "no_silent_refusal").refutations
    assert "triage floor" in shown.words


def test_the_large_policies_of_the_benchmarks_are_lawful() -> None:
    for seed in range(3):
        report = check(bench_policy(seed, rules=40, attributes=12, zones=8))
        assert {each.name: each.verdict for each in report.properties} == dict.fromkeys(REQUIRED_PROPERTIES, "holds")


class TestMayDiffer:
    @pytest.mark.parametrize(
        ("support", "by"),
        [
            ("ask_the_chief_before_sending", "caller.employer"),
            ("interpreter", "caller.employer"),
            ("wheelchair_lift", "caller.language"),
        ],
    )
    def test_any_pair_that_does_not_ship_is_an_objection(self, support: str, by: str) -> None:
        add = f"- {{rule: a, when: {{{by}: other}}, add: {{support: [{support}]}}}}"
        given = policy("", add, f"[{{support: {support}, by: [{by}], because: an order}}]")
        report = check(given)
        assert report.property("like_calls_alike").verdict == "holds"
        (shown,) = report.property("protected_list").refutations
        assert f"lets the support {support} depend on {by}" in shown.words
        assert "an order" in shown.words
        assert f"line {given.may_differ[0].line}" in shown.words

    def test_a_pair_that_ships_is_none(self) -> None:
        assert of(policy("", LANGUAGE, INTERPRETER), "protected_list").verdict == "holds"

    def test_nothing_ships_but_by_language_and_disability(self) -> None:
        assert frozenset().union(*MAY_DIFFER.values()) == {"caller.language", "caller.disability"} <= PROTECTED


class TestWhatRulesRead:
    def test_every_rule_that_reads_what_is_protected_is_listed_even_where_nothing_follows(self) -> None:
        rule = "- {rule: who_is_it, when: {type: theft, caller.employer: agency_a}, plan: slow, because: b}"
        found = of(policy(rule, LANGUAGE, INTERPRETER), "protected_list")
        listed = {(each.rules, each.variable) for each in found.listed if each.kind == "reads_protected"}
        assert listed == {(("who_is_it",), "caller.employer"), (("interpreter",), "caller.language")}
        assert found.verdict == "holds"

    ATTRIBUTES = """union_member: {kind: yes_no, source: caller, unknown: itself}
  storey: {kind: number, from: 0, to: 9, unit: floors, source: record, unknown: itself}
  place_owner: {kind: choice, values: [city, other], source: record, protected: false, unknown: itself}
  unread: {kind: yes_no, source: caller, unknown: itself}"""
    RULES = """- {rule: r, when: {type: theft, alarm: yes, union_member: no, storey: 3}, plan: slow, because: b}
- {rule: s, when: {type: theft, place_owner: city, weapon: yes}, plan: fast, because: b}"""

    def test_what_is_not_protected_is_named_the_likeliest_first(self) -> None:
        found = of(policy(self.RULES, attributes=self.ATTRIBUTES), "protected_list")
        assert found.verdict == "holds"
        assert [(each.kind, each.variable) for each in found.listed] == [
            ("not_protected_but_near", "place_owner"),
            ("not_protected", "union_member"),
            ("not_protected", "alarm"),
            ("not_protected", "storey"),
        ]
        assert "sounds like place.owner" in found.listed[0].words
        assert "union_member, from caller: read by rule r (line" in found.listed[1].words

    def test_the_terminal_names_them_all_before_what_is_merely_listed(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "p.yaml").write_bytes(text(self.RULES, attributes=self.ATTRIBUTES))
        check_verb(tmp_path / "p.yaml")
        shown = " ".join(capsys.readouterr().out.split())
        assert "Declared not protected, though the name sounds so: place_owner (below)." in shown
        section = shown[shown.index("Read by rules and not protected") : shown.index("Listed: not refuted")]
        assert all(name in section for name in ("place_owner", "union_member", "alarm", "storey"))


class TestNamesOfVariables:
    """What no reader saw: a value of several bears a shipped name."""

    CALLER = Attribute(name="caller", domain=Several(values=("complaint_history",)), source="record", line=9)

    def test_a_value_of_several_on_the_shipped_list_is_an_objection(self) -> None:
        read = policy()
        score = Attribute(name="score", domain=YesNo(), source="record", derived_from=("caller",))
        given = msgspec.structs.replace(read, attributes=(*read.attributes, self.CALLER, score))
        shown = of(given, "protected_list").refutations
        assert [(each.kind, each.variable) for each in shown] == [("taken_off", "caller"), ("lineage", "score")]
        assert "caller.complaint_history" in shown[0].words

    def test_two_declarations_of_one_variable_are_never_taken_for_one(self) -> None:
        read = policy()
        twice = (
            Attribute(name="m.a", domain=Several(values=("x",)), source="s"),
            Attribute(name="m", domain=Several(values=("a.x",)), source="s"),
        )
        given = msgspec.structs.replace(read, attributes=(*read.attributes, *twice))
        with pytest.raises(ValueError, match="one variable name"):
            given.variables()


class TestDangerThatIsSaidToBeNone:
    def test_it_refutes_danger_with_a_remedy(self) -> None:
        row = "weapon_seen: {kind: yes_no, source: caller, danger: false, unknown: itself}"
        (shown,) = of(policy(attributes=row), "danger").refutations
        assert "weapon_seen (line" in shown.words
        assert "'danger: true'" in shown.words

    def test_a_choice_by_the_name_of_a_danger_too(self) -> None:
        read = policy()
        choice = Attribute(name="injury", domain=Choice(values=("light", "grave")), source="caller")
        given = msgspec.structs.replace(read, attributes=(*read.attributes, choice))
        assert of(given, "danger").verdict == "refuted"
