"""The rows of a calls table as a replay takes them: plain values, and the outcome that the export tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from everycall.centre.rows import NOTHING_SAID
from everycall.core.facts import GROUP_PREFIX, FactGiven
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
    NotRecorded,
    Outcome,
    Responded,
    Unfounded,
)
from everycall.core.places import PlaceGiven
from everycall.core.vocabulary import (
    CALL_STAMP_NAMES,
    STAMP_NAMES,
    CallStampName,
    MissingReason,
    OutcomeName,
    StampName,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import polars as pl

    from everycall.core.vocabulary import Channel, Contact, Service

_ABSENT: Final = "not_in_export"
LONGEST_WORD: Final = 240
LONGEST_NAME: Final = 120


@dataclass(slots=True)
class Row:
    """One call of the table, in plain values; instants are microseconds UTC."""

    call: str
    incident: str
    service: Service
    channel: Channel
    agency: str | None
    self_initiated: bool | None
    units: int | None
    original_id: str | None
    place: PlaceGiven | None
    first_type: str | None
    last_type: str | None
    first_priority: str | None
    last_priority: str | None
    outcome: OutcomeName | None
    basis: str
    contact: Contact
    groups: tuple[FactGiven, ...]
    export_row: int | None
    flags: tuple[str, ...]
    stamps: dict[CallStampName, int]
    missing: dict[CallStampName, MissingReason]
    assignments: list[tuple[str, dict[StampName, int], dict[StampName, MissingReason]]] = field(default_factory=list)


def word_of(text: str | None) -> str | None:
    """A word no longer than the record takes; None where nothing is said."""
    return None if text is None or not text else text[:LONGEST_WORD]


def _name(text: str | None) -> str | None:
    return None if text is None or not text else text[:LONGEST_NAME]


def rows_of(calls: pl.DataFrame, assignments: pl.DataFrame) -> Iterator[Row]:
    """The rows of a calls table, each with its assignments."""
    instants = _as_instants(calls)
    units = _units_by_call(assignments)
    groups = [name for name in calls.columns if name.startswith("group_")]
    stamps = [name for name in CALL_STAMP_NAMES if f"{name}_at" in calls.columns]
    # A row is given in the table's own order: `export_row` is what ties it to the export.
    for held in instants.iter_rows(named=True):
        taken: dict[CallStampName, int] = {}
        missing: dict[CallStampName, MissingReason] = {}
        for name in stamps:
            at = held[f"{name}_at"]
            if at is not None:
                taken[name] = at
            elif (reason := held[f"{name}_at_missing"]) not in (None, _ABSENT):
                missing[name] = reason
        yield Row(
            call=held["call"],
            incident=held["incident"],
            service=held["service"],
            channel=held["channel"],
            agency=_name(held["agency"]),
            self_initiated=held["self_initiated"],
            units=held["units"],
            original_id=word_of(held["original_id"]),
            place=_place(held),
            first_type=word_of(held["first_type"]),
            last_type=word_of(held["last_type"]),
            first_priority=word_of(held["first_priority"]),
            last_priority=word_of(held["last_priority"]),
            outcome=held["outcome"],
            basis=held["outcome_basis"] or "",
            contact=held["contact_made"] or "not_said",
            groups=tuple(
                FactGiven(
                    name=f"{GROUP_PREFIX}{name.removeprefix('group_')}",
                    value=str(held[name]),
                    source="export",
                )
                for name in groups
                if held[name] is not None
            ),
            export_row=held["export_row"],
            flags=tuple(held["flags"]),
            stamps=taken,
            missing=missing,
            assignments=units.get(held["call"], []),
        )


def known_stamps(frame: pl.DataFrame) -> list[str]:
    """The stamps that the export has a column for.

    Those that are not everywhere missing as `not_in_export`.
    """
    return [
        name.removesuffix("_at")
        for name in frame.columns
        if name.endswith("_at")
        and f"{name}_missing" in frame.columns
        and not (frame.height and (frame[f"{name}_missing"] == _ABSENT).all())
    ]


def _as_instants(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415 - an extra: only who reads tables needs it

    wanted = [name for name in frame.columns if not name.startswith("original_") or name == "original_id"]
    return frame.select(
        pl.col(name).dt.epoch("us") if isinstance(frame.schema[name], pl.Datetime) else pl.col(name) for name in wanted
    )


def _units_by_call(
    assignments: pl.DataFrame,
) -> dict[str, list[tuple[str, dict[StampName, int], dict[StampName, MissingReason]]]]:
    found: dict[str, list[tuple[str, dict[StampName, int], dict[StampName, MissingReason]]]] = {}
    for held in _as_instants(assignments).iter_rows(named=True):
        taken: dict[StampName, int] = {}
        missing: dict[StampName, MissingReason] = {}
        for name in STAMP_NAMES:
            at = held[f"{name}_at"]
            if at is not None:
                taken[name] = at
            elif (reason := held[f"{name}_at_missing"]) not in (None, _ABSENT):
                missing[name] = reason
        unit = _name(held["unit"]) or "not named"
        found.setdefault(held["call"], []).append((unit, taken, missing))
    return found


def _place(held: Mapping[str, object]) -> PlaceGiven | None:
    place = PlaceGiven(
        area=word_of(cast("str | None", held["area"])),
        district=word_of(cast("str | None", held["district"])),
        neighbourhood=word_of(cast("str | None", held["neighbourhood"])),
        postal_code=word_of(cast("str | None", held["postal_code"])),
        latitude_e7=cast("int | None", held["latitude_e7"]),
        longitude_e7=cast("int | None", held["longitude_e7"]),
        source="export",
    )
    return None if place == PlaceGiven(source="export") else place


_OUTCOMES: Final[dict[OutcomeName, Callable[[Row, str | None, str], Outcome]]] = {
    "responded": lambda row, unit, said: Responded(assignment=unit, contact=row.contact, export=said),
    "gone_on_arrival": lambda _, unit, said: GoneOnArrival(assignment=unit, export=said),
    "unfounded": lambda _, unit, said: Unfounded(assignment=unit, export=said),
    "handed_over": lambda _, __, said: HandedOver(to="not named in the export", export=said),
    "cancelled_by_caller": lambda _, __, said: CancelledByCaller(confirmed="not_said", export=said),
    "advised": lambda _, __, said: Advised(export=said),
    "duplicate": lambda _, __, said: Duplicate(export=said),
    "no_emergency": lambda _, __, said: NoEmergency(confirmed_by="export", export=said),
    "not_established": lambda _, __, said: NotEstablished(export=said),
    "declined": lambda _, __, said: Declined(ground="as in the export", authority="not named", export=said),
    "not_reached": lambda _, __, said: NotReached(why="as in the export", export=said),
    "not_recorded": lambda _, __, said: NotRecorded(export=said),
}


def outcome_of(row: Row, assignment: str | None) -> Outcome | None:
    """The outcome that the table tells, with the export's words as evidence; None while the call is open."""
    if row.outcome is None:
        return None
    return _OUTCOMES[row.outcome](row, assignment, row.basis[:LONGEST_WORD] or NOTHING_SAID)
