"""Each property on small texts: some hold, some do not, and what is said of those that do not."""

# ruff: noqa: E501 - a rule of a policy is a line

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec.structs import replace
from policy_texts import INTERPRETER, policy

from everycall.core.certificates import REQUIRED_PROPERTIES
from everycall.core.policies import Asked
from everycall.policy.attributes import Attribute, YesNo
from everycall.policy.evaluator import PolicyEvaluator
from everycall.policy.properties.check import check
from everycall.policy.rules import Grant, MayDiffer, Step

if TYPE_CHECKING:
    from everycall.policy.properties.report import CheckReport, PropertyReport
    from everycall.policy.rules import Policy

LANGUAGE = (
    "- {rule: interpreter, when: {not: {caller.language: {in: [english], or: unknown}}}, add: {support: [interpreter]}}"
)
AGENCY = "- {rule: agency, when: {type: robbery, caller.employer: agency_a}, plan: slow, because: an order}"


@cache
def checked(rules: str = "", add: str = "", may_differ: str = "[]", attributes: str = "") -> CheckReport:
    return check(policy(rules, add, may_differ, attributes))


def found(name: str, rules: str = "", add: str = "", may_differ: str = "[]", attributes: str = "") -> PropertyReport:
    report = checked(rules, add, may_differ, attributes)
    assert not report.disagreements
    return report.property(name)


def of_policy(given: Policy, name: str) -> PropertyReport:
    return check(given).property(name)


def test_a_policy_that_asks_only_what_happened_holds_in_everything() -> None:
    report = checked()
    assert [each.name for each in report.properties] == list(REQUIRED_PROPERTIES)
    assert {each.verdict for each in report.properties} == {"holds"}
    assert [each.because for each in report.attributes] == ["No rule reads it."] * 2


STAGED = "- {{rule: {}, when: {{type: theft{}}}, plan: {{as: slow, stage: {{because: {}, until: {}}}}}, because: b}}\n"


@pytest.mark.parametrize(
    ("because", "until", "verdict"),
    [
        ("dogs", "the chief in person orders it", "refuted"),
        ("they are busy", "it is safe", "refuted"),
        ("dogs", "it is safe", "holds"),
    ],
)
def test_like_calls_are_staged_for_the_same_reason_and_until_the_same(because: str, until: str, verdict: str) -> None:
    rules = STAGED.format("a", ", caller.employer: agency_a", because, until)
    rules += STAGED.format("b", "", "dogs", "it is safe")
    report = found("like_calls_alike", rules)
    assert report.verdict == verdict
    for shown in report.refutations:
        assert f"waits near the place (because: {because}; until: {until})" in shown.words
        assert f"no waiting (because: {because}; until: {until})" in shown.words


def test_add_rules_for_some_callers_may_not_stage_either() -> None:
    add = "- {rule: a, when: {type: theft, caller.employer: agency_a}, add: {stage: {because: dogs, until: noon}}}\n"
    both = "- {rule: b, when: {type: theft}, add: {stage: {because: dogs, until: dusk}}}"
    assert found("like_calls_alike", "", add + both).verdict == "refuted"
    assert found("like_calls_alike", "", both).verdict == "holds"


def test_the_order_of_what_is_sent_reaches_nobody() -> None:
    rule = "- {{rule: {}, when: {{type: theft{}}}, plan: {{as: slow, send: {{{}}}}}, because: b}}\n"
    given = policy(
        rule.format("a", ", caller.employer: agency_a", "bls: 1, als: 1") + rule.format("b", "", "als: 1, bls: 1")
    )
    assert of_policy(given, "like_calls_alike").verdict == "holds"
    assert given.rules[0].plan == given.rules[1].plan
    shuffled = replace(given.rules[0].plan, send=(("bls", 1), ("als", 1)))
    evaluator = PolicyEvaluator(replace(given, rules=(replace(given.rules[0], plan=shuffled), *given.rules[1:])))
    plans = [
        evaluator.plan(Asked(service="police", incident_type="theft", facts={"caller.employer": who}, received_at=0))
        for who in ("agency_a", "other")
    ]
    assert plans[0].send == plans[1].send


