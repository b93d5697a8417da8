"""The certificate: what a check found, as bytes that are hashed, kept as a blob, and read again by whoever doubts it.

Invariants:

1. The headline says that like calls are treated alike only if that property holds, and says what it does not show.
2. The same certificate gives the same bytes; what is read back is exactly what was written, or it is refused.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec

from everycall.core.base import Frozen
from everycall.core.certificates import CertificateSummary, PropertyVerdict
from everycall.policy.properties.likeness import LIKE_CALLS_ALIKE
from everycall.policy.properties.report import AttributeReport, CheckReport, PropertyReport, Proxy, verdict_of

ALIKE: Final = "This text treats like calls alike on these attributes. It does not show that people do."
NOT_SHOWN: Final = "This text is not shown to treat like calls alike."

# Headlines and limits belong to the form: certificates in records have these words, other words are another FORMAT.
LIMITS: Final = (
    (
        "Derived inputs: what reaches a rule is what somebody wrote down. A fact that was itself worked out from who "
        "the caller is (a score, a flag on an address, a type chosen by ear) is covered only where the policy declares "
        "its lineage."
    ),
    (
        "Proxies: a zone, an hour or a type can stand for a group of people. Those that look narrow are flagged; no "
        "proof can say what they are meant for."
    ),
    (
        "Human discretion: people choose the type, answer the questions, hold, hand over, decline and override. The "
        "text binds none of that; the record and the audit show it."
    ),
    "Capacity: a plan says what is to be sent, not that there is anybody to send.",
)

FORMAT: Final = 1
LANGUAGE: Final = 1
"""The version of the policy language, `everycall_policy` in its first line."""

ENGINE_KINDS: Final = ("z3", "CaDiCaL")
"""What a check asks; the version follows after a space."""

LONGEST_WORD: Final = 240
"""What an entry of the record takes of a text; an adoption is cut there, and so is what it is compared with."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

MOST_BYTES: Final = 64 * 1024 * 1024
Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class CertificateError(ValueError):
    """The bytes are no certificate of this kind."""


class Certificate(Frozen, frozen=True, kw_only=True):
    """All that is said about one text.

    Attributes:
        everycall_certificate: The version of this form.
        headline: The one sentence.
        limits: What it does not say.
        policy: SHA-256 of the policy's text.
        language: The version of the language that it is written in.
        version: The name of the policy's version.
        authority: Whom the policy cites.
        attributes: The protected attributes, each with its verdict.
        properties: Each property in words: its verdict, what refutes it, what is listed, the hash of its questions.
        reads: The facts that the rules look at.
        proxies: Zones and windows that can stand for who somebody is.
        overlaps: For each rule the later ones that it takes calls from.
        engines: Their names and versions.
        disagreements: Where the engines said opposite things.
        cpu_seconds: What the whole check took.
        effective_from: From when the text is to hold, as it says itself; none where it does not say.
        effective_to: Until when.
    """

    everycall_certificate: Literal[1]
    headline: str
    limits: tuple[str, ...]
    policy: Hash
    language: int
    version: str
    title: str
    authority: str
    attributes: tuple[AttributeReport, ...]
    properties: tuple[PropertyReport, ...]
    reads: tuple[str, ...]
    proxies: tuple[Proxy, ...]
    overlaps: dict[str, tuple[str, ...]]
    engines: tuple[str, ...]
    disagreements: tuple[str, ...]
    cpu_seconds: float
    effective_from: str | None = None
    effective_to: str | None = None


def headline(report: CheckReport) -> str:
    """What may be said in one sentence."""
    alike = any(found.name == LIKE_CALLS_ALIKE and found.verdict == "holds" for found in report.properties)
    return ALIKE if alike and all(found.verdict == "holds" for found in report.attributes) else NOT_SHOWN


def certificate_of(report: CheckReport) -> Certificate:
    """The certificate of a check."""
    return Certificate(
        everycall_certificate=FORMAT,
        headline=headline(report),
        limits=LIMITS,
        policy=report.policy,
        language=LANGUAGE,
        version=report.version,
        title=report.title,
        authority=report.authority,
        attributes=report.attributes,
        properties=report.properties,
        reads=report.reads,
        proxies=report.proxies,
        overlaps=report.overlaps,
        engines=report.engines,
        disagreements=report.disagreements,
        cpu_seconds=report.cpu_seconds,
        effective_from=report.effective_from,
        effective_to=report.effective_to,
    )


