"""Putting a policy in force (rule 9 of the house), and its end where that was over an objection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.base import DAY, HOUR
from everycall.core.deadlines import Deadline, standing
from everycall.core.facts import PROTECTED
from everycall.core.policies import (
    AdoptPolicy,
    Certified,
    OverObjection,
    PolicyAdopted,
    PolicyLapsed,
    ReadsNothingProtected,
)
from everycall.core.refusals import Refusal

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable
    from everycall.core.state import State


LONGEST_OVER_OBJECTION: Final = 30 * DAY


LONGEST_BY_ONE: Final = 12 * HOUR


_MAY_ADOPT: Final = frozenset({"supervisor", "duty_chief", "administrator"})


def adopt_policy(state: State, actor: Actor, body: AdoptPolicy, given: Given) -> list[Event] | Refusal:
    """Rule 9.

    Nothing in force unchecked, unless somebody with a name puts it in force over the objection, with an end.
    """
    if actor.role not in _MAY_ADOPT:
        return Refusal(
            code="no_authority",
            rule="house:9",
            because=f"A {actor.role} cannot put a policy in force.",
            instead="Ask a supervisor, the duty chief or an administrator to adopt it.",
        )
    stands = body.standing
    protected = sorted(PROTECTED.intersection(body.reads))
    if isinstance(stands, ReadsNothingProtected) and protected:
        return Refusal(
            code="unchecked_policy",
            rule="house:9",
            because=f"The policy reads {', '.join(protected)}, which like calls may differ in.",
            instead="Take these facts out of the rules, or adopt it over objection: named persons, a reason, "
            "an end date.",
        )
    if isinstance(stands, Certified):
        return Refusal(
            code="certificate_not_checkable",
            rule="house:9",
            because="This version of the centre cannot check a certificate.",
            instead="Adopt a policy that reads no protected fact, or adopt over objection with an end date.",
        )
    sets: tuple[Deadline, ...] = ()
    if isinstance(stands, OverObjection):
        refusal = _objection(stands, given.now)
        if refusal is not None:
            return refusal
        sets = (Deadline(kind="policy", subject="policy", due=stands.ends_at),)
    return [
        PolicyAdopted(
            policy=body.policy,
            version=body.version,
            reads=body.reads,
            authority=body.authority,
            reason=body.reason,
            standing=stands,
            at=given.now,
            sets=sets,
            ends=standing(state, "policy:policy"),
        )
    ]


def _objection(stands: OverObjection, now: int) -> Refusal | None:
    persons = len(set(stands.persons))
    longest = LONGEST_OVER_OBJECTION if persons > 1 else LONGEST_BY_ONE
    if not persons or not stands.reason or not stands.objection:
        return Refusal(
            code="objection_incomplete",
            rule="house:9",
            because="A policy over objection needs the persons, their reason and the objection itself.",
            instead="Name a person (two for more than 12 hours), the reason, and what was objected to.",
        )
    if not now < stands.ends_at <= now + longest:
        return Refusal(
            code="objection_without_end",
            rule="house:9",
            because="A policy over objection must end: within 12 hours by one person, 30 days by two.",
            instead="Give an end within that time; it can be adopted again by then.",
        )
    return None


def policy_ended(state: State, due: int) -> list[Event]:
    """What follows when the end of a policy over objection is due."""
    if state.policy is None:
        return []
    return [
        PolicyLapsed(
            policy=state.policy.policy,
            version=state.policy.version,
            at=due,
            ends=standing(state, "policy:policy"),
        )
    ]


DECIDE: Final[DecideTable] = {AdoptPolicy: adopt_policy}