def test_codes_with_dots_that_no_text_may_have_do_not_hide_who_is_allowed_what() -> None:
    given = policy(AGENCY.replace("robbery", "theft") + "\n- {rule: b, when: {type: theft}, plan: slow, because: b}")
    ours, theirs = [
        replace(given.rules[0].plan, may=(
            Grant(act="hand_over", roles=("dispatcher",), grounds=(ground,), within=60, ladder=given.floor.ladder, to=(to,)),
        ))
        for to, ground in (("private.security", "not_ours"), ("security", "not_ours.private"))
    ]  # fmt: skip
    rules = (replace(given.rules[0], plan=ours), replace(given.rules[1], plan=theirs), *given.rules[2:])
    report = of_policy(replace(given, rules=rules), "like_calls_alike")
    assert report.verdict == "refuted"
    assert "hand_over by the dispatcher to private.security (not_ours)" in report.refutations[0].words


class TestLikeCallsAlike:
    """Equal outcome over every pair of values of each protected attribute."""

    @pytest.mark.parametrize(
        ("rules", "add", "may_differ"),
        [
            pytest.param(AGENCY, "", "[]", id="a rule for some callers"),
            pytest.param(
                "- {rule: r, when: {any: [{not: {caller.employer: other}}, {weapon: yes}]}, plan: slow, because: b}",
                "", "[]", id="inside not and any",
            ),
            pytest.param(
                "- {rule: r, when: {caller.employer: {is: unknown}}, plan: slow, because: b}", "", "[]", id="unknown only"
            ),
            pytest.param(
                "- {rule: r, when: {all: [{caller.employer: agency_a}, {time: {during: [22:00, 22:30]}}, "
                "{weekday: {in: [sunday]}}, {patients: {between: [3, 3]}}]}, plan: fast, because: b}",
                "", "[]", id="behind four coincidences",
            ),
            pytest.param("", LANGUAGE, "[]", id="an interpreter that may_differ does not list"),
            pytest.param("", LANGUAGE.replace("support: [interpreter]", "support: [interpreter], priority: 0"), INTERPRETER, id="a priority"),
            pytest.param(
                "- {rule: r, when: {caller.language: spanish}, plan: {as: slow, support: [interpreter]}, because: b}",
                LANGUAGE, INTERPRETER, id="a support that a deciding rule gives",
            ),
            pytest.param(
                "", "- {rule: a, when: {caller.employer: agency_a}, add: {support: [interpreter]}}", INTERPRETER,
                id="a support that may differ by another attribute",
            ),
        ],
    )  # fmt: skip
    def test_refuted(self, rules: str, add: str, may_differ: str) -> None:
        report = checked(rules, add, may_differ)
        assert report.property("like_calls_alike").verdict == "refuted"
        assert [each.verdict for each in report.attributes].count("refuted") == 1

    @pytest.mark.parametrize(
        ("rules", "add", "may_differ"),
        [
            pytest.param("", LANGUAGE, INTERPRETER, id="an interpreter that may differ"),
            pytest.param(
                "- {rule: r, when: {any: [{caller.employer: agency_a}, {not: {caller.employer: agency_a}}]}, plan: slow, "
                "because: b}", "", "[]", id="a question whose answer does not matter",
            ),
            pytest.param(
                "- {rule: r, when: {type: theft, caller.employer: agency_a}, plan: slow, because: b}", "", "[]",
                id="another rule with the same plan",
            ),
            pytest.param(
                "- {rule: first, when: {type: robbery}, plan: fast, because: b}\n" + AGENCY, "", "[]", id="masked",
            ),
            pytest.param(
                "", "- {rule: a, when: {caller.employer: agency_a, type: robbery}, add: {priority: 3}}", "[]",
                id="a raise that never raises anything",
            ),
        ],
    )  # fmt: skip
    def test_holds(self, rules: str, add: str, may_differ: str) -> None:
        assert found("like_calls_alike", rules, add, may_differ).verdict == "holds"

    def test_the_pair_is_as_small_as_it_can_be_and_names_both_rules_with_their_lines(self) -> None:
        (pair,) = found("like_calls_alike", AGENCY).refutations
        assert pair.first is not None
        assert pair.second is not None
        assert pair.first.facts == {
            "caller.employer": "agency_a", "type": "robbery", "time.of_day": 720, "time.weekday": "monday"
        }  # fmt: skip
        assert pair.second.facts == pair.first.facts | {"caller.employer": "other"}
        assert (pair.first.rule, pair.second.rule) == ("agency", "robbery")
        assert pair.variable == "caller.employer"
        assert f"rule agency (line {pair.first.line}) decides: priority 4, 1 police, sent within 30 min" in pair.words
        assert f"rule robbery (line {pair.second.line}) decides: priority 1, 2 police" in pair.words

    def test_each_failing_rule_gets_a_pair_of_its_own(self) -> None:
        second = "- {rule: other, when: {type: fire, caller.employer: agency_b}, plan: slow, because: b}"
        pairs = found("like_calls_alike", f"{AGENCY}\n{second}").refutations
        assert [pair.rules[0] for pair in pairs] == ["agency", "other"]

    def test_what_is_derived_is_asked_about_like_what_is_protected(self) -> None:
        nearby = "works_nearby: {kind: yes_no, source: record, derived_from: [caller.employer], unknown: equal_to_every_value}"
        rule = "- {rule: r, when: {works_nearby: yes}, plan: slow, because: b}"
        report = checked(rule, attributes=nearby)
        assert {each.name: each.verdict for each in report.attributes}["works_nearby"] == "refuted"

    def test_add_rules_that_level_a_difference_out_do_not_excuse_the_rule_that_decides(self) -> None:
        raise_all = (
            "- {rule: all, when: always, add: {priority: 0, send: {police: 3}, dispatch_within: 10 s, arrive_within: 1 min,"
            " find_out_within: 10 s}}"
        )
        (pair,) = found("like_calls_alike", AGENCY, raise_all).refutations
        assert "Before the add rules" in pair.words
        assert pair.differences


