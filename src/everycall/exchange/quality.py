"""The quality report: what is missing, odd or unreadable, per column and agency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

from everycall.exchange.calls_table import INTERVALS
from everycall.exchange.flags import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from everycall.exchange.profiles import Profile
    from everycall.exchange.reading import RawTable
    from everycall.exchange.stamps import StampColumn

MOST_AGENCIES: Final = 40
"""More agencies than this are counted together as `(others)`."""
NO_AGENCY: Final = "(not given)"


class ColumnQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one column, over all agencies (`agency` empty) or of one.

    Attributes:
        column: a stamp or an interval of the calls table.
        source: the columns of the export that a stamp was read from; empty where the export has none.
        agency: the agency, empty for all.
        rows: rows counted.
        missing: rows without a value.
        unreadable: rows in which something stood that is no time.
        negative: of a stamp, earlier than the receipt; of an interval, below zero.
        zero: of a stamp, equal to the receipt; of an interval, exactly zero.
        over_24h: of a stamp, more than 24 hours after the receipt; of an interval, longer.
        whole_minute: of a stamp, with zero seconds.
        minute_column: nearly every value has zero seconds: the column is kept to the minute.
        date_only: dates without a time of day.
        repeated_hour: in the hour that daylight saving repeats.
        skipped_hour: in the hour that it skips.
        midnight_rollover: with the date of the day before.
        derived: worked out from a duration.
    """

    column: str
    source: str
    agency: str
    rows: int
    missing: int
    unreadable: int = 0
    negative: int = 0
    zero: int = 0
    over_24h: int = 0
    whole_minute: int = 0
    minute_column: bool = False
    date_only: int = 0
    repeated_hour: int = 0
    skipped_hour: int = 0
    midnight_rollover: int = 0
    derived: int = 0


class QualityReport(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know about an import before using it.

    Attributes:
        source: the file's name.
        source_sha256: hash of its bytes.
        profile: the profile's name.
        profile_sha256: hash of the profile.
        title: what the profile is of.
        limits: what the file cannot show, in sentences; to be read first.
        notes: known quirks of the export.
        remarks: what was noticed while reading the file.
        rows_in: rows below the header, blank lines not counted.
        calls: rows of the calls table.
        rejects: rows in the rejects.
        reject_reasons: how many for which reason.
        blank_lines: lines with nothing on them.
        first_received: the earliest receipt, ISO 8601 in UTC.
        last_received: the latest.
        outcomes: calls by outcome; `open` for none.
        self_initiated: rows declared as a unit's own activity.
        repeated_ids: rows whose id another row has too.
        repeated_rows: rows that stand in the file again, word for word.
        batch_closed: rows closed together with many others.
        columns: counts per stamp and interval, for all agencies and for each.
        flags: rows per flag.
        unlisted_words: words that the profile's lists do not know: column, word, rows; they settle nothing.
        columns_not_read: columns of the file that the profile has no key for; they are kept as original
            columns.
        columns_not_found: columns of the profile that the file does not have.
    """

    source: str
    source_sha256: str
    profile: str
    profile_sha256: str
    title: str
    limits: list[str]
    notes: list[str]
    remarks: list[str]
    rows_in: int
    calls: int
    rejects: int
    reject_reasons: dict[str, int]
    blank_lines: int
    first_received: str
    last_received: str
    outcomes: dict[str, int]
    self_initiated: int
    repeated_ids: int
    repeated_rows: int
    batch_closed: int
    columns: list[ColumnQuality]
    flags: dict[str, int]
    unlisted_words: dict[str, dict[str, int]]
    columns_not_read: list[str]
    columns_not_found: list[str]

    def to_json(self) -> bytes:
        """The report as indented JSON, the same bytes for the same report."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def report_on(
    raw: RawTable,
    profile: Profile,
    table: pl.DataFrame,
    rejects: pl.DataFrame,
    stamps: Mapping[str, StampColumn],
    *,
    flags: Mapping[str, int],
    unlisted: Mapping[str, Mapping[str, int]],
    unread: list[str],
    absent: list[str],
) -> QualityReport:
    """Count everything once."""
    received = table["received_at"].drop_nulls()
    outcomes = table["outcome"].fill_null("open").value_counts().sort("count", "outcome", descending=[True, False])
    reasons = rejects["reason"].value_counts().sort("count", "reason", descending=[True, False])
    return QualityReport(
        source=raw.source_name,
        source_sha256=raw.source_sha256,
        profile=profile.name,
        profile_sha256=profile.sha256,
        title=profile.title,
        limits=list(profile.limits),
        notes=list(profile.notes),
        remarks=list(raw.remarks),
        rows_in=raw.rows_in,
        calls=table.height,
        rejects=rejects.height,
        reject_reasons=dict(reasons.rows()),
        blank_lines=raw.blank_lines,
        first_received=_iso(received.min()),
        last_received=_iso(received.max()),
        outcomes=dict(outcomes.rows()),
        self_initiated=int((table["self_initiated"] == True).sum()),  # noqa: E712 - null is not True
        repeated_ids=flags.get("repeated_id", 0),
        repeated_rows=flags.get("repeated_row", 0),
        batch_closed=flags.get("batch_closed", 0),
        columns=list(_columns(table, stamps)),
        flags=dict(sorted(flags.items())),
        unlisted_words={column: dict(sorted(words.items())) for column, words in sorted(unlisted.items())},
        columns_not_read=unread,
        columns_not_found=absent,
    )


