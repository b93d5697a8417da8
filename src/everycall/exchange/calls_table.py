"""The calls table and the assignments table: their columns, said once, and how they are written and read.

This schema is the contract between the record, the importers and the audit. docs/calls-table.md is checked
against it, column by column.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from everycall.core.vocabulary import (
    APCO_DISPOSITION_OF,
    AUDIT_CODE_OF,
    CHANNELS,
    MISSING_REASONS,
    OUTCOME_NAMES,
    SERVICES,
    STAMP_NAMES,
)
from everycall.exchange.errors import ExchangeError, OutputError
from everycall.exchange.spreadsheets import without_formulas

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SCHEMA_VERSION: Final = "1"
FIRST_UNIT: Final = "first unit (not named)"
ORIGINAL: Final = "original_"
GROUP: Final = "group_"

INSTANT: Final = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: its name.
        dtype: its type.
        meaning: one sentence; the unit stands in it.
        null: when it is null.
    """

    name: str
    dtype: pl.DataType
    meaning: str
    null: str = "never"


class TableError(ExchangeError):
    """A frame is not a calls table; the text says in what."""


def _stamp(name: str, meaning: str) -> tuple[Column, Column]:
    return (
        Column(name, INSTANT, f"{meaning} (UTC, microseconds).", f"not known: `{name}_missing` says why"),
        Column(
            f"{name}_missing",
            pl.String(),
            f"Why `{name}` is not there: a missing reason of the vocabulary.",
            "the stamp is there",
        ),
    )


CALL_STAMP_COLUMNS: Final[dict[str, str]] = {
    "received_at": "The request reached the centre: the earliest of telephone pick-up and entry",
    "answered_at": "A call-taker answered",
    "call_taking_ended_at": "The call-taker was done with the caller",
    "queued_at": "The call was handed to dispatch",
    "first_dispatched_at": "The first unit was assigned",
    "first_en_route_at": "The first unit set out",
    "first_on_scene_at": "The first unit arrived",
    "first_cleared_at": "The first unit was free again",
    "closed_at": "The call was closed, for the last time known",
    "reopened_at": "The call was first opened again after a close",
}
"""The stamps of a call and what they mean."""

INTERVALS: Final[dict[str, tuple[str, str]]] = {
    "answer_seconds": ("received_at", "answered_at"),
    "dispatch_seconds": ("received_at", "first_dispatched_at"),
    "turnout_seconds": ("first_dispatched_at", "first_en_route_at"),
    "travel_seconds": ("first_en_route_at", "first_on_scene_at"),
    "response_seconds": ("received_at", "first_on_scene_at"),
    "on_scene_seconds": ("first_on_scene_at", "first_cleared_at"),
    "total_seconds": ("received_at", "closed_at"),
}
"""Intervals and the stamps between which they run."""

