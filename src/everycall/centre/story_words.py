"""Words for codes, times, places, plans and outcomes, as the story's sentences use them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from everycall.core.base import HOUR, MINUTE, SECOND
from everycall.core.instructions import Instruction
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
    Responded,
    Unfounded,
)

if TYPE_CHECKING:
    from datetime import tzinfo

    from everycall.core.deadlines import DeadlineKind
    from everycall.core.outcomes import Outcome
    from everycall.core.places import Place
    from everycall.core.policies import ResponsePlan
    from everycall.core.sealed import Sealed
    from everycall.core.state import State
    from everycall.core.vocabulary import Channel, StampName

CHANNEL_WORDS: Final[dict[Channel, str]] = {
    "emergency_voice": "by 911 or 112 voice",
    "text": "by text",
    "tty": "by TTY",
    "relay": "through a relay service",
    "ten_digit_line": "on the ten-digit line",
    "other_agency": "from another agency",
    "alarm": "from an alarm",
    "email": "by e-mail",
    "web_form": "by web form",
    "unit_observation": "from a unit",
    "walk_in": "at the counter",
    "not_recorded": "on a channel that is not recorded",
}

STAMP_WORDS: Final[dict[StampName, str]] = {
    "assigned": "assigned",
    "notified": "notified",
    "acknowledged": "acknowledged",
    "en_route": "en route",
    "staged": "staged",
    "on_scene": "on scene",
    "contact_made": "contact made",
    "at_patient": "at patient",
    "transporting": "transporting",
    "at_hospital": "at hospital",
    "clear": "clear",
    "cancelled": "cancelled",
}

DEADLINE_WORDS: Final[dict[DeadlineKind, str]] = {
    "answer": "answer",
    "call_back": "call-back",
    "find_out": "finding out what is needed",
    "dispatch": "dispatch",
    "acknowledge": "acknowledgement",
    "arrive": "arrival",
    "welfare": "welfare check",
    "outcome": "word of how it ended",
    "hold": "end of the hold",
    "hand_over": "answer to the hand-over",
    "hand_over_arrival": "word whether they arrived",
    "review": "review",
    "emergency": "answer to the emergency signal",
    "policy": "end of the policy",
    "retire": "leaving memory",
}

SERVICE_WORDS: Final = {"ems": "EMS", "unknown": "service not known yet"}
_SHORT: Final = 8


def codes(code: str) -> str:
    """A code as people read it."""
    return code.replace("_", " ")


def service_word(service: str) -> str:
    """A service as people read it."""
    return SERVICE_WORDS.get(service, service)


def span(microseconds: int) -> str:
    """A length of time in the two largest units that matter: `18 s`, `4 min 18 s`, `2 h 5 min`."""
    whole = abs(microseconds)
    if whole < SECOND:
        return "under 1 s" if whole else "0 s"
    if whole < MINUTE:
        return f"{whole // SECOND} s"
    if whole < HOUR:
        minutes, rest = divmod(whole, MINUTE)
        return f"{minutes} min" + (f" {rest // SECOND} s" if rest >= SECOND else "")
    hours, rest = divmod(whole, HOUR)
    if hours >= 48:  # noqa: PLR2004 - from two days on, days say it better
        return f"{hours // 24} days" + (f" {hours % 24} h" if hours % 24 else "")
    return f"{hours} h" + (f" {rest // MINUTE} min" if rest >= MINUTE else "")


def local(instant: int, zone: tzinfo) -> datetime:
    """The wall-clock time of an instant in microseconds UTC.

    Raises:
        OverflowError: it lies outside the years 1 to 9999.
    """
    seconds, micro = divmod(instant, SECOND)
    return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=micro).astimezone(zone)


def clock_text(instant: int, zone: tzinfo) -> str:
    """`14:02:11`, in the zone."""
    try:
        return local(instant, zone).strftime("%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{instant} µs"


def date_text(instant: int, zone: tzinfo) -> str:
    """`Sun 3 May 2026`, in the zone."""
    try:
        when = local(instant, zone)
    except (OverflowError, ValueError, OSError):
        return "outside the calendar"
    return f"{when:%a} {when.day} {when:%b %Y}"


def sealed_text(value: Sealed | None) -> str | None:
    """A personal value as it may be shown: that it is there, and how to ask for it."""
    return None if value is None else f"sealed {value.reference[:_SHORT]}"


def place_text(place: Place | None) -> str | None:
    """A place: the areas and the coarse position that stand in clear, and that the exact one is sealed."""
    if place is None:
        return None
    parts = [part for part in (place.neighbourhood, place.district, place.area, place.postal_code) if part is not None]
    if place.latitude_e7 is not None and place.longitude_e7 is not None:
        parts.append(f"near {place.latitude_e7 / 1e7:.3f}, {place.longitude_e7 / 1e7:.3f}")
    if place.exact is not None:
        parts.append(f"exact place {sealed_text(place.exact)}")
    source = "" if place.source in ("", "caller") else f" (from {codes(place.source)})"
    return (", ".join(parts) or "nothing clear") + source + (", verified" if place.verified else "")


def _nobody(plan: ResponsePlan) -> str:
    return "what was to be sent is not recorded" if plan.rule == "not_recorded" else "nobody to be sent"


def plan_text(plan: ResponsePlan) -> str:
    """What a plan sends, and how fast."""
    parts = [" + ".join(f"{r.count} {codes(r.capability)}" for r in plan.send) or _nobody(plan)]
    if plan.minimum_officers:
        parts.append(f"at least {plan.minimum_officers} officers")
    if plan.stage:
        parts.append("stage until safe")
    if plan.dispatch_within is not None:
        parts.append(f"dispatch in {span(plan.dispatch_within)}")
    if plan.arrive_within is not None:
        parts.append(f"arrival in {span(plan.arrive_within)}")
    if not plan.cancellation_closes:
        parts.append("a cancellation closes nothing")
    return ", ".join(parts)


def instruction_unseen(key: str) -> Instruction:
    """An instruction whose first entry lies outside this story."""
    return Instruction(
        id=key, said_by="", said_by_agency="", said_at=0, channel="not_said", words=None, entered_by="unknown"
    )


class Times:
    """Times and names in sentences: the state before the event, the zone, the line's date, units' names."""

    def __init__(self, state: State, zone: tzinfo) -> None:
        """Tell over this state, which its owner evolves, in this zone."""
        self.state = state
        self.zone = zone
        self.today = ""
        self.names: dict[str, str] = {}

    def clock(self, instant: int) -> str:
        """A time of day, with its date where that is not the line's own."""
        date = date_text(instant, self.zone)
        time = clock_text(instant, self.zone)
        return time if date == self.today else f"{time} on {date}"

    def unit(self, assignment: str | None) -> str:
        """The unit of an assignment."""
        return self.names.get(assignment or "", assignment or "nobody")


