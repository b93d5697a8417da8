"""Outcomes.

The closed list of how a need can end, each with the evidence that it takes (rule 3 of the house).
"""

from __future__ import annotations

from typing import Final, Literal

from everycall.core.base import Frozen, Identifier, Instant, Word, Words
from everycall.core.vocabulary import APCO_DISPOSITION_OF, AUDIT_CODE_OF, AuditCode, Contact, OutcomeName


class _Outcome(Frozen, frozen=True, kw_only=True, tag_field="outcome"):
    """What all outcomes share.

    For rebuilt records only, the words of the export that say so ("Disposition=GOA").
    """

    export: Word | None = None


class Responded(_Outcome, frozen=True, kw_only=True, tag="responded"):
    """A unit arrived; `assignment` is the one whose on-scene stamp shows it."""

    assignment: Identifier | None = None
    contact: Contact = "not_said"


class GoneOnArrival(_Outcome, frozen=True, kw_only=True, tag="gone_on_arrival"):
    """A unit arrived and the persons were gone."""

    assignment: Identifier | None = None


class Unfounded(_Outcome, frozen=True, kw_only=True, tag="unfounded"):
    """A unit arrived and found that nothing had happened."""

    assignment: Identifier | None = None


class HandedOver(_Outcome, frozen=True, kw_only=True, tag="handed_over"):
    """A named agency accepted the need."""

    hand_over: Identifier | None = None
    to: Identifier
    accepted_by: Word = ""
    accepted_at: Instant | None = None


class CancelledByCaller(_Outcome, frozen=True, kw_only=True, tag="cancelled_by_caller"):
    """The caller no longer wants help; `confirmed` says how that was made sure."""

    confirmed: (
        Literal["same_voice_on_the_line", "call_back", "in_person", "alarm_company", "text_reply", "not_said"] | None
    ) = None


class Advised(_Outcome, frozen=True, kw_only=True, tag="advised"):
    """Settled by phone, with the caller's agreement."""

    caller_agreed: bool = False
    advice: Word = ""


class Duplicate(_Outcome, frozen=True, kw_only=True, tag="duplicate"):
    """The same help was already asked for: the need shares the outcome of the named incident."""

    of: Identifier | None = None


class NoEmergency(_Outcome, frozen=True, kw_only=True, tag="no_emergency"):
    """No help was asked for: a misdial or a test, confirmed by somebody."""

    kind: Literal["misdial", "test", "accidental_alarm", "information_only", "not_said"] = "not_said"
    confirmed_by: Literal["caller", "alarm_company", "agency", "unit", "export"] | None = None


class NotEstablished(_Outcome, frozen=True, kw_only=True, tag="not_established"):
    """Silent or abandoned: what was tried to find out is listed."""

    tried: Words = ()


class Declined(_Outcome, frozen=True, kw_only=True, tag="declined"):
    """Help was refused.

    By which rule or person, on what ground and authority, and whether the caller was told.
    """

    ground: Word
    authority: Word
    caller_told: Literal["yes", "no", "not_said"] = "not_said"
    rule: Word | None = None
    policy: Word | None = None
    over_objection: bool = False


class NotReached(_Outcome, frozen=True, kw_only=True, tag="not_reached"):
    """Closed with nobody there: why, and by whom."""

    why: Word
    by: Word = ""
    instruction: Identifier | None = None


class NotRecorded(_Outcome, frozen=True, kw_only=True, tag="not_recorded"):
    """Only in records rebuilt from another system's export, which does not say how the need ended."""


Outcome = (
    Responded
    | GoneOnArrival
    | Unfounded
    | HandedOver
    | CancelledByCaller
    | Advised
    | Duplicate
    | NoEmergency
    | NotEstablished
    | Declined
    | NotReached
    | NotRecorded
)

_NAME: Final[dict[type, OutcomeName]] = {
    Responded: "responded",
    GoneOnArrival: "gone_on_arrival",
    Unfounded: "unfounded",
    HandedOver: "handed_over",
    CancelledByCaller: "cancelled_by_caller",
    Advised: "advised",
    Duplicate: "duplicate",
    NoEmergency: "no_emergency",
    NotEstablished: "not_established",
    Declined: "declined",
    NotReached: "not_reached",
    NotRecorded: "not_recorded",
}


class StruckOutcome(Frozen, frozen=True, kw_only=True):
    """An outcome that no longer holds."""

    need: Identifier
    outcome: OutcomeName


def name_of(outcome: Outcome) -> OutcomeName:
    """The word of the closed list."""
    return _NAME[type(outcome)]


def audit_code_of(outcome: Outcome | None) -> AuditCode:
    """The one code that the audit counts; a need without an outcome is open."""
    return "open" if outcome is None else AUDIT_CODE_OF[_NAME[type(outcome)]]


def apco_code_of(outcome: Outcome) -> str:
    """The nearest common disposition code of APCO 1.111."""
    return APCO_DISPOSITION_OF[_NAME[type(outcome)]]
