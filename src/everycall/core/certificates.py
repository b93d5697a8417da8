"""Certificates as the core sees them: what a proof found, in the few words that an adoption depends on.

The proof is made elsewhere and its full text is a blob. The engine finds it by its hash and hands this summary
in; the core never proves anything, it only insists that everything was proved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from everycall.core.base import Frozen, Identifier, Instant, Word
from everycall.core.facts import PROTECTED
from everycall.core.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection

    from everycall.core.versions import AdoptPolicy

Verdict = Literal["holds", "refuted", "not_established"]
"""What was found of a property. Only `holds` is a pass: a timeout or two engines that disagree are not."""

REQUIRED_PROPERTIES: Final = (
    "like_calls_alike",
    "protected_list",
    "unknown",
    "danger",
    "no_silent_refusal",
    "no_dead_rule",
)
"""What must hold before a policy comes into force without an objection."""

ENGINES: Final = 2
"""So many engines, different ones, must have said so."""


class PropertyVerdict(Frozen, frozen=True, kw_only=True):
    """One property of the whole policy."""

    name: Identifier
    verdict: Verdict


class AttributeVerdict(Frozen, frozen=True, kw_only=True):
    """One protected fact: whether no answer depends on it."""

    name: Identifier
    verdict: Verdict


class CertificateSummary(Frozen, frozen=True, kw_only=True):
    """What a certificate says: its own hash, the policy's, what the text says of itself, and each verdict.

    `version` and `authority` are cut to what an entry of the record takes; `reads` are all facts that the rules
    look at.
    """

    certificate: Identifier
    policy: Identifier
    version: Word
    authority: Word = ""
    reads: tuple[Word, ...] = ()
    effective_from: Instant | None = None
    effective_to: Instant | None = None
    properties: Annotated[tuple[PropertyVerdict, ...], msgspec.Meta(max_length=100)] = ()
    attributes: Annotated[tuple[AttributeVerdict, ...], msgspec.Meta(max_length=300)] = ()
    engines: Annotated[tuple[Word, ...], msgspec.Meta(max_length=10)] = ()


def why_not_checked(
    summary: CertificateSummary | None, certificate: str, policy: str, reads: Collection[str]
) -> Refusal | None:
    """Why a policy cannot come into force on this certificate, if it cannot."""
    if summary is None or summary.certificate != certificate:
        return Refusal(
            code="certificate_missing",
            rule="house:9",
            because=f"This centre has no certificate {certificate!r} that it could read.",
            instead="Check the policy, and adopt it with the certificate that the check wrote.",
        )
    if summary.policy != policy:
        return Refusal(
            code="certificate_of_another_policy",
            rule="house:9",
            because=f"Certificate {certificate!r} is about the text {summary.policy!r}, not about {policy!r}.",
            instead="Check this text; a certificate holds for the very text that was checked, to the letter.",
        )
    lacking = _lacking(summary, reads)
    if lacking:
        return Refusal(
            code="certificate_not_full",
            rule="house:9",
            because=f"The certificate does not show everything: {'; '.join(lacking)}.",
            instead="Mend the rules that the check names and check again, or adopt it over objection: named "
            "persons, a reason, an end date.",
        )
    return None


def why_not_of_this_adoption(summary: CertificateSummary, adoption: AdoptPolicy) -> Refusal | None:
    """Why this command is not the adoption of the text that the certificate is about, if it is not.

    The record keeps what the command says; if that could differ from the text, a reader of the record would be
    told of another version than the one that decides, and the evaluator would be handed less than it looks at.
    """
    differing = [
        name
        for name, told, certified in (
            ("version", adoption.version, summary.version),
            ("authority", adoption.authority, summary.authority),
            ("reads", sorted(adoption.reads), sorted(summary.reads)),
            ("effective_from", adoption.effective_from, summary.effective_from),
            ("effective_to", adoption.effective_to, summary.effective_to),
        )
        if told != certified
    ]
    if not differing:
        return None
    return Refusal(
        code="certificate_not_of_this_adoption",
        rule="house:9",
        because=f"The certificate has another {' and another '.join(differing)} than this adoption.",
        instead="Say what the text itself says, as `everycall policy adopt` does; to change it, change the text "
        "and check it again.",
    )


def _lacking(summary: CertificateSummary, reads: Collection[str]) -> list[str]:
    """What would have to hold, or to be shown at all, and is not."""
    properties = _worst([(found.name, found.verdict) for found in summary.properties])
    attributes = _worst([(found.name, found.verdict) for found in summary.attributes])
    wanted = dict.fromkeys(sorted(PROTECTED.intersection(reads))) | dict.fromkeys(attributes)
    lacking = [
        f"{name}: {_told(properties.get(name))}" for name in REQUIRED_PROPERTIES if properties.get(name) != "holds"
    ]
    lacking += [f"{name}: {_told(attributes.get(name))}" for name in wanted if attributes.get(name) != "holds"]
    if len(set(summary.engines)) < ENGINES:
        lacking.append(f"it names fewer than {ENGINES} engines")
    return lacking


def _worst(found: list[tuple[str, Verdict]]) -> dict[str, Verdict]:
    """The verdict of each name; of one that stands twice, the one that does not hold."""
    verdicts: dict[str, Verdict] = {}
    for name, verdict in found:
        if verdicts.get(name, "holds") == "holds":
            verdicts[name] = verdict
    return verdicts


def _told(verdict: Verdict | None) -> str:
    return "not looked at" if verdict is None else verdict.replace("_", " ")
