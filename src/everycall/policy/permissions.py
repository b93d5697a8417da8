"""Who may hold, hand over or decline under a decided plan, and in which words that is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.words import listed

if TYPE_CHECKING:
    from everycall.core.actors import Role
    from everycall.core.policies import PermittedAct
    from everycall.policy.evaluate import Decision
    from everycall.policy.rules import Grant, Plan, Policy

DOING: Final[dict[PermittedAct, str]] = {
    "hold": "hold this back",
    "hand_over": "hand this over",
    "decline": "decline this",
}
"""The acts as a sentence says them."""


def allowed(plan: Plan, act: PermittedAct, role: Role, ground: str, to: str | None = None) -> Grant | None:
    """The grant under which this role may do this on this ground; none: it may not.

    Where several do, the one with the longest time counts (of equals the first), because that is the level that
    `components` compares. A hand-over to nobody in particular needs a grant for any agency.
    """
    found = [
        grant
        for grant in plan.may
        if grant.act == act
        and role in grant.roles
        and ground in grant.grounds
        and (act != "hand_over" or not grant.to or to in grant.to)
    ]
    return max(found, key=lambda grant: grant.within, default=None)


def refused(
    policy: Policy, decision: Decision, act: PermittedAct, role: Role, ground: str, to: str | None = None
) -> str:
    """Why the decided plan does not allow it, in a sentence that says who may, or which rule forbids it."""
    decided = next(rule.plan for rule in policy.deciding if rule.id == decision.rule)
    by = [rule.id for rule in policy.add if rule.id in decision.raised_by and act in rule.add.forbid]
    rule, doing = f"Rule {decision.rule}", DOING[act]
    if by and allowed(decided, act, role, ground, to) is not None:
        return f"{rule} would let a {role} {doing}, but rule {by[0]} forbids it to everybody."
    grants = [grant for grant in decision.plan.may if grant.act == act]
    if not grants:
        return f"{rule} lets nobody {doing}."
    mine = [grant for grant in grants if role in grant.roles]
    if not mine:
        roles = listed(dict.fromkeys(name for grant in grants for name in grant.roles))
        return f"{rule} lets only a {roles} {doing}."
    if not any(ground in grant.grounds for grant in mine):
        grounds = listed(dict.fromkeys(name for grant in mine for name in grant.grounds))
        return f"{rule} lets a {role} {doing} only on the ground {grounds}."
    agencies = listed(dict.fromkeys(name for grant in mine if ground in grant.grounds for name in grant.to))
    return f"{rule} lets a {role} {doing} only to {agencies}."