class TestProtectedList:
    def test_taking_one_off_is_refuted_with_its_reason(self) -> None:
        off = "place.owner: {kind: choice, values: [city, other], source: record, protected: false, taken_off: tax matters, unknown: itself}"
        (shown,) = found("protected_list", attributes=off).refutations
        assert shown.variable == "place.owner"
        assert "tax matters" in shown.words

    def test_lineage_counts_at_any_depth(self) -> None:
        read = policy()
        chain = (
            Attribute(name="score", domain=YesNo(), source="record", derived_from=("flag",), line=7),
            Attribute(name="flag", domain=YesNo(), source="record", derived_from=("score", "caller.housing")),
        )
        given = msgspec.structs.replace(read, attributes=(*read.attributes, *chain))
        assert [each.variable for each in of_policy(given, "protected_list").refutations] == ["score", "flag"]


class TestUnknown:
    def test_a_rule_that_gives_unknown_danger_less_is_refuted(self) -> None:
        rule = "- {rule: r, when: {type: robbery, weapon: {is: unknown}}, plan: slow, because: b}"
        pairs = found("unknown", rule).refutations
        assert [pair.kind for pair in pairs] == ["unknown_danger"]
        assert pairs[0].second is not None
        assert "weapon" not in pairs[0].second.facts

    def test_a_rule_before_triage_that_gives_less_than_its_floor_is_refuted(self) -> None:
        refuted = found("unknown", "- {rule: r, when: {alarm: no}, plan: slow, because: b}").refutations
        assert [each.kind for each in refuted] == ["below_triage_floor"] * 3
        assert "priority 2" in refuted[0].words
        assert all(each.first is not None and "type" not in each.first.facts for each in refuted)

    def test_the_floor_is_asked_also_where_all_plans_say_the_same(self) -> None:
        given = policy()
        late = msgspec.structs.replace(given.default, find_out_within=None)
        given = msgspec.structs.replace(given, rules=(), triage=late, default=late)
        assert len(of_policy(given, "unknown").refutations) == 3

    def test_what_else_gets_less_while_unknown_is_listed_with_an_example(self) -> None:
        listed = found("unknown", "- {rule: r, when: {type: theft, alarm: yes}, plan: fast, because: b}").listed
        alarm = next(each for each in listed if each.variable == "alarm")
        assert alarm.first is not None
        assert alarm.first.facts["alarm"] is True
        assert {each.variable for each in listed} == {"alarm"}


