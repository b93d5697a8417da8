"""Instructions: what somebody with authority told the floor, orally or otherwise.

Who, when, on which channel, in which words, for which calls.

An instruction is never taken out. A mistaken entry is struck through, by who entered it or by oversight;
never by the chain that gave it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from everycall.core.base import CommandBody, Entity, Identifier, Instant, Named, Word
from everycall.core.event import Event
from everycall.core.refusals import Refusal, unknown
from everycall.core.sealed import Confidential, Sealed, only_sealed

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.state import State

InstructionChannel = Literal["in_person", "radio", "telephone", "message", "email", "written_order", "not_said"]


class Instruction(Entity, frozen=True, kw_only=True):
    """Its words are sealed, because they may name persons; that it was given is not."""

    id: Identifier
    said_by: Word
    said_by_agency: Word
    said_at: Instant
    channel: InstructionChannel
    words: Sealed | None
    entered_by: Identifier
    calls: tuple[Identifier, ...] = ()
    ended_at: Instant | None = None
    struck_because: Word | None = None


class RecordInstruction(CommandBody, frozen=True, kw_only=True):
    """One key enters it: everything but the words can be filled in later, by a new event."""

    words: Confidential | None = None
    said_by: Word = ""
    said_by_agency: Word = ""
    channel: InstructionChannel = "not_said"
    calls: Named = ()


class CompleteInstruction(CommandBody, frozen=True, kw_only=True):
    """Add what was not known when it was entered, or which calls it touched; or say that it ended."""

    instruction: Identifier
    said_by: Word | None = None
    said_by_agency: Word | None = None
    channel: InstructionChannel | None = None
    words: Confidential | None = None
    calls: Named = ()
    ended: bool = False


class StrikeInstruction(CommandBody, frozen=True, kw_only=True):
    """Strike a mistaken entry through. It stays readable."""

    instruction: Identifier
    reason: Identifier


class InstructionRecorded(Event, frozen=True, kw_only=True):
    """The floor was told something."""

    instruction: Identifier
    said_by: Word
    said_by_agency: Word
    at: Instant
    channel: InstructionChannel
    entered_by: Identifier
    words: Sealed | None = None
    calls: tuple[Identifier, ...] = ()


class InstructionCompleted(Event, frozen=True, kw_only=True):
    """More became known about an instruction; what stood before stays in its own event."""

    instruction: Identifier
    at: Instant
    said_by: Word | None = None
    said_by_agency: Word | None = None
    channel: InstructionChannel | None = None
    words: Sealed | None = None
    calls: tuple[Identifier, ...] = ()
    ended: bool = False


class InstructionStruck(Event, frozen=True, kw_only=True):
    """An entry was mistaken, says who, and why."""

    instruction: Identifier
    reason: Word
    by: Identifier


def record_instruction(state: State, actor: Actor, body: RecordInstruction, given: Given) -> list[Event] | Refusal:
    """Enter an instruction; calls that are not known are left out, not a reason to refuse."""
    key = f"I{state.counters['instruction'] + 1:06d}"
    return [
        InstructionRecorded(
            instruction=key,
            said_by=body.said_by,
            said_by_agency=body.said_by_agency,
            at=given.at,
            channel=body.channel,
            entered_by=actor.person,
            words=only_sealed(body.words),
            calls=tuple(call for call in dict.fromkeys(body.calls) if call in state.calls),
        )
    ]


def complete_instruction(state: State, actor: Actor, body: CompleteInstruction, given: Given) -> list[Event] | Refusal:
    """Add to an instruction."""
    held = state.instructions.get(body.instruction)
    if held is None:
        return unknown("instruction", body.instruction)
    for call in body.calls:
        if call not in state.calls:
            return unknown("call", call)
    told = (
        (held.said_by, body.said_by),
        (held.said_by_agency, body.said_by_agency),
        ("" if held.channel == "not_said" else held.channel, body.channel),
        (held.words, body.words),
    )
    changes = any(before and after is not None and after != before for before, after in told)
    if changes and actor.person != held.entered_by and actor.role != "oversight":
        return Refusal(
            code="already_said",
            rule="house:6",
            because=f"What instruction {held.id} says was entered by {held.entered_by}.",
            instead="Add what is missing; who entered it, or oversight, can correct the rest.",
        )
    return [
        InstructionCompleted(
            instruction=held.id,
            at=given.at,
            said_by=body.said_by,
            said_by_agency=body.said_by_agency,
            channel=body.channel,
            words=only_sealed(body.words),
            calls=tuple(call for call in dict.fromkeys(body.calls) if call not in held.calls),
            ended=body.ended,
        )
    ]


def strike_instruction(state: State, actor: Actor, body: StrikeInstruction, _given: Given) -> list[Event] | Refusal:
    """Strike a mistaken entry."""
    held = state.instructions.get(body.instruction)
    if held is None:
        return unknown("instruction", body.instruction)
    if held.struck_because is not None:
        return Refusal(
            code="already_struck",
            rule="house:6",
            because=f"Instruction {held.id} is already struck.",
            instead="Enter it anew if it was given after all.",
        )
    gave_it = actor.person.casefold() == held.said_by.casefold()
    # Who may give instructions may not take one back, even one that they entered without a name.
    commands = actor.role in ("supervisor", "duty_chief")
    stranger = actor.person != held.entered_by and actor.role != "oversight"
    if gave_it or commands or stranger:
        return Refusal(
            code="inside_the_chain",
            rule="house:6",
            because=f"{actor.person} ({actor.role}) may not strike instruction {held.id}.",
            instead="Who entered it by mistake, or oversight, can; others can add what they know to it.",
        )
    return [InstructionStruck(instruction=held.id, reason=body.reason, by=actor.person)]


def _recorded(state: State, event: InstructionRecorded) -> None:
    state.counters["instruction"] += 1
    state.instructions[event.instruction] = Instruction(
        id=event.instruction,
        said_by=event.said_by,
        said_by_agency=event.said_by_agency,
        said_at=event.at,
        channel=event.channel,
        words=event.words,
        entered_by=event.entered_by,
        calls=event.calls,
    )


def _completed(state: State, event: InstructionCompleted) -> None:
    held = state.instructions[event.instruction]
    state.instructions[event.instruction] = replace(
        held,
        said_by=held.said_by if event.said_by is None else event.said_by,
        said_by_agency=held.said_by_agency if event.said_by_agency is None else event.said_by_agency,
        channel=held.channel if event.channel is None else event.channel,
        words=held.words if event.words is None else event.words,
        calls=held.calls + event.calls,
        ended_at=event.at if event.ended else held.ended_at,
    )


def _struck(state: State, event: InstructionStruck) -> None:
    held = state.instructions[event.instruction]
    state.instructions[event.instruction] = replace(held, struck_because=event.reason)


DECIDE: Final[DecideTable] = {
    RecordInstruction: record_instruction,
    CompleteInstruction: complete_instruction,
    StrikeInstruction: strike_instruction,
}
EVOLVE: Final[EvolveTable] = {
    InstructionRecorded: _recorded,
    InstructionCompleted: _completed,
    InstructionStruck: _struck,
}
