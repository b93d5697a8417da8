"""The certificate that ships with the town's policy is about that very text, and a new proof says the same."""

from __future__ import annotations

from everycall.core.certificates import REQUIRED_PROPERTIES
from everycall.policy.certificate import certificate_bytes, summary_of
from everycall.policy.properties.check import check
from everycall.policy.text import read_policy
from everycall.simulate.town_policy import certificate_text, policy_text


def test_the_shipped_certificate_says_what_a_new_proof_says() -> None:
    shipped = summary_of(certificate_text())
    again = summary_of(certificate_bytes(check(read_policy(policy_text()))))
    assert (shipped.policy, shipped.properties, shipped.attributes) == (
        again.policy,
        again.properties,
        again.attributes,
    )
    assert {found.name for found in shipped.properties if found.verdict == "holds"} >= set(REQUIRED_PROPERTIES)