def _iso(instant: object) -> str:
    text = getattr(instant, "isoformat", None)
    return text().replace("+00:00", "Z") if text else ""


_COUNTS: Final = (
    "missing",
    "unreadable",
    "negative",
    "zero",
    "over_24h",
    "whole_minute",
    "date_only",
    "repeated_hour",
    "skipped_hour",
    "midnight_rollover",
    "derived",
)


def _columns(table: pl.DataFrame, stamps: Mapping[str, StampColumn]) -> Iterable[ColumnQuality]:
    """Per column, over all and per agency, in one grouping."""
    received = stamps["received"].instants
    counted: dict[str, pl.Series] = {}
    columns: list[str] = []
    for name, column in stamps.items():
        stamp = f"{name}_at"
        columns.append(stamp)
        counted[f"{stamp}|missing"] = column.instants.is_null()
        if not column.present:
            continue
        gap = (column.instants - received).dt.total_microseconds()
        after = name != "received"
        whole = (column.instants.dt.second() == 0) & (column.instants.dt.microsecond() == 0)
        counted[f"{stamp}|unreadable"] = column.unreadable
        if after:
            counted[f"{stamp}|negative"] = gap < 0
            counted[f"{stamp}|zero"] = gap == 0
            counted[f"{stamp}|over_24h"] = gap > DAY * 1_000_000
        counted[f"{stamp}|whole_minute"] = whole
        counted[f"{stamp}|date_only"] = column.date_only
        counted[f"{stamp}|repeated_hour"] = column.repeated
        counted[f"{stamp}|skipped_hour"] = column.skipped
        counted[f"{stamp}|midnight_rollover"] = column.rolled
        if column.derived:
            counted[f"{stamp}|derived"] = column.instants.is_not_null()
    for name in INTERVALS:
        columns.append(name)
        counted[f"{name}|missing"] = table[name].is_null()
        counted[f"{name}|negative"] = table[name] < 0
        counted[f"{name}|zero"] = table[name] == 0
        counted[f"{name}|over_24h"] = table[name] > DAY
    agency = table["agency"].fill_null(NO_AGENCY)
    often = agency.value_counts().sort("count", "agency", descending=[True, False])
    if often.height > MOST_AGENCIES:
        keep = often["agency"].head(MOST_AGENCIES).to_list()
        agency = pl.select(pl.when(agency.is_in(keep)).then(agency).otherwise(pl.lit("(others)"))).to_series()
    frame = pl.DataFrame([agency.alias("agency"), *(s.alias(name) for name, s in counted.items())])
    sums = (
        frame.group_by("agency").agg(pl.len().alias("rows"), *(pl.col(name).sum() for name in counted)).sort("agency")
    )
    total = sums.drop("agency").sum().with_columns(agency=pl.lit("")).select(sums.columns)
    groups = pl.concat([total, sums.cast(total.schema)]) if sums.height > 1 else total
    for row in groups.iter_rows(named=True):
        for column_name in columns:
            stamp_column = stamps.get(column_name.removesuffix("_at"))
            yield ColumnQuality(
                column=column_name,
                source=stamp_column.source if stamp_column else "",
                agency=row["agency"],
                rows=int(row["rows"]),
                minute_column=bool(stamp_column and stamp_column.minute),
                **{what: int(row.get(f"{column_name}|{what}") or 0) for what in _COUNTS},
            )
