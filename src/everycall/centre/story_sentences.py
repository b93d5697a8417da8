"""The sentences for calls, needs, incidents and what joins them; those of the rest are in `story_field`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from everycall.centre.story_parts import Detail, DetailKind
from everycall.centre.story_words import (
    CHANNEL_WORDS,
    Times,
    codes,
    evidence,
    place_text,
    plan_text,
    sealed_text,
    service_word,
)
from everycall.core.calls import (
    CallBackTried,
    CallLocated,
    CallsRelated,
    CallStamped,
    CallTaken,
    CallUpdated,
    NeedAdded,
)
from everycall.core.incidents import IncidentChanged, IncidentOpened, ResponseClosed
from everycall.core.linking import IncidentsMerged, IncidentSplit, NeedsLinked, NeedsUnlinked
from everycall.core.needs import NeedClassified, NeedPrioritised, ServiceEstablished
from everycall.core.notes import NoteAdded, NoteStruck
from everycall.core.outcomes import name_of
from everycall.core.planning import PlanChanged
from everycall.core.sealed import Sealed
from everycall.core.settling import CancellationReported, NeedsReopened, NeedsSettled
from everycall.core.undo import ActUndone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.core.facts import Fact
    from everycall.core.needs import NeedTaken

Said = tuple[str, tuple[Detail, ...]]
"""A sentence, and what else is to be said about it."""

Sentence = Callable[[Times, Any], Said]
"""Takes its own event class, which one type cannot say."""

_CALL_STAMPS: Final = {
    "received": "was received",
    "ringing": "rang",
    "answered": "was answered",
    "abandoned": "was abandoned: the caller hung up",
    "call_taking_ended": "was taken down",
    "queued": "was queued for dispatch",
    "disconnected": "was disconnected",
    "first_dispatched": "had its first unit sent",
    "first_en_route": "had its first unit en route",
    "first_on_scene": "had its first unit on scene",
    "first_cleared": "had its first unit clear",
    "closed": "was closed",
    "reopened": "was reopened",
    "interpreter_asked": "needs an interpreter, who was asked for",
    "interpreter_connected": "has an interpreter on the line",
    "interpreter_failed": "got no interpreter",
}
_CALL_BACKS: Final = {
    "reached": "reached",
    "no_answer": "no answer",
    "busy": "busy",
    "refused_to_talk": "refused to talk",
    "number_not_in_service": "the number is not in service",
    "not_rung_unsafe": "not rung, because ringing is unsafe",
}


def said(text: str, *details: Detail | None) -> Said:
    """A sentence with those of its details that there are."""
    return text, tuple([detail for detail in details if detail is not None])


def detail(kind: DetailKind, text: str | None) -> Detail | None:
    """A detail, if there is anything to be said."""
    return Detail(kind=kind, text=text) if text else None


def listed(items: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    words = list(items)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "nothing"


def ruled(rule: str | None, policy: str | None) -> Detail | None:
    """Under which rule of which policy."""
    if not rule:
        return None
    return detail("rule", f"{rule} of policy {policy}" if policy and policy != rule else rule)


def _need_words(need: NeedTaken) -> str:
    about = [codes(need.type)] if need.type else ["type not known"]
    if need.priority:
        about.append(f"priority {need.priority}")
    if need.asked_for and need.asked_for != need.type:
        about.append(f"asked for: {codes(need.asked_for)}")
    if need.words is not None:
        about.append(f"words {sealed_text(need.words)}")
    return f"{service_word(need.service)} ({', '.join(about)})"


def _plain(value: bool | int | str) -> str:  # noqa: FBT001 - a fact's value, not a switch
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _facts(facts: tuple[Fact, ...]) -> Detail | None:
    told = []
    for fact in facts:
        value = fact.value
        shown = sealed_text(value) if isinstance(value, Sealed) else _plain(value)
        source = "" if fact.source == "caller" else f" (from {fact.source})"
        told.append(f"{fact.name}: {shown}{source}")
    return detail("known", "; ".join(told))


def _taken(_times: Times, e: CallTaken) -> Said:
    what = "rang in" if e.ringing else "came in"
    own = "A unit's own observation, call" if e.self_initiated else "Call"
    needs = (
        ""
        if all(n.service == "unknown" and n.type is None for n in e.needs)
        else listed([_need_words(need) for need in e.needs])
    )
    return said(
        f"{own} {e.call} {what} {CHANNEL_WORDS[e.channel]}" + (f": {needs}" if needs else ""),
        detail("known", f"place: {place_text(e.place)}" if e.place is not None else None),
        detail("sealed", f"caller's words {sealed_text(e.words)}" if e.words is not None else None),
        detail("known", f"language: {e.language}" if e.language else None),
        detail("known", f"mode: {e.mode}" if e.mode not in ("not_recorded", "voice") else None),
        detail("known", f"line: {e.line}" if e.line else None),
        detail("known", f"its number elsewhere: {e.external}" if e.external else None),
        _facts(e.facts),
        detail("missing", ", ".join(e.missing) if e.missing else None),
        detail("flag", "UNSAFE TO RING" if e.unsafe_to_ring else None),
        detail("flag", "reconstructed from another system's export" if e.reconstructed else None),
    )


def _stamped(times: Times, e: CallStamped) -> Said:
    if e.at is None:
        return said(
            f"Call {e.call} has no time “{codes(e.stamp)}”",
            detail("missing", codes(e.missing or "not_reported")),
        )
    if e.correction:
        held = times.state.calls[e.call].stamps.get(e.stamp)
        was = "" if held is None or held.at is None else times.clock(held.at)
        return said(
            f"Time “{codes(e.stamp)}” of call {e.call} corrected to {times.clock(e.at)}",
            detail("struck", f"{was} stood before" if was else None),
        )
    return said(f"Call {e.call} {_CALL_STAMPS[e.stamp]}")


def _call_back(times: Times, e: CallBackTried) -> Said:
    unsafe = times.state.calls[e.call].unsafe_to_ring
    rung = unsafe and e.result != "not_rung_unsafe"
    return said(
        f"Call-back to {e.call}: {_CALL_BACKS[e.result]}",
        detail("flag", "it was rung although it is flagged UNSAFE TO RING" if rung else None),
    )


def _updated(_times: Times, e: CallUpdated) -> Said:
    parts = []
    if e.mode is not None:
        parts.append(f"mode {e.mode}")
    if e.language is not None:
        parts.append(f"language {e.language}")
    if e.words is not None:
        parts.append(f"words {sealed_text(e.words)}")
    if e.unsafe_to_ring is not None:
        parts.append("unsafe to ring" if e.unsafe_to_ring else "safe to ring after all")
    return said(
        f"More known about call {e.call}" + (f": {listed(parts)}" if parts else ""),
        _facts(e.facts),
        detail("flag", "UNSAFE TO RING: nobody may ring this number" if e.unsafe_to_ring else None),
    )


def _located(_times: Times, e: CallLocated) -> Said:
    return said(
        f"Call {e.call} is at {place_text(e.place)}",
        detail("struck", f"place before: {place_text(e.before)}" if e.before is not None else None),
    )


def _need_added(_times: Times, e: NeedAdded) -> Said:
    return said(f"Call {e.call} asks for one more: {_need_words(e.need)}, need {e.need.need}")


def _related(_times: Times, e: CallsRelated) -> Said:
    return said(f"Calls {listed(e.calls)} have to do with each other")


def _classified(_times: Times, e: NeedClassified) -> Said:
    return said(
        f"Need {e.need} is {codes(e.type)}",
        detail("struck", f"before: {codes(e.before)}" if e.before and e.before != e.type else None),
        detail("why", codes(e.reason) if e.reason else None),
    )


def _prioritised(_times: Times, e: NeedPrioritised) -> Said:
    by = (
        f"by rule {e.rule} of policy {e.policy}"
        if e.rule
        else "as the export has it"
        if e.reason == "not_recorded"
        else "set by hand"
    )
    return said(
        f"Need {e.need} has priority {e.priority}, {by}",
        detail("struck", f"before: {e.before}" if e.before and e.before != e.priority else None),
        detail("why", codes(e.reason) if e.reason else None),
    )


def _service(_times: Times, e: ServiceEstablished) -> Said:
    return said(
        f"Need {e.need} asks for {service_word(e.service)}",
        detail("struck", f"before: {service_word(e.before)}" if e.before not in ("unknown", e.service) else None),
    )


def _note(_times: Times, e: NoteAdded) -> Said:
    return said(
        f"Note {e.note} on {e.about}",
        detail("sealed", f"its words {sealed_text(e.text)}" if e.text is not None else None),
    )


def _note_struck(_times: Times, e: NoteStruck) -> Said:
    return said(f"Note {e.note} struck through; it stays in the record", detail("why", codes(e.reason)))


def _opened(_times: Times, e: IncidentOpened) -> Said:
    details: list[Detail | None] = []
    for response in e.responses:
        details.append(detail("known", f"{response.agency} for {listed(response.needs)}: {plan_text(response.plan)}"))
        details.append(ruled(response.plan.rule, response.plan.policy))
        if response.over_objection:
            details.append(detail("flag", "the policy is in force OVER OBJECTION"))
    return said(
        f"Incident {e.incident} opened for call {listed(e.calls)}",
        *details,
        detail("known", f"its number elsewhere: {e.external}" if e.external else None),
        detail("flag", "reconstructed from another system's export" if e.reconstructed else None),
    )


def _changed(_times: Times, e: IncidentChanged) -> Said:
    return said(
        f"Incident {e.incident} changed",
        detail("known", f"place: {place_text(e.place)}" if e.place is not None else None),
        detail("struck", f"place before: {place_text(e.before)}" if e.place is not None and e.before else None),
        detail("known", f"has to do with {listed(e.related)}" if e.related else None),
    )


def _closed(_times: Times, e: ResponseClosed) -> Said:
    return said(f"Response of {e.agency} closed: every need has its outcome and every unit is clear")


def _linked(_times: Times, e: NeedsLinked) -> Said:
    agencies = listed(dict.fromkeys(e.agencies))
    return said(f"Call {listed(e.calls)} joined incident {e.incident} ({listed(e.needs)}, {agencies}); act {e.act}")


def _unlinked(_times: Times, e: NeedsUnlinked) -> Said:
    return said(
        f"{listed(e.needs)} of call {e.call} taken out of incident {e.incident}; act {e.act}",
        detail("why", codes(e.reason)),
        detail("known", f"response of {listed(e.closes)} has no need left and closed" if e.closes else None),
    )


def _merged(_times: Times, e: IncidentsMerged) -> Said:
    return said(
        f"Incident {e.incident} merged into {e.into}, with its calls, needs and units; act {e.act}",
        detail("why", codes(e.reason)),
    )


def _split(_times: Times, e: IncidentSplit) -> Said:
    return said(
        f"Incident {e.new} split from {e.incident}: {listed(e.needs)} of call {listed(e.calls)}; act {e.act}",
        detail("known", f"assignments that went along: {listed(e.assignments)}" if e.assignments else None),
        detail("why", codes(e.reason)),
    )


def _undone(_times: Times, e: ActUndone) -> Said:
    return said(
        f"The {e.kind} {e.act} was taken back",
        detail(
            "struck",
            listed([f"{codes(s.outcome)} of {s.need}" for s in e.struck]) + ": open again" if e.struck else None,
        ),
        detail("why", codes(e.reason)),
    )


def _plan(_times: Times, e: PlanChanged) -> Said:
    return said(
        f"{e.agency} is now to send {plan_text(e.plan)}" + (", by hand" if e.by_person else ""),
        None if e.by_person else ruled(e.plan.rule, e.plan.policy),
        detail("flag", f"less than before: {'; '.join(e.lower)}" if e.lower else None),
        detail("why", codes(e.reason) if e.reason else None),
    )


def _settled(times: Times, e: NeedsSettled) -> Said:
    closes = [f"{closed.agency} in {closed.incident}" for closed in e.closes]
    return said(
        f"{listed(e.needs)} ended: {codes(name_of(e.outcome)).upper()}; act {e.act}",
        detail("why", evidence(times, e.outcome)),
        detail("known", f"this closes the response of {listed(closes)}" if closes else None),
    )


def _reopened(_times: Times, e: NeedsReopened) -> Said:
    return said(
        f"{listed([s.need for s in e.struck])} open again, on the original clock",
        detail("struck", listed([f"{codes(s.outcome)} of {s.need}" for s in e.struck])),
        detail("why", codes(e.reason)),
    )


def _cancellation(_times: Times, e: CancellationReported) -> Said:
    return said(
        f"The caller cancelled need {e.need}; for this type that CLOSES NOTHING",
        detail("flag", "possibly under duress: help goes on"),
        detail("known", f"how it was confirmed: {codes(e.confirmed)}" if e.confirmed else None),
        ruled(e.rule, None),
    )


SENTENCES: Final[dict[type, Sentence]] = {
    CallTaken: _taken,
    CallStamped: _stamped,
    CallBackTried: _call_back,
    CallUpdated: _updated,
    CallLocated: _located,
    NeedAdded: _need_added,
    CallsRelated: _related,
    NeedClassified: _classified,
    NeedPrioritised: _prioritised,
    ServiceEstablished: _service,
    NoteAdded: _note,
    NoteStruck: _note_struck,
    IncidentOpened: _opened,
    IncidentChanged: _changed,
    ResponseClosed: _closed,
    NeedsLinked: _linked,
    NeedsUnlinked: _unlinked,
    IncidentsMerged: _merged,
    IncidentSplit: _split,
    ActUndone: _undone,
    PlanChanged: _plan,
    NeedsSettled: _settled,
    NeedsReopened: _reopened,
    CancellationReported: _cancellation,
}
