"""Offering by the rule: a plan that offers its needs to another agency is acted on by the core itself.

Once for each need. What came back, or was offered by a person before, is not offered by a rule again; and an
agency is not asked for what it answers already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.core.deadlines import Deadline
from everycall.core.hand_overs import HandOverOffered
from everycall.core.policies import evaluator_in_force
from everycall.core.versions import over_objection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.core.given import Given
    from everycall.core.incidents import Response
    from everycall.core.needs import Need
    from everycall.core.state import State


def offered_by_rule(
    state: State, incident: str, response: Response, needs: Iterable[Need], given: Given, number: int = 1
) -> list[HandOverOffered]:
    """The event by which the plan of a response offers those of its needs that were never offered.

    `response` and `needs` are as they will be; `number` counts the offers of one command.
    """
    offer = response.plan.offer
    if offer is None or offer.to == response.agency:
        return []
    mine = [
        need
        for need in needs
        if need.outcome is None and not need.reconstructed and need.hand_over is None and not need.offers
    ]
    if not mine:
        return []
    key = f"H{state.counters['hand_over'] + number:06d}"
    touches = (*dict.fromkeys([need.call for need in mine]), incident)
    return [
        HandOverOffered(
            hand_over=key,
            needs=tuple([need.id for need in mine]),
            to=offer.to,
            ground=offer.ground,
            at=given.at,
            rule=response.plan.rule,
            policy=response.plan.policy,
            incident=incident,
            touches=touches,
            by_rule=True,
            meanwhile=offer.meanwhile,
            over_objection=over_objection(state, given),
            sets=(
                Deadline(
                    kind="hand_over",
                    subject=key,
                    due=given.since + offer.within,
                    ladder=offer.ladder or evaluator_in_force(state, given).floor().ladder[:1],
                    touches=touches,
                ),
            ),
        )
    ]