class TestDanger:
    @pytest.mark.parametrize(
        "rules",
        [
            "- {rule: r, when: {type: robbery, weapon: yes}, plan: slow, because: b}",
            "- {rule: r, when: {type: theft, weapon: no}, plan: fast, because: b}",
            "- {rule: r, when: {type: theft, patients: {between: [2, 4]}}, plan: fast, because: b}",
            "- {rule: r, when: {type: theft, not: {patients: {between: [2, 9]}}}, plan: fast, because: b}",
            "- {rule: r, when: {type: theft, weapon: yes}, plan: slow, because: b}\n"
            "- {rule: s, when: {type: theft, not: {weapon: yes}}, plan: fast, because: b}",
            "- {rule: r, when: {type: theft, patients: {between: [5, 9]}}, plan: slow, because: b}\n"
            "- {rule: s, when: {type: theft, patients: {between: [0, 4]}}, plan: fast, because: b}",
        ],
    )
    def test_less_for_more_danger_is_refuted(self, rules: str) -> None:
        report = found("danger", rules)
        assert report.verdict == "refuted"
        assert report.refutations[0].kind == "less_in_danger"

    def test_a_raise_that_ends_as_danger_grows_is_refuted(self) -> None:
        add = "- {rule: a, when: {patients: {between: [1, 3]}, type: theft}, add: {priority: 1}}"
        (pair,) = found("danger", add=add).refutations
        assert pair.first is not None
        assert pair.second is not None
        assert (pair.first.facts["patients"], pair.second.facts["patients"]) == (1, 4)

    def test_rules_that_only_begin_to_hold_as_danger_grows_need_no_question(self) -> None:
        report = found("danger", add="- {rule: a, when: {weapon: yes}, add: {priority: 1, send: {police: 3}}}")
        assert (report.verdict, report.questions) == ("holds", 0)

    def test_a_declared_substitution_is_listed_with_reason_and_end_and_not_refuted(self) -> None:
        rule = (
            "- {rule: r, when: {type: robbery, weapon: yes}, plan: {as: fast, send: {police: 1, ambulance: 1}}, because: b, "
            "instead: [{component: send.police, because: the tactical team goes, until: it has left}]}"
        )
        report = found("danger", rule)
        assert report.verdict == "holds"
        (listed,) = [each for each in report.listed if each.kind == "substitution"]
        assert "the tactical team goes" in listed.words
        assert "it has left" in listed.words
        assert listed.second is not None

    def test_a_substitution_excuses_its_own_component_only(self) -> None:
        rule = (
            "- {rule: r, when: {type: robbery, weapon: yes}, plan: slow, because: b, "
            "instead: [{component: send.police, because: c, until: d}]}"
        )
        assert found("danger", rule).verdict == "refuted"

    def test_staging_by_danger_is_listed_and_not_refuted(self) -> None:
        rule = (
            "- {rule: r, when: {type: fire, weapon: yes}, plan: {as: fast, stage: {because: shots, until: police say so}}, "
            "because: b}"
        )
        report = found("danger", rule)
        assert report.verdict == "holds"
        (listed,) = report.listed
        assert "shots" in listed.words
        assert "police say so" in listed.words

    def test_an_end_of_staging_that_changes_with_danger_is_listed_and_not_refuted(self) -> None:
        staged = "plan: {{as: fast, stage: {{because: shots, until: {}}}}}, because: b}}"
        rules = (
            "- {rule: r, when: {type: fire, weapon: yes}, " + staged.format("the chief orders it") + "\n"
            "- {rule: s, when: {type: fire}, " + staged.format("police say so")
        )
        report = found("danger", rules)
        assert report.verdict == "holds"
        (listed,) = [each for each in report.listed if each.rules[0] == "r"]
        assert listed.words.startswith(
            "Rule r (line 33) has units wait near the place, because: shots; until: the chief"
        )
        assert "waits near the place (because: shots; until: police say so)" in listed.words
        assert {each.component for each in listed.differences} == {
            "stage.shots.the chief orders it", "stage.shots.police say so",
        }  # fmt: skip


