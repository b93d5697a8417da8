"""An export read whole: the calls table, the assignments, the rejects and the quality report.

Invariants:

1. Rows in = calls + rejects, checked on every run.
2. Every original column is kept, unchanged, beside the mapped ones.
3. No stamp, outcome or unit is there that the export does not give; what is worked out (a stamp from a
duration, a date moved over midnight) is
   flagged row by row.
4. The same rows in another order give the same table in that order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from everycall.core.vocabulary import APCO_DISPOSITION_OF, AUDIT_CODE_OF, STAMP_NAMES
from everycall.exchange.atom import is_atom, read_atom_raw
from everycall.exchange.calls_table import (
    ASSIGNMENTS,
    CALLS,
    FIRST_UNIT,
    GROUP,
    INTERVALS,
    SCHEMA_VERSION,
    original_name,
    schema_of,
)
from everycall.exchange.errors import ExchangeError
from everycall.exchange.flags import flag_rows
from everycall.exchange.mapping import (
    Outcomes,
    Unlisted,
    as_words,
    call_ids,
    folded_value,
    read_groups,
    read_outcomes,
    read_own_words,
    read_place,
    read_text,
    read_units,
    unread_columns,
)
from everycall.exchange.matching import match_profile, require_fit
from everycall.exchange.profiles import CALL_STAMPS, as_text
from everycall.exchange.quality import QualityReport, report_on
from everycall.exchange.reading import REJECT_SCHEMA, RawTable, read_raw
from everycall.exchange.several_rows import refuse_several_rows
from everycall.exchange.stamps import StampColumn, read_stamps, without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from everycall.exchange.mapping import NamedUnits
    from everycall.exchange.profiles import Profile

UNIT_STAMP_OF: Final = {
    "assigned": "first_dispatched",
    "en_route": "first_en_route",
    "on_scene": "first_on_scene",
    "clear": "first_cleared",
    **{name: f"first_{name}" for name in STAMP_NAMES if name not in {"assigned", "en_route", "on_scene", "clear"}},
}
"""Which stamp of the call is which of its first unit."""


_TEXTS: Final = (
    "first_type",
    "last_type",
    "first_priority",
    "last_priority",
    "agency",
    "district",
    "area",
    "neighbourhood",
    "postal_code",
)


class BalanceError(ExchangeError):
    """Rows in are not rows out and rejects: a fault of this program."""


@dataclass(frozen=True)
class Imported:
    """What one export gave.

    Attributes:
        profile: how it was read.
        calls: the calls table, one row a call and need.
        assignments: the assignments table.
        rejects: line, reason and text of the rows that became no call.
        quality: the quality report.
    """

    profile: Profile
    calls: pl.DataFrame
    assignments: pl.DataFrame
    rejects: pl.DataFrame
    quality: QualityReport

    def metadata(self) -> dict[str, str]:
        """What the Parquet file says about itself."""
        return {
            "everycall.schema_version": SCHEMA_VERSION,
            "everycall.profile": self.profile.name,
            "everycall.profile_sha256": self.profile.sha256,
            "everycall.zone": self.profile.zone,
            "everycall.source": self.quality.source,
            "everycall.source_sha256": self.quality.source_sha256,
            "everycall.limits": "\n".join(self.profile.limits),
        }


def read_export(
    path: Path | str, *, profile: Profile | None = None, progress: Callable[[str], None] | None = None
) -> Imported:
    """Read a city's export.

    Args:
        path: CSV (also .gz, .zip), Excel, Parquet or Portland's Atom feed.
        profile: how to read it; found by the header where none is given.
        progress: is told what is being done, in a few words.

    Raises:
        ExchangeError: the file cannot be read, or no profile fits; see `everycall.exchange.errors`.
    """
    path = Path(path)
    say = progress or (lambda _: None)
    say("reading")
    raw = read_atom_raw(path) if is_atom(path) else read_raw(path)
    header = raw.frame.columns
    if profile is None:
        profile = match_profile(header, path)
    placed = require_fit(profile, header, path)
    say(f"{raw.rows_in} rows, profile {profile.name}: reading times")
    return convert(raw, profile, placed, say)


def convert(raw: RawTable, profile: Profile, placed: Mapping[str, str], say: Callable[[str], None]) -> Imported:
    """From a raw table to the calls table."""
    raw, rejects = _without_pseudo_calls(raw, profile, placed)
    stamps = read_stamps(raw, profile, placed)
    ids = read_text(raw, as_text(profile.call), placed, profile)
    raw, stamps, ids, more = _without_empty_rows(raw, stamps, ids)
    rejects = pl.concat([raw.rejects, rejects, more]).sort("line", maintain_order=True)

    say("mapping")
    refuse_several_rows(ids, stamps["received"].instants, raw.frame)
    unlisted = Unlisted({})
    units = read_units(raw, profile, placed)
    stamps = {
        name: without(column, units.desk_only) if name.startswith("first_") else column
        for name, column in stamps.items()
    }
    outcomes = read_outcomes(
        raw,
        profile,
        placed,
        arrived=stamps["first_on_scene"].instants.is_not_null(),
        arrival_source=stamps["first_on_scene"].source,
        unlisted=unlisted,
    )
    calls, repeated, same_row = call_ids(ids, stamps["received"].instants, raw.lines, raw.frame)
    table = _calls(raw, profile, placed, stamps, ids.alias("original_id"), calls, units, outcomes, unlisted)
    say("looking at the quality")
    table, counts = flag_rows(
        table, stamps, outcomes=outcomes, units=units, repeated=repeated, same_row=same_row, profile=profile
    )
    table = table.select(
        *schema_of(CALLS),
        *(c for c in table.columns if c.startswith(GROUP)),
        *(raw.frame[c].alias(original_name(c)) for c in raw.frame.columns),
    )
    if raw.rows_in != table.height + rejects.height:
        raise BalanceError(
            f"{raw.rows_in} rows in, {table.height} calls and {rejects.height} rejects out: "
            "a fault of everycall, not of the file"
        )
    quality = report_on(
        raw,
        profile,
        table,
        rejects,
        stamps,
        flags=counts,
        unlisted=unlisted.words,
        unread=unread_columns(raw.frame.columns, placed),
        absent=sorted(set(profile.columns()) - set(placed)),
    )
    return Imported(profile, table, _assignments(table, stamps, units), rejects, quality)


def _without_pseudo_calls(raw: RawTable, profile: Profile, placed: Mapping[str, str]) -> tuple[RawTable, pl.DataFrame]:
    """Take out the rows that are no calls, into the rejects with their reason."""
    taken = pl.DataFrame(schema=REJECT_SCHEMA)
    for pseudo in profile.pseudo:
        if pseudo.column not in placed:
            continue
        words = as_words(raw.frame[placed[pseudo.column]])
        wanted = {folded_value(value) for value in pseudo.values}
        known = [word for word in words.unique().drop_nulls() if folded_value(word) in wanted]
        raw, out = _take(raw, words.is_in(known).fill_null(value=False), pseudo.reason)
        taken = pl.concat([taken, out])
    return raw, taken


def _without_empty_rows(
    raw: RawTable, stamps: dict[str, StampColumn], ids: pl.Series
) -> tuple[RawTable, dict[str, StampColumn], pl.Series, pl.DataFrame]:
    """A row with neither an id nor any time is no call; every other row is kept, whatever it lacks."""
    known = ids.is_not_null()
    for column in stamps.values():
        known = known | column.instants.is_not_null()
    raw, out = _take(raw, ~known, "neither an id nor a time that can be read")
    if out.is_empty():
        return raw, stamps, ids, out
    kept = {name: column.filtered(known) for name, column in stamps.items()}
    return raw, kept, ids.filter(known), out


def _take(raw: RawTable, rows: pl.Series, reason: str) -> tuple[RawTable, pl.DataFrame]:
    if not rows.any():
        return raw, pl.DataFrame(schema=REJECT_SCHEMA)
    out = raw.frame.filter(rows)
    text = out.select(
        pl.concat_str([pl.col(c).cast(pl.String, strict=False).fill_null("") for c in out.columns], separator=",")
    ).to_series()
    rejects = pl.DataFrame(
        {"line": raw.lines.filter(rows), "reason": [reason] * out.height, "row": text}, schema=REJECT_SCHEMA
    )
    return replace(raw, frame=raw.frame.filter(~rows), lines=raw.lines.filter(~rows)), rejects


def _calls(
    raw: RawTable,
    profile: Profile,
    placed: Mapping[str, str],
    stamps: Mapping[str, StampColumn],
    original_id: pl.Series,
    calls: pl.Series,
    units: NamedUnits,
    outcomes: Outcomes,
    unlisted: Unlisted,
) -> pl.DataFrame:
    size = raw.frame.height
    own = {
        name: read_own_words(raw, name, profile, placed, unlisted) for name in ("service", "channel", "self_initiated")
    }
    texts = {name: read_text(raw, profile.text(name), placed, profile) for name in _TEXTS}
    latitude, longitude = read_place(raw, profile, placed)
    outcome = outcomes.outcome
    columns: dict[str, pl.Series] = {
        "centre": pl.repeat(profile.centre or profile.name, size, dtype=pl.String, eager=True),
        "call": calls,
        "need": pl.repeat(1, size, dtype=pl.Int64, eager=True),
        "incident": calls,
        "original_id": original_id,
        "export_row": raw.lines.cast(pl.Int64),
        "service": own["service"].fill_null("unknown"),
        "channel": own["channel"].fill_null("not_recorded"),
        "self_initiated": own["self_initiated"].replace_strict(
            {"yes": True, "no": False}, default=None, return_dtype=pl.Boolean
        ),
        "reconstructed": pl.repeat(value=True, n=size, dtype=pl.Boolean, eager=True),
        **texts,
        "latitude_e7": latitude,
        "longitude_e7": longitude,
        "outcome": outcome,
        "outcome_basis": outcomes.basis,
        "contact_made": outcomes.contact,
        "audit_code": outcome.replace_strict(AUDIT_CODE_OF, default=None, return_dtype=pl.String).fill_null("open"),
        "apco_code": outcome.replace_strict(APCO_DISPOSITION_OF, default=None, return_dtype=pl.String),
        "units": units.count,
        **{f"{GROUP}{name}": series for name, series in read_groups(raw, profile, placed).items()},
    }
    for name in CALL_STAMPS:
        columns[f"{name}_at"] = stamps[name].instants
        columns[f"{name}_at_missing"] = stamps[name].missing
    frame = pl.DataFrame([series.alias(name) for name, series in columns.items()])
    return frame.with_columns(_intervals(stamps, profile))


def _intervals(stamps: Mapping[str, StampColumn], profile: Profile) -> list[pl.Series]:
    """Whole seconds, floor(epoch(b)) - floor(epoch(a)), worked out here and nowhere else."""
    seconds = {name: stamps[name].instants.dt.epoch("us") // 1_000_000 for name in CALL_STAMPS}
    received = profile.stamp("received")
    answered = profile.stamp("answered")
    answer_is_receipt = bool(
        received and answered and set(answered.sources) & set(received.sources) and not answered.after
    )
    found: list[pl.Series] = []
    for name, (start, end) in INTERVALS.items():
        a, b = start.removesuffix("_at"), end.removesuffix("_at")
        value = seconds[b] - seconds[a]
        undated = stamps[a].date_only | stamps[b].date_only
        if undated.any():
            value = value.set(undated, None)
        if name == "answer_seconds" and answer_is_receipt:
            value = pl.repeat(None, len(value), dtype=pl.Int64, eager=True)
        found.append(value.alias(name))
    return found


def _assignments(table: pl.DataFrame, stamps: Mapping[str, StampColumn], units: NamedUnits) -> pl.DataFrame:
    """One row a call on which a unit's stamp is known: the stamps of the first unit."""
    size = table.height
    columns: dict[str, pl.Series] = {
        "centre": table["centre"],
        "call": table["call"],
        "incident": table["incident"],
        "assignment": table["call"] + "/1",
        "unit": units.only.fill_null(FIRST_UNIT),
        "agency": table["agency"],
    }
    known = pl.repeat(value=False, n=size, dtype=pl.Boolean, eager=True)
    for name in STAMP_NAMES:
        stamp = stamps.get(UNIT_STAMP_OF[name])
        if stamp is None:
            columns[f"{name}_at"] = pl.repeat(None, size, dtype=pl.Datetime("us", "UTC"), eager=True)
            columns[f"{name}_at_missing"] = pl.repeat("not_in_export", size, dtype=pl.String, eager=True)
        else:
            columns[f"{name}_at"] = stamp.instants
            columns[f"{name}_at_missing"] = stamp.missing
            known = known | stamp.instants.is_not_null()
    frame = pl.DataFrame([series.alias(name) for name, series in columns.items()])
    return frame.filter(known).select(list(schema_of(ASSIGNMENTS)))
