"""The record's side of a reconciliation: its calls by telephone, streamed from its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from everycall.centre.rows import RECEIVED_MISSING
from everycall.core import stamps
from everycall.core.calls import CallStamped, CallTaken
from everycall.core.events import decode_event
from everycall.record import SqliteRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from everycall.core.stamps import Stamp
    from everycall.core.vocabulary import CallStampName, Channel

EMERGENCY_CHANNELS: Final[frozenset[Channel]] = frozenset({"emergency_voice", "tty", "relay"})
"""Channels that come over emergency lines."""

OTHER_LINE_CHANNELS: Final[frozenset[Channel]] = frozenset({"ten_digit_line"})
TELEPHONE: Final = EMERGENCY_CHANNELS | OTHER_LINE_CHANNELS
PERHAPS_TELEPHONE: Final[frozenset[Channel]] = frozenset({"not_recorded", "other_agency", "alarm"})
"""Channels behind which there may be a telephone: not said, or whoever called may have used one."""

_STAMPS: Final[frozenset[CallStampName]] = frozenset({"ringing", "received", "answered", "abandoned"})


@dataclass(slots=True)
class RecordCall:
    """One call of the record; instants are microseconds UTC.

    Attributes:
        call: its id.
        channel: how it came.
        external: its number in another system.
        line: the line that it came on.
        received_at: when the record has it, at the latest then it had reached the centre.
        received_known: whether that is the time of its receipt, and not just the earliest that is known.
        times: the stamps that are compared.
    """

    call: str
    channel: Channel
    external: str | None
    line: str | None
    received_at: int
    received_known: bool
    times: Mapping[CallStampName, Stamp]

    def time(self, name: CallStampName) -> int | None:
        """One of its times."""
        return stamps.time_of(self.times, name)

    @property
    def is_telephone(self) -> bool:
        """Whether it certainly came by telephone."""
        return self.channel in TELEPHONE


@dataclass(slots=True)
class RecordSide:
    """What the record says.

    Attributes:
        centre: the centre.
        zone: its time zone, where the record says it; empty otherwise.
        reconstructed: whether it was rebuilt from another system's export.
        begins: when it begins to hold calls, microseconds UTC.
        ends: when it ends.
        calls: calls that came by telephone, or may have; without a unit's own activity.
        other: how many calls came by no telephone.
        self_initiated: how many were a unit's own activity.
    """

    centre: str
    zone: str
    reconstructed: bool
    begins: int = 0
    ends: int = 0
    calls: list[RecordCall] = field(default_factory=list)
    other: int = 0
    self_initiated: int = 0


def read_record(path: Path) -> RecordSide:
    """Read a record's calls by telephone, streaming and read-only.

    Raises:
        RecordError: there is no usable record.
        UnreadableEventError: an entry cannot be read.
    """
    with SqliteRecord.open(path, read_only=True) as record:
        side = RecordSide(
            centre=record.centre,
            zone=record.facts.get("zone", ""),
            reconstructed=record.facts.get("reconstructed") == "yes",
        )
        found: dict[str, RecordCall] = {}
        begins: int | None = None
        for _, data in record.read():
            envelope = decode_event(data)
            event = envelope.body
            # A rebuilt record was written at another time than it is about.
            at = envelope.occurred_at if side.reconstructed else envelope.recorded_at
            if isinstance(event, CallTaken):
                at = event.received_at if side.reconstructed else at
                _take(side, found, event)
            elif isinstance(event, CallStamped):
                if event.stamp in _STAMPS and event.call in found:
                    _stamp(found[event.call], event)
                if side.reconstructed:
                    continue
            elif side.reconstructed:
                continue
            begins = at if begins is None else min(begins, at)
            side.ends = max(side.ends, at)
    side.begins = begins or 0
    side.calls = sorted(found.values(), key=lambda call: (call.received_at, call.call))
    return side


def _take(side: RecordSide, found: dict[str, RecordCall], event: CallTaken) -> None:
    if event.self_initiated:
        side.self_initiated += 1
    elif event.channel not in TELEPHONE and event.channel not in PERHAPS_TELEPHONE:
        side.other += 1
    else:
        name: CallStampName = "ringing" if event.ringing else "received"
        found[event.call] = RecordCall(
            call=event.call,
            channel=event.channel,
            external=event.external,
            line=event.line,
            received_at=event.received_at,
            received_known=all(fact.name != RECEIVED_MISSING for fact in event.facts),
            times={name: stamps.Stamp(at=event.received_at)},
        )


def _stamp(call: RecordCall, event: CallStamped) -> None:
    if event.at is None:
        return
    put = stamps.corrected if event.correction else stamps.reported
    call.times = put(call.times, event.stamp, event.at, event.source)
    first = [at for name in ("ringing", "received") if (at := stamps.time_of(call.times, name)) is not None]
    call.received_at = min(first, default=call.received_at)
