"""What whoever reads a story must not overlook, as things stand in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.centre.story_parts import Flag
from everycall.centre.story_words import STAMP_WORDS, Times, codes
from everycall.core.incidents import status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from everycall.core.incidents import Incident
    from everycall.core.instructions import Instruction
    from everycall.core.needs import Need


def flags_of(
    times: Times,
    incidents: Sequence[Incident],
    calls: Sequence[str],
    also: Iterable[str],
    conflicts: Iterable[str] = (),
) -> tuple[Flag, ...]:
    """The flags of a story.

    Args:
        times: Over the state in the end.
        incidents: Those of the story.
        calls: Those of the story.
        also: Other incidents and calls that bear the number that was asked for.
        conflicts: What was reported against what the board said, in words.
    """
    state = times.state
    found: list[Flag] = []
    found.extend(
        Flag(code="unsafe_to_ring", text=f"the caller of {key} must not be rung")
        for key in calls
        if state.calls[key].unsafe_to_ring
    )
    needs = [state.needs[need] for call in calls for need in state.calls[call].needs]
    here = {incident.id for incident in incidents}
    needs = [need for need in needs if need.incident is None or need.incident in here]
    found += _about_responses(times, incidents)
    found += _about_needs(times, needs)
    found.extend(Flag(code="conflict", text=text) for text in conflicts)
    found += _conflicting_stamps(times, incidents)
    found += _hand_overs(times, {need.id for need in needs})
    found.extend(
        Flag(code="instruction", text=_instruction(held))
        for held in state.instructions.values()
        if set(held.calls).intersection(calls)
    )
    if any(incident.reconstructed for incident in incidents) or any(state.calls[key].reconstructed for key in calls):
        found.append(
            Flag(
                code="reconstructed",
                text="rebuilt from another system's export, which says only what it says",
            )
        )
    found.extend(
        Flag(code="same_number", text=f"{key} bears the same number, and has a story of its own") for key in also
    )
    return tuple(found)


def _about_responses(times: Times, incidents: Sequence[Incident]) -> list[Flag]:
    found: list[Flag] = []
    for incident in incidents:
        for response in incident.responses.values():
            if response.over_objection:
                text = f"{response.agency} was planned by a policy in force over objection"
                found.append(Flag(code="over_objection", text=text))
            if response.hold is not None:
                ground = codes(response.hold.ground)
                text = f"{response.agency} is held until {times.clock(response.hold.until)}: {ground}"
                found.append(Flag(code="held", text=text))
            if response.waiting_since is not None and status_of(times.state, response) == "waiting":
                since = times.clock(response.waiting_since)
                text = f"{response.agency} has waited for a free unit since {since}"
                found.append(Flag(code="waiting", text=text))
    return found


def _about_needs(times: Times, needs: Sequence[Need]) -> list[Flag]:
    found: list[Flag] = []
    for need in needs:
        if need.outcome is None:
            found.append(Flag(code="open", text=f"need {need.id} has no outcome yet"))
        if need.cancellations:
            text = f"need {need.id} was cancelled, possibly under duress: that closed nothing"
            found.append(Flag(code="cancellation", text=text))
        if need.struck:
            found.append(Flag(code="reopened", text=f"need {need.id} had an outcome that was struck"))
    reviews = times.state.reviews.values()
    keys = {need.id for need in needs}
    for review in reviews:
        if review.need in keys and review.judgement is None:
            text = f"review {review.id} of need {review.need} ({codes(review.outcome)}) is not done"
            found.append(Flag(code="review_open", text=text))
        elif review.need in keys and review.judgement is not None:
            about = f"review {review.id} of need {review.need} ({codes(review.outcome)})"
            text = f"{about}: {codes(review.judgement)}"
            found.append(Flag(code="reviewed", text=text))
    return found


def _conflicting_stamps(times: Times, incidents: Sequence[Incident]) -> list[Flag]:
    found: list[Flag] = []
    for incident in incidents:
        for key in sorted(key for response in incident.responses.values() for key in response.assignments):
            held = times.state.assignments[key]
            for name, stamp in held.stamps.items():
                if stamp.conflicts and stamp.at is not None:
                    others = ", ".join(times.clock(at) for at in stamp.conflicts)
                    stands = f"{held.unit} {STAMP_WORDS[name]}: {times.clock(stamp.at)} stands"
                    text = f"{stands}, {others} was reported too"
                    found.append(Flag(code="conflict", text=text))
    return found


def _hand_overs(times: Times, needs: set[str]) -> list[Flag]:
    return [
        Flag(
            code="hand_over_arrival",
            text=f"{held.to} accepted ({held.id}); "
            + ("whether they arrived is UNKNOWN" if held.arrived == "unknown" else "they did NOT arrive"),
        )
        for held in times.state.hand_overs.values()
        if needs.intersection(held.needs) and held.status == "accepted" and held.arrived != "yes"
    ]


def _instruction(held: Instruction) -> str:
    who = " of ".join(word for word in (held.said_by, held.said_by_agency) if word) or "somebody"
    struck = f" (struck: {codes(held.struck_because)})" if held.struck_because is not None else ""
    return f"an instruction of {who} touched this: {held.id}{struck}"
