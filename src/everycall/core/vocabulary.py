"""The closed lists of words: services, channels, modes, stamps, outcomes, audit codes.

The words are the design's and the field's (APCO, NENA); the same spelling stands in code, events, tables,
screens and docs. A list grows
only with an event version, because every recorded event is read with it.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Service = Literal["police", "fire", "ems", "other", "unknown"]
"""What kind of help a need asks for; `unknown` until somebody has found out."""

Channel = Literal[
    "emergency_voice",
    "text",
    "tty",
    "relay",
    "ten_digit_line",
    "other_agency",
    "alarm",
    "email",
    "web_form",
    "unit_observation",
    "walk_in",
    "not_recorded",
]
"""How a request reached the centre; `emergency_voice` is a 911 or 112 voice call."""

Mode = Literal["voice", "text", "tty", "rtt", "relay", "not_recorded"]
"""How caller and call-taker talk, which may change within one call."""

StampName = Literal[
    "assigned",
    "notified",
    "acknowledged",
    "en_route",
    "staged",
    "on_scene",
    "contact_made",
    "at_patient",
    "transporting",
    "at_hospital",
    "clear",
    "cancelled",
]
"""The times of one assignment, each of which can be given alone."""

CallStampName = Literal[
    "received",
    "ringing",
    "answered",
    "abandoned",
    "call_taking_ended",
    "queued",
    "disconnected",
    "first_dispatched",
    "first_en_route",
    "first_on_scene",
    "first_cleared",
    "closed",
    "reopened",
    "interpreter_asked",
    "interpreter_connected",
    "interpreter_failed",
]
"""The times of one call; the `first_…` ones are used where an export names no unit."""

OutcomeName = Literal[
    "responded",
    "gone_on_arrival",
    "unfounded",
    "handed_over",
    "cancelled_by_caller",
    "advised",
    "duplicate",
    "no_emergency",
    "not_established",
    "declined",
    "not_reached",
    "not_recorded",
]
"""How a need can end; the closed list of the design."""

AuditCode = Literal[
    "open",
    "arrived",
    "cancelled_by_caller",
    "declined",
    "not_established",
    "no_arrival_recorded",
    "handed_over",
    "not_reached",
    "advised",
    "no_emergency",
    "duplicate",
]
"""What the audit counts; each outcome has exactly one, and a need without an outcome is `open`."""

MissingReason = Literal[
    "not_in_export",
    "blank",
    "unreadable",
    "not_reported",
    "equipment_failed",
    "unit_too_busy",
    "withheld",
    "does_not_apply",
]
"""Why a stamp is not there (rule 7: a missing one carries a reason)."""

Contact = Literal["yes", "no", "not_said"]
"""Whether the unit that arrived met somebody."""

SERVICES: Final[tuple[Service, ...]] = get_args(Service)
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
STAMP_NAMES: Final[tuple[StampName, ...]] = get_args(StampName)
CALL_STAMP_NAMES: Final[tuple[CallStampName, ...]] = get_args(CallStampName)
OUTCOME_NAMES: Final[tuple[OutcomeName, ...]] = get_args(OutcomeName)
AUDIT_CODES: Final[tuple[AuditCode, ...]] = get_args(AuditCode)
MISSING_REASONS: Final[tuple[MissingReason, ...]] = get_args(MissingReason)

AUDIT_CODE_OF: Final[dict[OutcomeName, AuditCode]] = {
    "responded": "arrived",
    "gone_on_arrival": "arrived",
    "unfounded": "arrived",
    "handed_over": "handed_over",
    "cancelled_by_caller": "cancelled_by_caller",
    "advised": "advised",
    "duplicate": "duplicate",
    "no_emergency": "no_emergency",
    "not_established": "not_established",
    "declined": "declined",
    "not_reached": "not_reached",
    "not_recorded": "no_arrival_recorded",
}
"""Exactly one audit code per outcome."""

APCO_DISPOSITION_OF: Final[dict[OutcomeName, str]] = {
    "responded": "18",
    "gone_on_arrival": "14",
    "unfounded": "02",
    "handed_over": "15",
    "cancelled_by_caller": "10",
    "advised": "05",
    "duplicate": "22",
    "no_emergency": "13",
    "not_established": "13",
    "declined": "13",
    "not_reached": "32",
    "not_recorded": "13",
}
"""APCO ANS 1.111.2-2018 common disposition code nearest to each outcome.

That list has no word for help that was refused or could not be established; those go out as 13,
"information/administrative", the
code that claims least.
"""

SELF_INITIATED_CHANNEL: Final[Channel] = "unit_observation"
