"""The record of a replay: made new, or opened again to go on with a replay that was cut off.

A replay has no spool. What waits in one is a call that only this centre has heard of; a call of an export
stands in the export, and is sent again.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from everycall.centre.embedded import RecordLog, RecordSeals
from everycall.centre.policies import RecordCertificates, RecordPolicies
from everycall.engine.answers import Done, decode_answer
from everycall.engine.loop import Engine
from everycall.record import SqliteRecord
from everycall.simulate.replay import OtherReplayError, ReplayClock
from everycall.simulate.replay_rows import known_stamps
from everycall.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from everycall.exchange.imported import Imported

_SAME: Final = {
    "source_sha256": "{record} was made from another file ({source}): give that one, or make a new record.",
    "profile_sha256": "{record} was made with another profile, or another version of it ({profile}): give that one, "
    "or make a new record.",
}
"""What must be the same when a replay is gone on with, and what is said where it is not."""

_READ_ALIKE: Final = (
    "calls_in_export",
    "outcomes_in_export",
    "rows_in",
    "rejects",
    "stamps",
    "unit_stamps",
    "no_intervals",
)


@dataclass(frozen=True)
class ReplayRecord:
    """A record and an engine over it, by the replay's clock."""

    record: SqliteRecord
    engine: Engine
    clock: ReplayClock

    def recorded(self, command: str) -> tuple[str, ...] | None:
        """The ids that a command made, if it is in the record."""
        known = self.record.find_command(command)
        answer = None if known is None else decode_answer(known.answer)
        return answer.made if isinstance(answer, Done) else None


def facts_of(imported: Imported) -> dict[str, str]:
    """What a replay's record says about itself: what it was made from, and how that was read."""
    return {
        "reconstructed": "yes",
        "profile": imported.profile.name,
        "profile_sha256": imported.profile.sha256,
        "source": imported.quality.source,
        "source_sha256": imported.quality.source_sha256,
        "zone": imported.profile.zone,
        "limits": "\n".join(imported.profile.limits),
        "stamps": " ".join(known_stamps(imported.calls)),
        "unit_stamps": " ".join(known_stamps(imported.assignments)),
        # Where pick-up is both receipt and answer, the wait for an answer is not known, and not zero.
        "no_intervals": "answer_seconds"
        if imported.calls["answer_seconds"].null_count() == imported.calls.height
        else "",
        "rows_in": str(imported.quality.rows_in),
        "rejects": str(imported.rejects.height),
        "calls_in_export": str(imported.calls.height),
        "outcomes_in_export": str(imported.calls["outcome"].count()),
    }


@contextlib.contextmanager
def new_record(path: Path, centre: str, facts: Mapping[str, str]) -> Iterator[ReplayRecord]:
    """Make a record for a replay.

    Raises:
        RecordError: it cannot be made there.
    """
    with SqliteRecord.create(path, centre=centre, facts=facts) as record:
        yield _driven(record, new=True)


@contextlib.contextmanager
def resumed_record(path: Path, centre: str | None, facts: Mapping[str, str]) -> Iterator[ReplayRecord]:
    """Open the record of a replay that was cut off.

    Args:
        path: the record.
        centre: the name that the centre must have, if one is asked for.
        facts: what the record of this replay says about itself.

    Raises:
        RecordError: there is no usable record, or somebody else writes it.
        OtherReplayError: it is not the record of this replay; nothing was written.
    """
    # Looked at before it is opened for writing: what is not ours is left as it is.
    with SqliteRecord.open(path, read_only=True) as record:
        _check_same(path, record, centre, facts)
    with SqliteRecord.open(path) as record:
        yield _driven(record, new=False)


def _driven(record: SqliteRecord, *, new: bool) -> ReplayRecord:
    clock = ReplayClock()
    engine = Engine(
        RecordLog(record),
        clock,
        RecordSeals(record.sealer()),
        evaluators=RecordPolicies(record),
        certificates=RecordCertificates(record),
        new_log=new,
    )
    return ReplayRecord(record, engine, clock)


def _check_same(path: Path, record: SqliteRecord, centre: str | None, facts: Mapping[str, str]) -> None:
    held = record.facts
    if "source_sha256" not in held or "calls_in_export" not in held:
        raise OtherReplayError(f"{path} is not the record of a replay: --resume goes on with one that was cut off.")
    for name, told in _SAME.items():
        if held.get(name) != facts[name]:
            raise OtherReplayError(
                told.format(record=path, source=visible(held["source"]), profile=visible(held.get("profile", "")))
            )
    if centre is not None and centre != record.centre:
        raise OtherReplayError(f"{path} is the record of {visible(record.centre)}, not of {visible(centre)}.")
    # A record of an earlier version lacks some of these.
    if any(name in held and held[name] != facts[name] for name in _READ_ALIKE):
        raise OtherReplayError(
            f"{path} was begun by a version of Everycall that reads this export otherwise: make a new record."
        )
