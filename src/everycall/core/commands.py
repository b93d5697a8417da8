"""Commands.

The tagged union of everything that can be asked of, or reported to, the core, and the envelope that carries
it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from everycall.core.actors import Actor
from everycall.core.assignments import (
    Assign,
    CancelAssignment,
    CheckWelfare,
    CorrectStamp,
    MarkStampMissing,
    Preempt,
    ReportStamp,
)
from everycall.core.base import Frozen, Identifier, Instant
from everycall.core.calls import (
    AbandonCall,
    AddNeed,
    AnswerCall,
    LocateCall,
    RecordCallBack,
    RelateCalls,
    StampCall,
    TakeCall,
    UpdateCall,
)
from everycall.core.escalation import ReportReached
from everycall.core.floor import ChangeShift
from everycall.core.hand_overs import AnswerHandOver, OfferHandOver, ReportHandOverArrival
from everycall.core.holding import HoldResponse, ReleaseHold
from everycall.core.incidents import ChangeIncident, OpenIncident
from everycall.core.instructions import CompleteInstruction, RecordInstruction, StrikeInstruction
from everycall.core.linking import Link, Merge, Split, Unlink
from everycall.core.needs import Classify, EstablishService, Prioritise
from everycall.core.notes import AddNote, StrikeNote
from everycall.core.planning import ChangePlan
from everycall.core.recommending import Recommend
from everycall.core.reviews import CompleteReview
from everycall.core.scene import (
    AddPatient,
    DeclareSafe,
    EndEmergency,
    RaiseAlarm,
    ReportPatient,
    SignalEmergency,
    Stage,
)
from everycall.core.self_initiated import SelfInitiate
from everycall.core.settling import CloseResponse, Reopen, Settle
from everycall.core.undo import Undo
from everycall.core.units import (
    EnrolAgency,
    ReportPosition,
    ReturnToService,
    SignOff,
    SignOn,
    TakeOutOfService,
)
from everycall.core.versions import AdoptPolicy, CountersignPolicy

AnyCommand = (
    TakeCall
    | AnswerCall
    | AbandonCall
    | RecordCallBack
    | UpdateCall
    | LocateCall
    | StampCall
    | AddNeed
    | RelateCalls
    | Classify
    | Prioritise
    | EstablishService
    | AddNote
    | StrikeNote
    | OpenIncident
    | ChangeIncident
    | Link
    | Unlink
    | Merge
    | Split
    | Undo
    | ChangePlan
    | HoldResponse
    | ReleaseHold
    | RaiseAlarm
    | Stage
    | DeclareSafe
    | AddPatient
    | ReportPatient
    | SignalEmergency
    | EndEmergency
    | EnrolAgency
    | SignOn
    | SignOff
    | TakeOutOfService
    | ReturnToService
    | ReportPosition
    | Recommend
    | Assign
    | ReportStamp
    | CorrectStamp
    | MarkStampMissing
    | CancelAssignment
    | Preempt
    | CheckWelfare
    | SelfInitiate
    | OfferHandOver
    | AnswerHandOver
    | ReportHandOverArrival
    | RecordInstruction
    | CompleteInstruction
    | StrikeInstruction
    | Settle
    | CloseResponse
    | Reopen
    | CompleteReview
    | ReportReached
    | ChangeShift
    | AdoptPolicy
    | CountersignPolicy
)


class Command(Frozen, frozen=True, kw_only=True):
    """One command with its client-made id. `at` is when it happened, if that is not now; microseconds UTC."""

    id: Identifier
    actor: Actor
    body: AnyCommand
    at: Instant | None = None


_encoder: Final = msgspec.json.Encoder(order="deterministic")
_decoder: Final = msgspec.json.Decoder(Command)


def encode_command(command: Command) -> bytes:
    """The command as JSON, the same bytes for the same content."""
    return _encoder.encode(command)


def decode_command(data: bytes) -> Command:
    """Read a command.

    Raises:
        msgspec.ValidationError: a field is missing, unknown or of the wrong kind; the message names its path.
        msgspec.DecodeError: it is no JSON.
    """
    return _decoder.decode(data)
