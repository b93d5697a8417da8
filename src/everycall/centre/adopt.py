"""Putting a policy in force in a record: proved here and now, or over an objection that stands in the record.

The certificate is always made by this very run: nobody can hand one in.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from everycall.core.adopting import different_persons
from everycall.core.base import Frozen
from everycall.core.commands import Command
from everycall.core.versions import AdoptPolicy, Certified, CountersignPolicy, OverObjection
from everycall.policy.certificate import LONGEST_WORD, certificate_bytes, instant_of
from everycall.policy.properties.check import check
from everycall.policy.text import read_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from everycall.centre.embedded import EmbeddedCentre
    from everycall.core.actors import Actor
    from everycall.core.versions import PolicyInForce
    from everycall.engine.answers import Answer
    from everycall.policy.properties.report import CheckReport
    from everycall.policy.rules import Policy

MOST_FAILING: Final = 50


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
class Proved:
    """A text, and what the proof found of it in this run.

    Attributes:
        text: The policy, byte for byte as it will be kept.
        policy: The same, read.
        report: What was found.
        certificate: The same, as bytes.
    """

    text: bytes
    policy: Policy
    report: CheckReport
    certificate: bytes

    @property
    def holds(self) -> bool:
        """Whether it can come into force without an objection."""
        return all(found.verdict == "holds" for found in self.report.properties)

    @property
    def certificate_hash(self) -> str:
        """The name of the certificate in the record."""
        return hashlib.sha256(self.certificate).hexdigest()


def prove(text: bytes, *, seconds: float = 60.0, progress: Callable[[str], None] | None = None) -> Proved:
    """Read a policy and prove what can be proved of it; nothing is written.

    Args:
        text: The policy's bytes.
        seconds: For each question of the proof.
        progress: As `check` takes it.

    Raises:
        PolicyError: The text cannot be read.
        ModuleNotFoundError: The engines are not installed.
    """
    policy = read_policy(text)
    report = check(policy, seconds=seconds, progress=progress)
    return Proved(text=text, policy=policy, report=report, certificate=certificate_bytes(report))


def put_in_force(
    centre: EmbeddedCentre, proved: Proved, actor: Actor, *, objection: Objection | None = None
) -> Answer | None:
    """Put a proved policy in force.

    Args:
        centre: Where.
        proved: What `prove` made of it in this run.
        actor: Who does it.
        objection: Put it in force even if it does not hold; none: only if it holds.

    Returns:
        The centre's answer; none when nothing was sent, because it does not hold and nobody objects.
    """
    if not proved.holds and objection is None:
        return None
    # The blobs first: an event never names what is not there.
    centre.record.put_blob(proved.text)
    certificate = centre.record.put_blob(proved.certificate)
    standing: Certified | OverObjection = Certified(certificate=certificate)
    if objection is not None and not proved.holds:
        standing = OverObjection(
            persons=objection.persons,
            reason=objection.reason[:LONGEST_WORD],
            objection=_objected(proved.report)[:LONGEST_WORD],
            ends_at=objection.ends_at,
            certificate=certificate,
            failing=_failing(proved.report),
        )
    heading = proved.policy.heading
    return centre.engine.handle(
        Command(
            id=f"adopt-{uuid.uuid4()}",
            actor=actor,
            body=AdoptPolicy(
                policy=proved.policy.hash,
                version=heading.version,
                reads=tuple(sorted(proved.policy.read())),
                authority=heading.authority[:LONGEST_WORD],
                reason=heading.reason[:LONGEST_WORD],
                standing=standing,
                effective_from=instant_of(heading.effective_from),
                effective_to=instant_of(heading.effective_to),
            ),
        )
    )


def waiting_for_signature(centre: EmbeddedCentre) -> list[PolicyInForce]:
    """The versions in force, or waiting for their day, that one person alone put there over objection."""
    state = centre.engine.state
    return [
        version
        for version in (state.policy, *state.next_policies)
        if version is not None
        and isinstance(version.standing, OverObjection)
        and len(different_persons(version.standing.persons)) == 1
    ]


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
