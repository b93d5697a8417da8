"""Notes: what somebody wrote down about a call or an incident; struck, never erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.base import CommandBody, Frozen, Identifier, Instant, Word
from everycall.core.event import Event
from everycall.core.refusals import Refusal, unknown
from everycall.core.sealed import Confidential, Sealed, only_sealed

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.state import State


class Note(Frozen, frozen=True, kw_only=True):
    """Its words are sealed; who wrote it and when are not."""

    id: Identifier
    text: Sealed | None
    by: Identifier
    at: Instant
    struck_because: Word | None = None


class AddNote(CommandBody, frozen=True, kw_only=True):
    """Write something down about a call or an incident."""

    about: Identifier
    text: Confidential


class StrikeNote(CommandBody, frozen=True, kw_only=True):
    """Strike a note through. It stays readable."""

    about: Identifier
    note: Identifier
    reason: Identifier


class NoteAdded(Event, frozen=True, kw_only=True):
    """A note was written."""

    about: Identifier
    note: Identifier
    text: Sealed | None
    by: Identifier
    at: Instant


class NoteStruck(Event, frozen=True, kw_only=True):
    """A note was struck through, by whom and why."""

    about: Identifier
    note: Identifier
    reason: Word
    by: Identifier


def add_note(state: State, actor: Actor, body: AddNote, given: Given) -> list[Event] | Refusal:
    """Write a note on a call or an incident; on the one that it was merged into, so that it is seen."""
    from everycall.core.incidents import surviving  # noqa: PLC0415 - incidents hold notes; the arrow back is only here

    about = body.about
    if about not in state.calls:
        incident = surviving(state, about)
        if incident is None:
            return unknown("call or incident", about)
        about = incident.id
    note = f"N{state.counters['note'] + 1:06d}"
    return [NoteAdded(about=about, note=note, text=only_sealed(body.text), by=actor.person, at=given.at)]


def strike_note(state: State, actor: Actor, body: StrikeNote, _given: Given) -> list[Event] | Refusal:
    """Strike a note, once."""
    owner = state.calls.get(body.about) or state.incidents.get(body.about)
    if owner is None:
        return unknown("call or incident", body.about)
    held = next((note for note in owner.notes if note.id == body.note), None)
    if held is None:
        return unknown("note", body.note)
    if held.struck_because is not None:
        return Refusal(
            code="already_struck",
            rule="house:6",
            because=f"Note {body.note} is already struck.",
            instead="Write a new note if its words are right after all.",
        )
    return [NoteStruck(about=body.about, note=body.note, reason=body.reason, by=actor.person)]


def _change(state: State, about: str, notes: tuple[Note, ...]) -> None:
    if about in state.calls:
        state.calls[about] = replace(state.calls[about], notes=notes)
    else:
        state.incidents[about] = replace(state.incidents[about], notes=notes)


def _notes(state: State, about: str) -> tuple[Note, ...]:
    return state.calls[about].notes if about in state.calls else state.incidents[about].notes


def _added(state: State, event: NoteAdded) -> None:
    note = Note(id=event.note, text=event.text, by=event.by, at=event.at)
    state.counters["note"] += 1
    _change(state, event.about, (*_notes(state, event.about), note))


def _struck(state: State, event: NoteStruck) -> None:
    notes = tuple(
        replace(note, struck_because=event.reason) if note.id == event.note else note
        for note in _notes(state, event.about)
    )
    _change(state, event.about, notes)


DECIDE: Final[DecideTable] = {AddNote: add_note, StrikeNote: strike_note}
EVOLVE: Final[EvolveTable] = {NoteAdded: _added, NoteStruck: _struck}
