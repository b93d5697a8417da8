"""The certificate: its headline, its bytes, and what is refused when it is read again."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from policy_texts import policy

from everycall.core.certificates import REQUIRED_PROPERTIES, why_not_checked
from everycall.policy.certificate import (
    LIMITS,
    CertificateError,
    certificate_bytes,
    certificate_of,
    read_certificate,
    summary_of,
)
from everycall.policy.properties.check import check

if TYPE_CHECKING:
    from collections.abc import Callable

    from everycall.policy.properties.report import CheckReport

AGENCY = "- {rule: agency, when: {type: robbery, caller.employer: agency_a}, plan: slow, because: an order}"
DEAD = "- {rule: dead, when: {all: [{weapon: yes}, {not: {weapon: yes}}]}, plan: slow, because: b}"
ALIKE = "This text treats like calls alike on these attributes. It does not show that people do."


@cache
def report(rules: str = "") -> CheckReport:
    return check(policy(rules))


def test_the_headline_claims_likeness_only_where_it_was_shown_and_never_of_people() -> None:
    assert certificate_of(report()).headline == ALIKE
    assert certificate_of(report(DEAD)).headline == ALIKE
    assert certificate_of(report(AGENCY)).headline == "This text is not shown to treat like calls alike."
    without = msgspec.structs.replace(report(), properties=())
    assert certificate_of(without).headline == "This text is not shown to treat like calls alike."


def test_the_limits_follow_and_name_all_four() -> None:
    assert [limit.partition(":")[0] for limit in LIMITS] == [
        "Derived inputs",
        "Proxies",
        "Human discretion",
        "Capacity",
    ]
    assert certificate_of(report()).limits == LIMITS


def test_the_same_report_gives_the_same_bytes_and_they_are_read_back_whole() -> None:
    data = certificate_bytes(report(AGENCY))
    assert certificate_bytes(report(AGENCY)) == data
    assert read_certificate(data) == certificate_of(report(AGENCY))
    assert json.loads(data)["policy"] == report(AGENCY).policy


def test_a_second_check_differs_in_the_seconds_alone() -> None:
    def without_seconds(found: CheckReport) -> CheckReport:
        properties = tuple([msgspec.structs.replace(each, cpu_seconds=0.0) for each in found.properties])
        return msgspec.structs.replace(found, properties=properties, cpu_seconds=0.0)

    assert without_seconds(check(policy(AGENCY))) == without_seconds(report(AGENCY))


def test_the_core_adopts_on_the_summary_of_a_full_certificate_and_on_no_other() -> None:
    data = certificate_bytes(report())
    summary = summary_of(data)
    name = sha256(data).hexdigest()
    assert summary.certificate == name
    assert {each.name for each in summary.properties} == {*REQUIRED_PROPERTIES}
    assert len(summary.engines) == 2
    assert why_not_checked(summary, name, policy().hash, ["caller.employer"]) is None
    for rules in (AGENCY, DEAD):
        data = certificate_bytes(report(rules))
        refusal = why_not_checked(summary_of(data), sha256(data).hexdigest(), policy(rules).hash, ["caller.employer"])
        assert refusal is not None
        assert refusal.code == "certificate_not_full"


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    told = json.loads(certificate_bytes(report(AGENCY)))
    change(told)
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 100_000, id="a tower"),
        pytest.param(certificate_bytes(report()) + b" ", id="one byte more"),
        pytest.param(certificate_bytes(report())[:-1], id="one byte less"),
        pytest.param(certificate_bytes(report()).replace(b"holds", b"refuted", 1), id="a verdict changed"),
        pytest.param(changed(lambda told: told.update(headline=ALIKE)), id="a headline that it has not earned"),
        pytest.param(changed(lambda told: told.update(headline="All is well.")), id="another headline"),
        pytest.param(changed(lambda told: told.update(limits=[])), id="no limits"),
        pytest.param(changed(lambda told: told.update(policy="abc")), id="no hash"),
        pytest.param(changed(lambda told: told.update(policy="A" * 64)), id="a hash in capitals"),
        pytest.param(changed(lambda told: told.update(everycall_certificate=2)), id="another form"),
        pytest.param(changed(lambda told: told.update(note="x")), id="a field that there is not"),
        pytest.param(changed(lambda told: told.pop("engines")), id="a field missing"),
        pytest.param(
            changed(lambda told: told.update(properties=[*told["properties"], told["properties"][0]])),
            id="two verdicts about one property",
        ),
        pytest.param(
            changed(lambda told: [each.update(verdict="holds") for each in told["properties"]]),
            id="a verdict against its own findings",
        ),
        pytest.param(
            changed(lambda told: [each.update(verdict="not_established") for each in told["properties"]]),
            id="a verdict that nothing shows",
        ),
        pytest.param(changed(lambda told: told.update(engines=["one", "another"])), id="engines that nobody knows"),
        pytest.param(changed(lambda told: told.update(engines=["z3 4", "z3 5"])), id="one engine twice"),
        pytest.param(changed(lambda told: told.update(effective_from="tomorrow")), id="no instant"),
        pytest.param(changed(lambda told: told.update(effective_to="2027-01-01T00:00:00")), id="no offset"),
    ],
)
def test_what_a_check_did_not_write_is_refused(data: bytes) -> None:
    with pytest.raises(CertificateError):
        read_certificate(data)


def test_where_the_engines_disagreed_nothing_is_established_for_an_adoption() -> None:
    doubted = msgspec.structs.replace(report(), disagreements=("about a rule that is alive",))
    summary = summary_of(certificate_bytes(doubted))
    assert {found.verdict for found in summary.properties} == {"not_established"}
    assert why_not_checked(summary, summary.certificate, summary.policy, ()) is not None
    sound = summary_of(certificate_bytes(report()))
    assert why_not_checked(sound, sound.certificate, sound.policy, ()) is None