def certificate_bytes(report: CheckReport) -> bytes:
    """The certificate as it is hashed and kept: JSON, keys in the order of the fields, maps sorted, one line end."""
    return _encoded(certificate_of(report))


def _encoded(certificate: Certificate) -> bytes:
    raw = msgspec.json.encode(certificate, order="deterministic")
    return msgspec.json.format(raw, indent=1) + b"\n"


def read_certificate(data: bytes) -> Certificate:
    """A certificate from its bytes.

    Raises:
        CertificateError: They are not exactly what `certificate_bytes` writes, or contradict themselves.
    """
    if len(data) > MOST_BYTES:
        raise CertificateError(f"A certificate of {len(data)} bytes is larger than any that a check writes.")
    try:
        certificate = msgspec.json.decode(data, type=Certificate)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CertificateError(f"This is no certificate of a policy check: {error}. Check the policy again.") from error
    if _encoded(certificate) != data:
        raise CertificateError("These bytes were changed after the check wrote them. Check the policy again.")
    if certificate.limits != LIMITS or certificate.headline not in (ALIKE, NOT_SHOWN):
        raise CertificateError("Its headline or its limits are not those that a check writes. Check the policy again.")
    if (certificate.headline == ALIKE) is not _alike(certificate):
        raise CertificateError("Its headline says another thing than its verdicts. Check the policy again.")
    names = [found.name for found in certificate.properties], [found.name for found in certificate.attributes]
    if any(len(set(each)) < len(each) for each in names):
        raise CertificateError("It has two verdicts about the same thing. Check the policy again.")
    for found in certificate.properties:
        if found.verdict != verdict_of(found.refutations, found.open):
            raise CertificateError(
                f"Its verdict on {found.name} is not what its own findings make of it. Check the policy again."
            )
    kinds = engine_kinds(certificate)
    if not set(kinds) <= set(ENGINE_KINDS) or len(set(kinds)) < len(kinds):
        raise CertificateError("It names an engine that a check does not have, or one twice. Check the policy again.")
    for written in (certificate.effective_from, certificate.effective_to):
        instant_of(written)
    return certificate


def engine_kinds(certificate: Certificate) -> tuple[str, ...]:
    """The engines without their versions."""
    return tuple([name.partition(" ")[0] for name in certificate.engines])


def instant_of(written: str | None) -> int | None:
    """An effective date of a text in microseconds UTC, to the second; none for none.

    Raises:
        CertificateError: It is no instant with its offset from UTC.
    """
    if written is None:
        return None
    try:
        instant = datetime.fromisoformat(written)
    except ValueError as error:
        raise CertificateError(f"{written!a} is no instant. Check the policy again.") from error
    if instant.tzinfo is None:
        raise CertificateError(f"{written!a} has no offset from UTC. Check the policy again.")
    return round((instant - _EPOCH) / timedelta(seconds=1)) * 1_000_000


def _alike(certificate: Certificate) -> bool:
    alike = any(found.name == LIKE_CALLS_ALIKE and found.verdict == "holds" for found in certificate.properties)
    return alike and all(found.verdict == "holds" for found in certificate.attributes)


def summary_of(data: bytes) -> CertificateSummary:
    """What the core needs of a certificate: its hash, the policy's, what the text says, the verdicts, the engines.

    Raises:
        CertificateError: See `read_certificate`.
    """
    certificate = read_certificate(data)
    report = CheckReport(
        policy=certificate.policy,
        version=certificate.version,
        title=certificate.title,
        authority=certificate.authority,
        properties=certificate.properties,
        attributes=certificate.attributes,
    )
    properties = report.verdicts()
    if certificate.disagreements:
        # One of the engines is wrong somewhere, so neither is believed until it is known where.
        properties = tuple(
            [
                PropertyVerdict(name=each.name, verdict="not_established" if each.verdict == "holds" else each.verdict)
                for each in properties
            ]
        )
    return CertificateSummary(
        certificate=sha256(data).hexdigest(),
        policy=certificate.policy,
        version=certificate.version[:LONGEST_WORD],
        authority=certificate.authority[:LONGEST_WORD],
        reads=certificate.reads,
        effective_from=instant_of(certificate.effective_from),
        effective_to=instant_of(certificate.effective_to),
        properties=properties,
        attributes=report.attribute_verdicts(),
        engines=certificate.engines,
    )