CALLS: Final[tuple[Column, ...]] = (
    Column("centre", pl.String(), "The centre whose call it is."),
    Column(
        "call",
        pl.String(),
        "The call's id, unique in the table; a repeated id of the export gets `#2`, `#3`…",
    ),
    Column("need", pl.Int64(), "The need's number within the call, from 1; an export row is one need."),
    Column("incident", pl.String(), "The incident that the call belongs to; for an import, the call itself."),
    Column("original_id", pl.String(), "The id that the export gives.", "the export gives none"),
    Column(
        "export_row",
        pl.Int64(),
        "The line (of a text file) or row (of a workbook or Parquet file) it was read from.",
        "not from an export",
    ),
    Column("service", pl.String(), "The service asked for: a service of the vocabulary."),
    Column(
        "channel",
        pl.String(),
        "How the request came: a channel of the vocabulary; `not_recorded` where the export does not say.",
    ),
    Column(
        "self_initiated",
        pl.Boolean(),
        "A unit's own activity rather than a request.",
        "the export does not say",
    ),
    Column("reconstructed", pl.Boolean(), "True where the row was rebuilt from another system's export."),
    *(column for name, meaning in CALL_STAMP_COLUMNS.items() for column in _stamp(name, meaning)),
    Column(
        "answer_seconds",
        pl.Int64(),
        "Seconds from receipt to answer.",
        "either stamp is missing, or the receipt *is* the answer because ringing was not recorded",
    ),
    Column(
        "dispatch_seconds",
        pl.Int64(),
        "Seconds from receipt to first dispatch.",
        "either stamp is missing or has no time of day",
    ),
    Column(
        "turnout_seconds",
        pl.Int64(),
        "Seconds from first dispatch to first en route.",
        "either stamp is missing or has no time of day",
    ),
    Column(
        "travel_seconds",
        pl.Int64(),
        "Seconds from first en route to first arrival.",
        "either stamp is missing or has no time of day",
    ),
    Column(
        "response_seconds",
        pl.Int64(),
        "Seconds from receipt to first arrival.",
        "either stamp is missing or has no time of day",
    ),
    Column(
        "on_scene_seconds",
        pl.Int64(),
        "Seconds from first arrival to the first unit's clearing.",
        "either stamp is missing or has no time of day",
    ),
    Column(
        "total_seconds",
        pl.Int64(),
        "Seconds from receipt to close.",
        "either stamp is missing or has no time of day",
    ),
    Column("first_type", pl.String(), "The type that the call had first.", "not known, or only a later one is"),
    Column("last_type", pl.String(), "The type that the call had last.", "not known, or only the first one is"),
    Column(
        "first_priority",
        pl.String(),
        "The priority that the call had first, in the centre's own words.",
        "not known, or only a later one is",
    ),
    Column(
        "last_priority",
        pl.String(),
        "The priority that the call had last, in the centre's own words.",
        "not known, or only the first one is",
    ),
    Column("agency", pl.String(), "The agency asked for help.", "the export does not say"),
    Column(
        "district",
        pl.String(),
        "The larger area of work: precinct, battalion, borough.",
        "the export does not say",
    ),
    Column("area", pl.String(), "The smaller area of work: sector, beat, grid.", "the export does not say"),
    Column("neighbourhood", pl.String(), "The neighbourhood.", "the export does not say"),
    Column("postal_code", pl.String(), "The postal code.", "the export does not say"),
    Column("latitude_e7", pl.Int64(), "Latitude, WGS 84, in 1e-7 degree.", "no place, or withheld"),
    Column("longitude_e7", pl.Int64(), "Longitude, WGS 84, in 1e-7 degree.", "no place, or withheld"),
    Column("outcome", pl.String(), "How the need ended: an outcome of the vocabulary.", "the need is open"),
    Column(
        "outcome_basis",
        pl.String(),
        "Which columns and values say so: `column=value`, joined by `; `.",
        "the export has no word on it",
    ),
    Column(
        "contact_made",
        pl.String(),
        "Whether the unit that came met somebody: yes, no, not_said.",
        "no unit is known to have come",
    ),
    Column("audit_code", pl.String(), "The audit's code of the outcome; `open` without one."),
    Column(
        "apco_code",
        pl.String(),
        "The nearest common disposition code of APCO ANS 1.111.2.",
        "the need is open",
    ),
    Column("units", pl.Int64(), "How many units the export names or counts.", "it does neither"),
    Column(
        "flags",
        pl.List(pl.String()),
        "What is odd about the row, in the words of the section Flags; empty when nothing is.",
    ),
)
"""The calls table, one row a call and need. Columns named `group_…` and `original_…` follow."""

ASSIGNMENTS: Final[tuple[Column, ...]] = (
    Column("centre", pl.String(), "The centre whose call it is."),
    Column("call", pl.String(), "The call's id, as in the calls table."),
    Column("incident", pl.String(), "The incident, as in the calls table."),
    Column("assignment", pl.String(), "The assignment's id, unique in the table."),
    Column(
        "unit",
        pl.String(),
        f"The unit's name; `{FIRST_UNIT}` where the stamps are of whichever unit was first.",
    ),
    Column("agency", pl.String(), "The unit's agency.", "the export does not say"),
    *(column for name in STAMP_NAMES for column in _stamp(f"{name}_at", f"The unit's stamp `{name}`")),
)
"""The assignments table, one row a unit's work on a call."""


def original_name(name: str) -> str:
    """The name under which an original column is kept: `id` as `original_id_`, as `original_id` is ours."""
    kept = f"{ORIGINAL}{name}"
    return f"{kept}_" if kept in schema_of(CALLS) else kept


def schema_of(columns: tuple[Column, ...]) -> dict[str, pl.DataType]:
    """Names and types, in order."""
    return {column.name: column.dtype for column in columns}


def validate(frame: pl.DataFrame) -> None:
    """Check that a frame is a calls table.

    Raises:
        TableError: a column is missing, of the wrong type or out of its words; ids repeat; the audit code is
            not that of the outcome.
    """
    wanted = schema_of(CALLS)
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise TableError(f"this is not a calls table: it has no column {', '.join(missing)}")
    for name, dtype in wanted.items():
        if frame.schema[name] != dtype:
            raise TableError(f"the column {name} is {frame.schema[name]}, and must be {dtype}")
    extra = [n for n in frame.columns if n not in wanted and not n.startswith((GROUP, ORIGINAL))]
    if extra:
        raise TableError(f"columns that a calls table does not have: {', '.join(extra)}")
    _check_words(frame)
    for column in CALLS:
        if column.null == "never" and frame[column.name].null_count():
            raise TableError(f"the column {column.name} has rows without a value")
    for stamp in CALL_STAMP_COLUMNS:
        if frame.filter(pl.col(stamp).is_null() == pl.col(f"{stamp}_missing").is_null()).height:
            raise TableError(f"{stamp} must be given, or its reason in {stamp}_missing, and not both")
    if frame.select("call", "need").is_duplicated().any():
        raise TableError("a call and need stands in two rows")
    coded = pl.col("outcome").replace_strict(AUDIT_CODE_OF, default=None, return_dtype=pl.String).fill_null("open")
    if frame.filter(coded != pl.col("audit_code")).height:
        raise TableError("an audit_code is not that of its outcome")
    apco = pl.col("outcome").replace_strict(APCO_DISPOSITION_OF, default=None, return_dtype=pl.String)
    if frame.filter(~apco.eq_missing(pl.col("apco_code"))).height:
        raise TableError("an apco_code is not that of its outcome")


