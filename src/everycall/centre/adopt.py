"""Putting a policy in force in a record: proved here and now, or over an objection that stands in the record.

The certificate is always made by this very run: nobody can hand one in.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from everycall.core.base import Frozen
from everycall.core.commands import Command
from everycall.core.versions import AdoptPolicy, Certified, CountersignPolicy, OverObjection
from everycall.policy.certificate import certificate_bytes
from everycall.policy.properties.check import check
from everycall.policy.text import read_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from everycall.centre.embedded import EmbeddedCentre
    from everycall.core.actors import Actor
    from everycall.engine.answers import Answer
    from everycall.policy.properties.report import CheckReport

MOST_FAILING: Final = 50
LONGEST_WORD: Final = 240


class Objection(Frozen, frozen=True, kw_only=True):
    """Why a policy is to stand although it was not shown to treat like calls alike.

    Attributes:
        persons: The staff codes of those who put it in force: one for up to 12 hours, two for up to 30 days.
        reason: Theirs.
        ends_at: Microseconds UTC.
    """

    persons: tuple[str, ...]
    reason: str
    ends_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What came of it.

    Attributes:
        policy: The hash of the text.
        certificate: The hash of the certificate, whatever it says.
        report: What the proof found.
        answer: The centre's; none when nothing was sent, because the policy does not hold and nobody objects.
    """

    policy: str
    certificate: str
    report: CheckReport
    answer: Answer | None


def adopt_policy(
    centre: EmbeddedCentre,
    text: bytes,
    actor: Actor,
    *,
    objection: Objection | None = None,
    seconds: float = 60.0,
    progress: Callable[[str], None] | None = None,
) -> Adoption:
    """Prove a policy and put it in force.

    Args:
        centre: Where.
        text: The policy, byte for byte as it will be kept.
        actor: Who does it.
        objection: Put it in force even if it does not hold; none: only if it holds.
        seconds: For each question of the proof.
        progress: As `check` takes it.

    Raises:
        PolicyError: The text cannot be read.
    """
    policy = read_policy(text)
    report = check(policy, seconds=seconds, progress=progress)
    certificate = certificate_bytes(report)
    hash_of = hashlib.sha256(certificate).hexdigest()
    holds = all(found.verdict == "holds" for found in report.properties)
    if not holds and objection is None:
        return Adoption(policy=policy.hash, certificate=hash_of, report=report, answer=None)
    # The blobs first: an event never names what is not there.
    centre.record.put_blob(text)
    centre.record.put_blob(certificate)
    standing: Certified | OverObjection = Certified(certificate=hash_of)
    if objection is not None and not holds:
        standing = OverObjection(
            persons=objection.persons,
            reason=objection.reason[:LONGEST_WORD],
            objection=_objected(report)[:LONGEST_WORD],
            ends_at=objection.ends_at,
            certificate=hash_of,
            failing=_failing(report),
        )
    heading = policy.heading
    command = Command(
        id=f"adopt-{uuid.uuid4()}",
        actor=actor,
        body=AdoptPolicy(
            policy=policy.hash,
            version=heading.version,
            reads=tuple(sorted(policy.read())),
            authority=heading.authority[:LONGEST_WORD],
            reason=heading.reason[:LONGEST_WORD],
            standing=standing,
            effective_from=_instant(heading.effective_from),
            effective_to=_instant(heading.effective_to),
        ),
    )
    return Adoption(policy=policy.hash, certificate=hash_of, report=report, answer=centre.engine.handle(command))


def countersign_policy(centre: EmbeddedCentre, actor: Actor, *, policy: str, ends_at: int, reason: str) -> Answer:
    """Sign, as the second person, for what stands over an objection."""
    return centre.engine.handle(
        Command(
            id=f"countersign-{uuid.uuid4()}",
            actor=actor,
            body=CountersignPolicy(policy=policy, ends_at=ends_at, reason=reason[:LONGEST_WORD]),
        )
    )


def _objected(report: CheckReport) -> str:
    """What was not shown to hold."""
    lacking = [
        f"{found.name.replace('_', ' ')} {found.verdict.replace('_', ' ')}"
        for found in report.properties
        if found.verdict != "holds"
    ]
    return "; ".join(lacking) or "nothing: it holds"


def _failing(report: CheckReport) -> tuple[str, ...]:
    """Each refutation in words, cut to what an entry of the record takes; the certificate has them whole."""
    words = [
        line
        for found in report.properties
        for shown in found.refutations
        for start in range(0, len(shown.words), LONGEST_WORD)
        if (line := " ".join(shown.words[start : start + LONGEST_WORD].split()))
    ]
    return tuple(words[:MOST_FAILING])


def _instant(text: str | None) -> int | None:
    return None if text is None else round(datetime.fromisoformat(text).timestamp()) * 1_000_000
