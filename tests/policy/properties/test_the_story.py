"""The instruction of the design's story, written down four ways: what the check says of each.

"Do not send to calls from employees of agency A, at work or away."
"""

# ruff: noqa: E501 - a rule of a policy is a line

from __future__ import annotations

from policy_texts import policy

from everycall.core.certificates import REQUIRED_PROPERTIES
from everycall.policy.certificate import certificate_of
from everycall.policy.properties.check import check

NAIVE = "- {rule: no_agency, when: {caller.employer: agency_a, not: {type: {is: unknown}}}, plan: {as: slow, send: {}}, because: an oral instruction}"
AT_NIGHT = "- {rule: later_at_night, when: {caller.employer: agency_a, type: [robbery, fire], time: {during: [22:00, 06:00]}}, plan: {as: fast, priority: 3}, because: fewer officers}"
ZONE = "- {rule: their_building, when: {type: [robbery, guard_property], zone: {within: federal_building}}, plan: slow, because: their own police}"
HONEST = """- {rule: guarding_their_property, when: {type: guard_property, zone: {within: federal_building}, in_danger: {is: no}, not: {in_danger: {is: unknown}}}, plan: {as: slow, offer: {to: federal_police, ground: their_property, within: 3 min, meanwhile: wait, ladder: standard}}, because: City Code 3.20.030}
- {rule: anyone_in_danger, when: {type: guard_property, zone: {within: federal_building}}, plan: {as: slow, offer: {to: federal_police, ground: their_property, within: 3 min, meanwhile: send, ladder: standard}}, because: City Code 3.20.030}"""


def test_naively_it_is_refuted_by_two_calls_that_differ_in_the_employer_alone() -> None:
    report = check(policy(NAIVE))
    (pair,) = report.property("like_calls_alike").refutations
    assert pair.first is not None
    assert pair.second is not None
    assert {name for name in pair.first.facts if pair.first.facts[name] != pair.second.facts.get(name)} == {
        "caller.employer"
    }
    assert "no police" in pair.words
    assert certificate_of(report).headline == "This text is not shown to treat like calls alike."


def test_as_a_lower_priority_in_a_time_window_it_is_refuted_and_the_pair_is_in_the_window() -> None:
    (pair,) = check(policy(AT_NIGHT)).property("like_calls_alike").refutations
    assert pair.first is not None
    minute = pair.first.facts["time.of_day"]
    assert isinstance(minute, int)
    assert minute >= 22 * 60 or minute < 6 * 60
    assert "priority 3" in pair.words


def test_as_a_zone_round_their_building_it_is_flagged_as_a_proxy_and_refuted_where_places_vary() -> None:
    report = check(policy(ZONE), place_varies=True)
    assert report.property("like_calls_alike").verdict == "holds"
    (proxy,) = report.proxies
    assert "a zone drawn round one building is an employer attribute" in proxy.words
    assert report.property("place_varies").verdict == "refuted"


def test_as_an_honest_rule_of_jurisdiction_it_holds_with_the_flag_and_the_authority_on_the_certificate() -> None:
    report = check(policy(HONEST))
    assert {each.name: each.verdict for each in report.properties} == dict.fromkeys(REQUIRED_PROPERTIES, "holds")
    certificate = certificate_of(report)
    assert certificate.authority == "City Code 3.20.030"
    assert [proxy.name for proxy in certificate.proxies] == ["federal_building"]
