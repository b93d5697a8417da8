"""Events: the union of everything that can have happened, the envelope, how its bytes are made and read.

The stored bytes are what counts: they are hashed and kept as they were made, and nothing is serialised again
to be verified. Integers and text only. An event of an older
version is brought up to date when it is read; golden bytes of every version are kept in the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from everycall.core.actors import Actor
from everycall.core.assignments import (
    AssignmentCancelled,
    ReportUnattached,
    StackedBegun,
    StampCorrected,
    StampMissing,
    StampReported,
    UnitAssigned,
    WelfareChecked,
)
from everycall.core.base import Frozen, Identifier, Instant
from everycall.core.calls import (
    CallBackTried,
    CallLocated,
    CallsRelated,
    CallStamped,
    CallTaken,
    CallUpdated,
    NeedAdded,
)
from everycall.core.escalation import DeadlinePassed, PersonReached
from everycall.core.floor import ShiftChanged
from everycall.core.hand_overs import HandOverAnswered, HandOverArrivalReported, HandOverOffered
from everycall.core.holding import HoldEnded, ResponseHeld
from everycall.core.incidents import IncidentChanged, IncidentOpened, ResponseClosed
from everycall.core.instructions import InstructionCompleted, InstructionRecorded, InstructionStruck
from everycall.core.linking import IncidentsMerged, IncidentSplit, NeedsLinked, NeedsUnlinked
from everycall.core.needs import NeedClassified, NeedPrioritised, ServiceEstablished
from everycall.core.notes import NoteAdded, NoteStruck
from everycall.core.planning import PlanChanged
from everycall.core.recommending import UnitsRecommended
from everycall.core.retiring import Recalled, Retired
from everycall.core.reviews import ReviewCompleted, ReviewOpened
from everycall.core.scene import (
    AlarmRaised,
    EmergencyEnded,
    EmergencySignalled,
    PatientFound,
    PatientReported,
    SceneSafe,
    StagingOrdered,
)
from everycall.core.settling import CancellationReported, NeedsReopened, NeedsSettled
from everycall.core.undo import ActUndone
from everycall.core.units import (
    AgencyEnrolled,
    CameIntoService,
    UnitPositioned,
    UnitSignedOff,
    UnitSignedOn,
    WentOutOfService,
)
from everycall.core.versions import PolicyAdopted, PolicyCameIntoForce, PolicyCountersigned, PolicyLapsed
from everycall.core.waiting import ResponseWaiting, WaitingEnded

AnyEvent = (
    CallTaken
    | CallStamped
    | CallBackTried
    | CallUpdated
    | CallLocated
    | NeedAdded
    | CallsRelated
    | NeedClassified
    | NeedPrioritised
    | ServiceEstablished
    | NoteAdded
    | NoteStruck
    | IncidentOpened
    | IncidentChanged
    | ResponseClosed
    | NeedsLinked
    | NeedsUnlinked
    | IncidentsMerged
    | IncidentSplit
    | ActUndone
    | PlanChanged
    | ResponseHeld
    | HoldEnded
    | ResponseWaiting
    | WaitingEnded
    | AlarmRaised
    | StagingOrdered
    | SceneSafe
    | PatientFound
    | PatientReported
    | EmergencySignalled
    | EmergencyEnded
    | AgencyEnrolled
    | UnitSignedOn
    | UnitSignedOff
    | WentOutOfService
    | CameIntoService
    | UnitPositioned
    | UnitsRecommended
    | UnitAssigned
    | StampReported
    | StampCorrected
    | StampMissing
    | AssignmentCancelled
    | StackedBegun
    | WelfareChecked
    | ReportUnattached
    | HandOverOffered
    | HandOverAnswered
    | HandOverArrivalReported
    | InstructionRecorded
    | InstructionCompleted
    | InstructionStruck
    | NeedsSettled
    | NeedsReopened
    | CancellationReported
    | ReviewOpened
    | ReviewCompleted
    | DeadlinePassed
    | PersonReached
    | ShiftChanged
    | PolicyAdopted
    | PolicyCameIntoForce
    | PolicyCountersigned
    | PolicyLapsed
    | Retired
    | Recalled
)

VERSION: Final = 1
"""The version in which events are written now.

It grows by one whenever a field or a word of any event changes.
"""


class Envelope(Frozen, frozen=True, kw_only=True):
    """One entry of the record.

    `occurred_at` is when it happened as the sender has it, `recorded_at` when the centre took it (never going
    back); microseconds UTC.
    """

    centre: Identifier
    sequence: int
    command: Identifier
    command_hash: str
    occurred_at: Instant
    recorded_at: Instant
    actor: Actor
    version: int
    body: AnyEvent


class _Head(msgspec.Struct, frozen=True):
    version: int


Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes an event body of one version into one of the next.

It works on plain JSON values, whose shapes differ by version.
"""

UPCASTS: Final[dict[int, Upcast]] = {}
"""By the version that it starts from. Empty while version 1 is the newest."""

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Envelope)
_head_decoder: Final = msgspec.json.Decoder(_Head)


class UnreadableEventError(ValueError):
    """Bytes that are no event of this or an older version."""


def encode_event(envelope: Envelope) -> bytes:
    """The exact bytes that are stored."""
    return _encoder.encode(envelope)


def decode_event(data: bytes, upcasts: dict[int, Upcast] | None = None, version: int = VERSION) -> Envelope:
    """Read one entry, bringing an older version up to date.

    Raises:
        UnreadableEventError: it is newer than this program, or no event at all.
    """
    try:
        found = _head_decoder.decode(data).version
        if found == version:
            return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableEventError(f"This entry cannot be read as an event: {error}") from error
    if found > version:
        raise UnreadableEventError(
            f"This entry has version {found}; this program knows up to {version}. Read it with a newer Everycall."
        )
    steps = UPCASTS if upcasts is None else upcasts
    for step in range(found, version):
        if step not in steps:
            raise UnreadableEventError(f"There is no way from event version {step} to {step + 1}.")
    try:
        raw: dict[str, Any] = msgspec.json.decode(data)
        for step in range(found, version):
            raw["body"] = steps[step](raw["body"])
        raw["version"] = version
        return msgspec.convert(raw, Envelope)
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableEventError(f"This entry of version {found} cannot be brought up to date: {error}") from error