def _check_words(frame: pl.DataFrame) -> None:
    for name, words in (
        ("service", SERVICES),
        ("channel", CHANNELS),
        ("outcome", OUTCOME_NAMES),
        ("contact_made", ("yes", "no", "not_said")),
        *((f"{stamp}_missing", MISSING_REASONS) for stamp in CALL_STAMP_COLUMNS),
    ):
        odd = frame.filter(~pl.col(name).is_in(list(words)))[name].head(1)
        if len(odd):
            raise TableError(f"{name} holds {odd[0]!r}, which is not one of {', '.join(words)}")


def keep_inputs(inputs: Iterable[Path | None], outputs: Iterable[Path | None]) -> None:
    """Refuse to write over what is read: an export or a switch's log is evidence.

    Raises:
        OutputError: an output is one of the inputs, or two outputs are one file.
    """
    taken = {path.resolve() for path in inputs if path is not None}
    for output in outputs:
        if output is None:
            continue
        place = output.resolve()
        if place in taken:
            raise OutputError(f"{output} is read or written here already: choose another name for the output")
        taken.add(place)


def write_table(
    frame: pl.DataFrame, path: Path, metadata: Mapping[str, str] | None = None, *, spreadsheet: bool = False
) -> None:
    """Write a table by the suffix of its name: .parquet, .csv or .csv.gz; whole or not at all.

    The same table gives the same bytes. Metadata is kept in Parquet only.

    Args:
        frame: the table.
        path: where.
        metadata: what a Parquet file says about itself.
        spreadsheet: a person will open it: no cell of a CSV file is a formula (see `csv_bytes`).

    Raises:
        OutputError: the suffix is not known, or the place cannot be written.
    """
    name = path.name.lower()
    if not name.endswith((".parquet", ".csv", ".csv.gz")):
        raise OutputError(f"{path.name}: the output must end in .parquet, .csv or .csv.gz")
    if name.endswith(".parquet"):
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd", compression_level=1, metadata=dict(metadata or {}))
        data = buffer.getvalue()
    else:
        data = csv_bytes(frame, spreadsheet=spreadsheet)
        data = gzip.compress(data, compresslevel=6, mtime=0) if name.endswith(".gz") else data
    write_file(data, path)


def write_file(data: bytes, path: Path) -> None:
    """Write a file whole or not at all: beside its place, then renamed into it.

    Raises:
        OutputError: the place cannot be written.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a directory; give a file name in it")
    if not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {path.parent}")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def csv_bytes(frame: pl.DataFrame, *, spreadsheet: bool = False) -> bytes:
    """A table as CSV: instants as ISO 8601 with Z, lists joined by `|`.

    Args:
        frame: the table.
        spreadsheet: texts that a spreadsheet would take for a formula get an apostrophe before them, and so do
            those that begin with one, so that taking one off gives back what stood there.
    """
    flat = frame.with_columns(
        *(
            pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
            for name, dtype in frame.schema.items()
            if dtype == INSTANT
        ),
        *(pl.col(name).list.join("|") for name, dtype in frame.schema.items() if dtype == pl.List(pl.String)),
        *(
            pl.col(name).cast(pl.String)
            for name, dtype in frame.schema.items()
            if isinstance(dtype, pl.List) and dtype != pl.List(pl.String)
        ),
    )
    if spreadsheet:
        flat = without_formulas(flat)
    buffer = io.BytesIO()
    flat.write_csv(buffer)
    return buffer.getvalue()


def read_table(path: Path) -> pl.DataFrame:
    """Read a calls table back from Parquet or CSV, and check it.

    Raises:
        TableError: it is not a calls table.
        OutputError: the file cannot be read.
    """
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            frame = pl.read_parquet(path)
        else:
            data = path.read_bytes()
            frame = _typed(pl.read_csv(gzip.decompress(data) if name.endswith(".gz") else data, infer_schema=False))
    except (OSError, EOFError, pl.exceptions.PolarsError) as error:
        raise TableError(f"{path} cannot be read as a calls table: {error}") from error
    validate(frame)
    return frame


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    casts: list[pl.Expr] = []
    for name, dtype in schema_of(CALLS).items():
        if name not in frame.columns:
            continue
        column = pl.col(name)
        if dtype == INSTANT:
            casts.append(column.str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", time_unit="us").dt.replace_time_zone("UTC"))
        elif dtype == pl.Boolean:
            casts.append(column == "true")
        elif isinstance(dtype, pl.List):
            none = column.is_null() | (column == "")
            empty = pl.lit([], dtype=pl.List(pl.String))
            casts.append(pl.when(none).then(empty).otherwise(column.str.split("|")).alias(name))
        elif dtype != pl.String:
            casts.append(column.cast(dtype))
    return frame.with_columns(casts)
