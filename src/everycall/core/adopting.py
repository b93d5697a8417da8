"""Putting a policy in force (rule 9 of the house), now or later; its end; and the second signature."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.base import DAY, HOUR
from everycall.core.certificates import why_not_checked, why_not_of_this_adoption
from everycall.core.deadlines import Deadline, standing
from everycall.core.escalation import put_off
from everycall.core.refusals import Refusal, unknown
from everycall.core.versions import (
    AdoptPolicy,
    Certified,
    CountersignPolicy,
    OverObjection,
    PolicyAdopted,
    PolicyCameIntoForce,
    PolicyCountersigned,
    PolicyLapsed,
    ReadsNothingProtected,
    displaced,
    waiting_version,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable
    from everycall.core.state import State


LONGEST_OVER_OBJECTION: Final = 30 * DAY
"""With two persons, from the adoption on, whoever signed when."""

LONGEST_BY_ONE: Final = 12 * HOUR
"""One watch commander alone, until the second signs."""

BETWEEN_TWO_BY_ONE: Final = 30 * DAY
"""So long after one person objected alone nobody does so again, unless a second person has signed since."""

END: Final = "policy"
"""The subject of the deadline at which the version in force ends; there is one such version at most."""

_MAY_ADOPT: Final = frozenset({"supervisor", "duty_chief", "administrator"})

_STAFF_CODE: Final = re.compile(r"[A-Za-z0-9_.-]+")
"""ASCII only: a code that looks like another one would be a second person who does not exist."""


def _beginning_of(policy: str) -> str:
    """The subject of the deadline at which a version that waits comes into force."""
    return f"from/{policy}"


def _no_authority(actor: Actor) -> Refusal | None:
    if actor.role not in _MAY_ADOPT:
        return Refusal(
            code="no_authority",
            rule="house:9",
            because=f"A {actor.role} cannot put a policy in force.",
            instead="Ask a supervisor, the duty chief or an administrator to adopt it.",
        )
    return _no_staff_code((actor.person,))


def is_staff_code(person: str) -> bool:
    """Whether this can name somebody who signs: letters and digits of ASCII, `-`, `_` and `.`."""
    return _STAFF_CODE.fullmatch(person) is not None


def different_persons(persons: Iterable[str]) -> set[str]:
    """Who they are: small and capital letters name the same person."""
    return {person.casefold() for person in persons}


def _no_staff_code(persons: Iterable[str]) -> Refusal | None:
    wrong = [person for person in persons if not is_staff_code(person)]
    if not wrong:
        return None
    return Refusal(
        code="no_staff_code",
        rule="house:9",
        because=f"{wrong[0]!a} is not a staff code.",
        instead="Sign with a staff code, never a name: letters, digits, '-', '_' and '.', and no spaces.",
    )


def adopt_policy(state: State, actor: Actor, body: AdoptPolicy, given: Given) -> list[Event] | Refusal:
    """Rule 9.

    Nothing in force unchecked, unless somebody with a name puts it in force over the objection, with an end.
    """
    refusal = _no_authority(actor) or _not_checked(state, actor, body, given) or _no_such_time(body, given.now)
    if refusal is not None:
        return refusal
    event = PolicyAdopted(
        policy=body.policy,
        version=body.version,
        reads=body.reads,
        authority=body.authority,
        reason=body.reason,
        standing=body.standing,
        at=given.now,
        effective_from=body.effective_from,
        effective_to=body.effective_to,
    )
    if event.waits:
        assert body.effective_from is not None  # noqa: S101 - what waits has a beginning
        sets: tuple[Deadline, ...] = (
            Deadline(kind="policy", subject=_beginning_of(body.policy), due=body.effective_from),
        )
        gone = [held for held in state.next_policies if displaced(held, body.policy, body.effective_from)]
        ends = standing(state, *[f"policy:{_beginning_of(held.policy)}" for held in gone])
    else:
        sets = _end(_least(body.effective_to, _objected(body)))
        ends = standing(state, f"policy:{END}")
    return [replace(event, sets=sets, ends=ends)]


def _objected(body: AdoptPolicy) -> int | None:
    return body.standing.ends_at if isinstance(body.standing, OverObjection) else None


def _least(*ends: int | None) -> int | None:
    return min((end for end in ends if end is not None), default=None)


def _end(due: int | None) -> tuple[Deadline, ...]:
    return () if due is None else (Deadline(kind="policy", subject=END, due=due),)


def _not_checked(state: State, actor: Actor, body: AdoptPolicy, given: Given) -> Refusal | None:
    stands = body.standing
    if isinstance(stands, ReadsNothingProtected):
        return Refusal(
            code="certificate_required",
            rule="house:9",
            because="No policy comes into force unchecked, whatever it says that it reads.",
            instead="Check it and adopt it with its certificate, or adopt it over objection: named persons, a "
            "reason, an end date.",
        )
    if isinstance(stands, Certified):
        lacking = why_not_checked(given.certificate, stands.certificate, body.policy, body.reads)
        if lacking is not None or given.certificate is None:
            return lacking
        return why_not_of_this_adoption(given.certificate, body)
    return _objection(actor, stands, given.now) or _alone_again(state, stands, given.now)


def _alone_again(state: State, stands: OverObjection, now: int) -> Refusal | None:
    """One person alone has a night, not one night after the other."""
    if len(different_persons(stands.persons)) > 1 or state.objected_alone_at is None:
        return None
    if now >= state.objected_alone_at + BETWEEN_TWO_BY_ONE:
        return None
    return Refusal(
        code="objection_by_one_again",
        rule="house:9",
        because="Within the last 30 days one person alone put a policy in force over objection, and no second "
        "person has signed since.",
        instead="Name a second person who signs with you, or let a second person countersign what stands.",
    )


def _objection(actor: Actor, stands: OverObjection, now: int) -> Refusal | None:
    malformed = _no_staff_code(stands.persons)
    if malformed is not None:
        return malformed
    persons = len(different_persons(stands.persons))
    longest = LONGEST_OVER_OBJECTION if persons > 1 else LONGEST_BY_ONE
    if not persons or not stands.reason or not stands.objection:
        return Refusal(
            code="objection_incomplete",
            rule="house:9",
            because="A policy over objection needs the persons, their reason and the objection itself.",
            instead="Name a person (two for more than 12 hours), the reason, and what was objected to.",
        )
    if actor.person.casefold() not in different_persons(stands.persons):
        return Refusal(
            code="objection_not_signed",
            rule="house:9",
            because=f"{actor.person} is not among the persons who put this in force.",
            instead="One of the persons named has to send it; nobody signs for others.",
        )
    if not now < stands.ends_at <= now + longest:
        return Refusal(
            code="objection_without_end",
            rule="house:9",
            because="A policy over objection must end: within 12 hours by one person, 30 days by two.",
            instead="Give an end within that time; by then a second person can sign for longer.",
        )
    return None


def _no_such_time(body: AdoptPolicy, now: int) -> Refusal | None:
    if body.effective_to is not None and body.effective_to <= now:
        return Refusal(
            code="policy_ended_already",
            rule="house:9",
            because="The time up to which it is to be in force has passed.",
            instead="Give an end that is still to come, or none.",
        )
    end = _least(body.effective_to, _objected(body))
    if end is not None and body.effective_from is not None and end <= body.effective_from:
        return Refusal(
            code="policy_ends_before_it_begins",
            rule="house:9",
            because="It would end before, or at the instant that, it comes into force.",
            instead="Give an end after its beginning.",
        )
    return None


def countersign_policy(state: State, actor: Actor, body: CountersignPolicy, given: Given) -> list[Event] | Refusal:
    """The second signature under what one person put in force over an objection."""
    refusal = _no_authority(actor)
    if refusal is not None:
        return refusal
    in_force = state.policy is not None and state.policy.policy == body.policy
    version = state.policy if in_force else waiting_version(state, body.policy)
    if version is None:
        return replace(
            unknown("policy", body.policy),
            because=f"No version with the text {body.policy!r} is in force or waits for its day.",
            instead="Give the hash of the text that waits for a signature, as `everycall policy history` shows it; "
            "what has ended is adopted again.",
        )
    stands = version.standing
    if not isinstance(stands, OverObjection) or len(different_persons(stands.persons)) > 1:
        return Refusal(
            code="nothing_to_countersign",
            rule="house:9",
            because=f"Version {version.version} does not wait for a second signature.",
            instead="Nothing has to be signed.",
        )
    if actor.person.casefold() in different_persons(stands.persons):
        return Refusal(
            code="countersigned_by_the_same",
            rule="house:9",
            because=f"{actor.person} has signed it already.",
            instead="Let another person with the authority sign it.",
        )
    latest = version.adopted_at + LONGEST_OVER_OBJECTION
    if not body.reason or not stands.ends_at <= body.ends_at <= latest:
        return Refusal(
            code="countersigned_without_end",
            rule="house:9",
            because="A second signature needs a reason and an end, not before the one given first and within 30 "
            "days of the adoption.",
            instead="Give both; to end it sooner, adopt another version.",
        )
    sets: tuple[Deadline, ...] = ()
    if in_force:
        sets = _end(_least(version.effective_to, body.ends_at))
    return [
        PolicyCountersigned(
            policy=version.policy,
            version=version.version,
            person=actor.person,
            ends_at=body.ends_at,
            reason=body.reason,
            at=given.now,
            sets=sets,
        )
    ]


def policy_due(state: State, deadline: Deadline) -> list[Event]:
    """What follows when the beginning of a version that waits, or the end of the one in force, is due."""
    if deadline.subject == END:
        return _ended(state, deadline)
    begins = next((held for held in state.next_policies if _beginning_of(held.policy) == deadline.subject), None)
    if begins is None:
        return [put_off(deadline)]
    return [
        PolicyCameIntoForce(
            policy=begins.policy,
            version=begins.version,
            at=deadline.due,
            sets=_end(begins.ends_at),
            ends=standing(state, deadline.key, f"policy:{END}"),
        )
    ]


def _ended(state: State, deadline: Deadline) -> list[Event]:
    """The house's own rules hold, not the version before: nobody put that in force again."""
    if state.policy is None:
        return [put_off(deadline)]
    return [
        PolicyLapsed(policy=state.policy.policy, version=state.policy.version, at=deadline.due, ends=(deadline.key,))
    ]


DECIDE: Final[DecideTable] = {AdoptPolicy: adopt_policy, CountersignPolicy: countersign_policy}