def evidence(times: Times, outcome: Outcome) -> str:
    """What an outcome stands on."""
    text = _evidence(times, outcome)
    if outcome.export is not None:
        return f"{text}; the export says {outcome.export!r}" if text else f"the export says {outcome.export!r}"
    return text or "the export does not say how it ended"


def _evidence(times: Times, outcome: Outcome) -> str:  # noqa: PLR0911 - one sentence per outcome
    if isinstance(outcome, (Responded, GoneOnArrival, Unfounded)):
        if outcome.assignment is None:
            return ""
        held = times.state.assignments.get(outcome.assignment)
        at = None if held is None else held.time("on_scene")
        there = f"{times.unit(outcome.assignment)} on scene" + ("" if at is None else f" at {times.clock(at)}")
        if isinstance(outcome, Responded):
            return f"{there}, contact made: {codes(outcome.contact)}"
        return there
    if isinstance(outcome, HandedOver):
        by = f" ({outcome.accepted_by})" if outcome.accepted_by else ""
        at_text = "" if outcome.accepted_at is None else f" at {times.clock(outcome.accepted_at)}"
        return f"accepted by {outcome.to}{by}{at_text}"
    if isinstance(outcome, CancelledByCaller):
        return "" if outcome.confirmed is None else f"confirmed by: {codes(outcome.confirmed)}"
    if isinstance(outcome, Advised):
        advice = f"advice {outcome.advice!r}" if outcome.advice else "advice given"
        return advice + (", the caller agreed" if outcome.caller_agreed else "")
    if isinstance(outcome, Duplicate):
        return "" if outcome.of is None else f"the same help as in incident {outcome.of}, whose outcome it shares"
    if isinstance(outcome, NoEmergency):
        by = f", confirmed by: {codes(outcome.confirmed_by)}" if outcome.confirmed_by else ""
        return codes(outcome.kind) + by
    if isinstance(outcome, NotEstablished):
        return f"tried: {', '.join(codes(word) for word in outcome.tried)}" if outcome.tried else ""
    if isinstance(outcome, Declined):
        told = {"yes": "the caller was told", "no": "the caller was not told"}.get(
            outcome.caller_told, "whether the caller was told is not said"
        )
        rule = f", rule {outcome.rule} of {outcome.policy}" if outcome.rule else ""
        return f"ground: {codes(outcome.ground)}, authority: {outcome.authority}{rule}; {told}"
    if isinstance(outcome, NotReached):
        told = f", under instruction {outcome.instruction}" if outcome.instruction else ""
        return f"nobody got there: {codes(outcome.why)}, closed by {outcome.by}{told}"
    return ""