class TestNoSilentRefusal:
    def test_a_decline_of_a_call_that_an_add_rule_makes_urgent_is_refuted(self) -> None:
        rule = "- {rule: r, when: {type: guard_property}, plan: {as: slow, may: [no_thanks]}, because: b}"
        add = "- {rule: a, when: {weapon: yes}, add: {priority: 1}}"
        assert found("no_silent_refusal", rule).verdict == "holds"
        (shown,) = found("no_silent_refusal", rule, add).refutations
        assert shown.first is not None
        assert shown.first.facts["weapon"] is True

    def test_a_raise_that_forbids_to_decline_is_enough(self) -> None:
        rule = "- {rule: r, when: {type: guard_property}, plan: {as: slow, may: [no_thanks]}, because: b}"
        add = "- {rule: a, when: {weapon: yes}, add: {priority: 1, forbid: [decline]}}"
        assert found("no_silent_refusal", rule, add).verdict == "holds"

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"roles": ()}, "who may"),
            ({"grounds": ()}, "ground"),
            ({"within": 0}, "time"),
            ({"ladder": ()}, "ladder"),
            ({"ladder": (Step(role="system", at=0),)}, "no person"),
        ],
    )
    def test_a_grant_of_a_policy_that_no_reader_saw_is_looked_at_too(
        self, change: dict[str, object], says: str
    ) -> None:
        read = policy()
        right = Grant(
            act="hold", roles=("dispatcher",), grounds=("later",), within=60, ladder=(Step(role="supervisor", at=0),)
        )
        wrong = msgspec.structs.replace(right, **change)
        given = msgspec.structs.replace(read, default=msgspec.structs.replace(read.default, may=(wrong,)))
        (shown,) = of_policy(given, "no_silent_refusal").refutations
        assert says in shown.words
        assert shown.first is not None


class TestNoDeadRule:
    def test_a_rule_whose_conditions_exclude_each_other_is_dead(self) -> None:
        rule = "- {rule: r, when: {all: [{weapon: yes}, {not: {weapon: yes}}]}, plan: fast, because: b}"
        report = found("no_dead_rule", rule)
        assert report.verdict == "refuted"
        assert report.refutations[0].rules == ("r",)

    def test_an_add_rule_can_be_dead_too(self) -> None:
        add = (
            "- {rule: a, when: {all: [{weapon: yes}, {not: {any: [{weapon: yes}, {alarm: yes}]}}]}, add: {priority: 0}}"
        )
        assert found("no_dead_rule", add=add).refutations[0].rules == ("a",)

    def test_two_service_areas_at_once_are_dead(self) -> None:
        rule = "- {rule: r, when: {all: [{zone: {within: central}}, {zone: {within: north}}]}, plan: fast, because: b}"
        assert found("no_dead_rule", rule).verdict == "refuted"

    def test_a_rule_that_earlier_ones_mask_is_listed_with_them_and_not_refuted(self) -> None:
        rules = """- {rule: armed, when: {type: theft, weapon: yes}, plan: fast, because: b}
        - {rule: rest, when: {type: theft, not: {weapon: yes}}, plan: slow, because: b}
        - {rule: never, when: {type: theft, patients: {between: [1, 9]}}, plan: fast, because: b}"""
        report = found("no_dead_rule", rules)
        assert report.verdict == "holds"
        (masked,) = [each for each in report.listed if each.kind == "masked"]
        assert masked.rules[0] == "never"
        assert set(masked.rules[1:]) == {"armed", "rest"}

    def test_what_only_the_default_answers_is_listed_with_how_many(self) -> None:
        (gap,) = [each for each in checked().property("no_dead_rule").listed if each.kind == "gap"]
        assert "8 of 16 pairs" in gap.words

    def test_a_default_that_is_never_reached_is_listed_only(self) -> None:
        report = found("no_dead_rule", "- {rule: r, when: {not: {type: {is: unknown}}}, plan: fast, because: b}")
        assert report.verdict == "holds"
        assert "not_reached" in {each.kind for each in report.listed}

    def test_rules_that_meet_and_say_different_things_are_named(self) -> None:
        report = checked(
            "- {rule: night, when: {time: {during: [22:00, 06:00]}}, plan: slow, because: b}\n"
            "- {rule: theft, when: {type: theft}, plan: slow, because: b}"
        )
        assert report.overlaps == {"night": ("robbery",)}


