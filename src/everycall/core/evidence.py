"""Evidence: what each outcome of the closed list takes (rule 3 of the house).

What lacks it is refused with what to do instead. Words of an export count as evidence in rebuilt records
only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from everycall.core.incidents import working
from everycall.core.outcomes import (
    Advised,
    CancelledByCaller,
    Declined,
    Duplicate,
    GoneOnArrival,
    HandedOver,
    NoEmergency,
    NotEstablished,
    NotReached,
    NotRecorded,
    Outcome,
    Responded,
    Unfounded,
    name_of,
)
from everycall.core.policies import HIGHEST_PRIORITIES
from everycall.core.refusals import Refusal, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from everycall.core.needs import Need
    from everycall.core.state import State


def lacking(code: str, because: str, instead: str, rule: str = "house:3") -> Refusal:
    """The refusal of something that is not said, or not shown."""
    return Refusal(code=code, rule=rule, because=because, instead=instead)


def _check_arrival(state: State, need: Need, outcome: Responded | GoneOnArrival | Unfounded) -> Refusal | None:
    assignment = state.assignments.get(outcome.assignment) if outcome.assignment else None
    if assignment is None or assignment.incident != need.incident or not assignment.there:
        return lacking(
            "no_arrival",
            f"No unit with a time at the scene in the incident of need {need.id} was named.",
            "Report the unit on scene first (late is fine), then name its assignment.",
        )
    return None


def _check_cancelled(_state: State, need: Need, outcome: CancelledByCaller) -> Refusal | None:
    if outcome.confirmed in (None, "not_said"):
        return lacking(
            "cancellation_unconfirmed",
            f"How the cancellation of need {need.id} was confirmed is not said.",
            "Say how: same voice on the line, call-back, in person, alarm company, text reply.",
        )
    return None


def _check_advised(_state: State, need: Need, outcome: Advised) -> Refusal | None:
    if not outcome.caller_agreed:
        return lacking(
            "caller_did_not_agree",
            f"Advice settles need {need.id} only when the caller agreed.",
            "Ask the caller; without agreement the need stays open or is declined with its ground.",
        )
    return None


def _check_duplicate(state: State, need: Need, outcome: Duplicate) -> Refusal | None:
    incident = state.incidents.get(outcome.of or "")
    if incident is None or outcome.of == need.incident:
        return lacking(
            "duplicate_of_what",
            f"Need {need.id} must be a duplicate of another, named incident.",
            "Name the incident where the same help is pending or on scene.",
        )
    same = any(
        need.service in ("unknown", other.service) and (other.outcome is None or working(state, response))
        for response in incident.responses.values()
        if response.closed_at is None
        for other in [state.needs[key] for key in response.needs]
    )
    if not same:
        return lacking(
            "no_such_help_pending",
            f"In incident {incident.id} no {need.service} help is pending or on scene any more.",
            "A later request is a new need: open or link it.",
        )
    return None


def _check_no_emergency(_state: State, need: Need, outcome: NoEmergency) -> Refusal | None:
    if outcome.confirmed_by in (None, "export"):
        return lacking(
            "unconfirmed",
            f"Nobody confirmed that need {need.id} is no emergency.",
            "Say who confirmed it: the caller, the alarm company, an agency, a unit.",
        )
    return None


def _check_not_established(state: State, need: Need, outcome: NotEstablished) -> Refusal | None:
    call = state.calls[need.call]
    if not outcome.tried or not (call.call_backs or call.unsafe_to_ring):
        return lacking(
            "nothing_tried",
            f"What was tried to find out about call {call.id} is not recorded.",
            "Call back and record the attempt (or flag the number unsafe to ring), and list what was tried.",
        )
    return None


def _check_not_reached(state: State, need: Need, outcome: NotReached) -> Refusal | None:
    if not outcome.why:
        return lacking("no_reason", f"Why nobody reached need {need.id} is not said.", "Give the reason.")
    if outcome.instruction is not None and outcome.instruction not in state.instructions:
        return unknown("instruction", outcome.instruction)
    return None


def _check_declined(_state: State, need: Need, outcome: Declined) -> Refusal | None:
    if need.priority in HIGHEST_PRIORITIES or need.priority is None:
        return lacking(
            "highest_priority_declined",
            f"Need {need.id} has priority {need.priority or 'unknown'}: it can never be declined.",
            "Send help, or offer it to another agency while help is on the way.",
            rule="house:3",
        )
    if not outcome.ground or not outcome.authority:
        return lacking(
            "decline_incomplete",
            f"Declining need {need.id} takes a ground and the authority that gives it.",
            "Give both, and say whether the caller was told.",
        )
    return None


def _check_handed_over(state: State, need: Need, outcome: HandedOver) -> Refusal | None:
    hand_over = state.hand_overs.get(outcome.hand_over or "")
    if hand_over is None or hand_over.status != "accepted" or need.id not in hand_over.needs:
        return lacking(
            "not_accepted",
            f"No agency has accepted need {need.id}.",
            "Offer it; the need is handed over when the other agency accepts.",
            rule="house:8",
        )
    return None


def _check_not_recorded(_state: State, need: Need, _outcome: NotRecorded) -> Refusal | None:
    return lacking(
        "not_a_rebuilt_record",
        f"Need {need.id} was taken here, so how it ended has to be said.",
        "Choose the outcome that fits, with its evidence.",
    )


# One check per outcome; each takes its own class, which one dict type cannot say.
_CHECK: Final[dict[type, Callable[[State, Need, Any], Refusal | None]]] = {
    Responded: _check_arrival,
    GoneOnArrival: _check_arrival,
    Unfounded: _check_arrival,
    CancelledByCaller: _check_cancelled,
    Advised: _check_advised,
    Duplicate: _check_duplicate,
    NoEmergency: _check_no_emergency,
    NotEstablished: _check_not_established,
    Declined: _check_declined,
    NotReached: _check_not_reached,
    HandedOver: _check_handed_over,
    NotRecorded: _check_not_recorded,
}


def check(state: State, need: Need, outcome: Outcome) -> Refusal | None:
    """Whether this outcome has its evidence for this need."""
    if need.outcome is not None:
        return lacking(
            "already_settled",
            f"Need {need.id} already ended as {name_of(need.outcome)}.",
            "Undo or reopen it first; what it said stays in the record.",
            rule="house:6",
        )
    if need.reconstructed:
        if outcome.export is not None or isinstance(outcome, NotRecorded):
            return None
    elif outcome.export is not None:
        return lacking(
            "export_is_no_evidence",
            f"Need {need.id} was taken here; the words of an export are no evidence for it.",
            "Give the evidence of this record.",
        )
    return _CHECK[type(outcome)](state, need, outcome)
