"""Versions of the policy: the one in force, those that wait for their day, and how each came to stand.

Invariants:

1. At most one version is in force. It stays until another comes into force or its own end is due; after an end
   the house's own rules hold, never an earlier version.
2. Versions that wait stand in the order of their beginnings, at most one for each text and for each instant.
3. One that stands over an objection always has an end.
4. `objected_alone_at` is when one person alone last put a version in force over an objection; none once a second
   person has signed after that, beside the first or for another version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec.structs import replace

from everycall.core.base import CommandBody, Entity, Frozen, Identifier, Instant, Word
from everycall.core.event import Event
from everycall.core.policies import HOUSE, evaluator_in_force

if TYPE_CHECKING:
    from everycall.core.given import Given
    from everycall.core.handlers import EvolveTable
    from everycall.core.state import State


class ReadsNothingProtected(Frozen, frozen=True, kw_only=True, tag_field="standing", tag="reads_nothing_protected"):
    """Alike because it was handed no protected fact. In old records only: what comes into force now is checked."""


class Certified(Frozen, frozen=True, kw_only=True, tag_field="standing", tag="certified"):
    """Checked by proof; the certificate is a blob."""

    certificate: Identifier


class OverObjection(Frozen, frozen=True, kw_only=True, tag_field="standing", tag="over_objection"):
    """Put in force unchecked, by named persons, in writing, until a date; every call it touches is marked.

    `certificate` is the hash of the one that was refused, if there is one, and `failing` its failing pair in
    words: two calls alike in all but who called, and what each would get.
    """

    persons: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=10)]
    reason: Word
    objection: Word
    ends_at: Instant
    certificate: Identifier | None = None
    failing: Annotated[tuple[Word, ...], msgspec.Meta(max_length=50)] = ()


Standing = ReadsNothingProtected | Certified | OverObjection

FactName = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"\A[A-Za-z0-9_.:/-]+\Z")]
"""The name of a fact that a policy reads: letters of ASCII, so that three hundred fit into an event."""


class PolicyInForce(Entity, frozen=True, kw_only=True):
    """One version as it was adopted: in force, or waiting for its day."""

    policy: Identifier
    version: Word
    reads: tuple[Word, ...]
    standing: Standing
    adopted_at: Instant
    authority: Word
    reason: Word
    effective_from: Instant | None = None
    effective_to: Instant | None = None

    @property
    def ends_at(self) -> int | None:
        """When it ends by itself: by its own date, or by that of the objection, whichever is sooner."""
        objected = self.standing.ends_at if isinstance(self.standing, OverObjection) else None
        return min((end for end in (self.effective_to, objected) if end is not None), default=None)


class AdoptPolicy(CommandBody, frozen=True, kw_only=True):
    """Put a version in force, now or from an instant on. `policy` is the hash of its text, kept as a blob."""

    policy: Identifier
    version: Identifier
    reads: Annotated[tuple[FactName, ...], msgspec.Meta(max_length=300)] = ()
    authority: Word
    reason: Word
    standing: Standing
    effective_from: Instant | None = None
    effective_to: Instant | None = None


class CountersignPolicy(CommandBody, frozen=True, kw_only=True):
    """Sign, as the second person, what another put in force over an objection; it may then stand longer."""

    policy: Identifier
    ends_at: Instant
    reason: Word


class PolicyAdopted(Event, frozen=True, kw_only=True):
    """A version was adopted. It came into force with that, unless it takes effect later."""

    policy: Identifier
    version: Identifier
    reads: tuple[Word, ...]
    authority: Word
    reason: Word
    standing: Standing
    at: Instant
    effective_from: Instant | None = None
    effective_to: Instant | None = None

    @property
    def waits(self) -> bool:
        """Whether it takes effect later."""
        return self.effective_from is not None and self.effective_from > self.at


class PolicyCameIntoForce(Event, frozen=True, kw_only=True):
    """The day of a version that waited has come; the one before is no longer in force."""

    policy: Identifier
    version: Word
    at: Instant


class PolicyCountersigned(Event, frozen=True, kw_only=True):
    """A second person signed what stands over an objection, until when and why."""

    policy: Identifier
    version: Word
    person: Identifier
    ends_at: Instant
    reason: Word
    at: Instant


class PolicyLapsed(Event, frozen=True, kw_only=True):
    """A version has ended; the house's own rules hold until the next."""

    policy: Identifier
    version: Word
    at: Instant


def over_objection(state: State, given: Given) -> bool:
    """Whether what is decided now is decided by a policy that stands over an objection, so has to be marked."""
    if state.policy is None or not isinstance(state.policy.standing, OverObjection):
        return False
    return evaluator_in_force(state, given) is not HOUSE


def waiting_version(state: State, policy: str) -> PolicyInForce | None:
    """The version with this text that waits for its day."""
    return next((version for version in state.next_policies if version.policy == policy), None)


def _adopted(state: State, event: PolicyAdopted) -> None:
    version = PolicyInForce(
        policy=event.policy,
        version=event.version,
        reads=event.reads,
        standing=event.standing,
        adopted_at=event.at,
        authority=event.authority,
        reason=event.reason,
        effective_from=event.effective_from,
        effective_to=event.effective_to,
    )
    if isinstance(event.standing, OverObjection):
        # Only signatures count here: else a minute under a certified version would buy the next night alone.
        alone = len({person.casefold() for person in event.standing.persons}) == 1
        state.objected_alone_at = event.at if alone else None
    if not event.waits:
        state.policy = version
        return
    others = [held for held in state.next_policies if not displaced(held, event.policy, event.effective_from)]
    state.next_policies = tuple(sorted((*others, version), key=_beginning))


def displaced(held: PolicyInForce, policy: str, effective_from: int | None) -> bool:
    """Whether a version that waits gives way to one that is adopted: of the same text, or for the same instant."""
    return held.policy == policy or held.effective_from == effective_from


def _beginning(version: PolicyInForce) -> int:
    return version.effective_from or 0


def _came_into_force(state: State, event: PolicyCameIntoForce) -> None:
    state.policy = waiting_version(state, event.policy)
    state.next_policies = tuple(held for held in state.next_policies if held.policy != event.policy)


def _countersigned(state: State, event: PolicyCountersigned) -> None:
    state.objected_alone_at = None
    if state.policy is not None and state.policy.policy == event.policy:
        state.policy = _signed(state.policy, event)
    else:
        state.next_policies = tuple(
            _signed(held, event) if held.policy == event.policy else held for held in state.next_policies
        )


def _signed(version: PolicyInForce, event: PolicyCountersigned) -> PolicyInForce:
    if not isinstance(version.standing, OverObjection):
        return version
    persons = (*version.standing.persons, event.person)
    return replace(version, standing=replace(version.standing, persons=persons, ends_at=event.ends_at))


def _lapsed(state: State, _event: PolicyLapsed) -> None:
    state.policy = None


EVOLVE: Final[EvolveTable] = {
    PolicyAdopted: _adopted,
    PolicyCameIntoForce: _came_into_force,
    PolicyCountersigned: _countersigned,
    PolicyLapsed: _lapsed,
}