class TestProxies:
    GUARD = "- {rule: guard, when: {type: robbery, zone: {within: federal_building}}, plan: slow, because: b}"

    def test_a_zone_round_one_building_is_flagged_with_what_it_lowers(self) -> None:
        (proxy,) = checked(self.GUARD).proxies
        assert (proxy.kind, proxy.name, proxy.rules) == ("zone", "federal_building", ("guard",))
        assert "a zone drawn round one building is an employer attribute" in proxy.words
        assert "lowers priority" in proxy.effects[0].words

    def test_a_service_area_with_many_premises_is_no_proxy(self) -> None:
        rule = "- {rule: guard, when: {type: robbery, zone: {within: central}}, plan: slow, because: b}"
        assert not checked(rule).proxies

    @pytest.mark.parametrize(("premises", "flagged"), [(None, True), (1, True), (25, True), (26, False)])
    def test_a_service_area_of_up_to_25_premises_or_that_nobody_counted_is_flagged(
        self, premises: int | None, flagged: bool
    ) -> None:
        read = policy("- {rule: guard, when: {type: robbery, zone: {within: central}}, plan: slow, because: b}")
        zones = tuple([msgspec.structs.replace(z, premises=premises) if z.name == "central" else z for z in read.zones])
        assert bool(check(msgspec.structs.replace(read, zones=zones)).proxies) is flagged

    def test_a_zone_inside_a_service_area_is_narrower_than_one_however_many_premises_it_holds(self) -> None:
        read = policy(self.GUARD)
        zones = tuple([msgspec.structs.replace(zone, premises=5000) for zone in read.zones])
        (proxy,) = check(msgspec.structs.replace(read, zones=zones)).proxies
        assert "narrower than one" in proxy.words

    @pytest.mark.parametrize(
        ("when", "flagged"),
        [
            ("{time: {during: [22:00, 01:30]}}", ["22:00 to 01:30"]),
            ("{time: {during: [22:00, 02:00]}}", []),
            ("{not: {time: {during: [03:00, 00:30]}}}", ["00:30 to 03:00"]),
        ],
    )
    def test_a_window_under_four_hours_is_flagged_also_as_what_is_left_of_a_day(
        self, when: str, flagged: list[str]
    ) -> None:
        report = checked(f"- {{rule: r, when: {{type: robbery, all: [{when}]}}, plan: slow, because: b}}")
        assert [proxy.name for proxy in report.proxies] == flagged

    def test_with_the_place_varying_the_zone_is_refuted_and_the_required_properties_are_not(self) -> None:
        report = check(policy(self.GUARD), place_varies=True)
        varies = report.property("place_varies")
        assert varies.verdict == "refuted"
        assert varies.refutations[0].second is not None
        assert report.property("like_calls_alike").verdict == "holds"

    def test_a_service_area_is_shared_by_the_twins(self) -> None:
        rule = "- {rule: guard, when: {type: robbery, zone: {within: central}}, plan: slow, because: b}"
        assert check(policy(rule), place_varies=True).property("place_varies").verdict == "holds"


def test_a_support_that_may_differ_is_listed_with_its_reason() -> None:
    listed = found("like_calls_alike", "", LANGUAGE, INTERPRETER).listed
    assert [each.kind for each in listed] == ["may_differ"]
    assert "understood" in listed[0].words


def test_a_may_differ_of_a_policy_that_no_reader_saw_may_name_nobody() -> None:
    given = msgspec.structs.replace(policy(), may_differ=(MayDiffer(support="x", attributes=(), because="y"),))
    assert of_policy(given, "like_calls_alike").verdict == "holds"
