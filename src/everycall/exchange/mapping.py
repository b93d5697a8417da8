"""Texts, ids, units and places of a row, by the profile's data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from everycall.exchange.outcomes import settle
from everycall.exchange.profiles import DEFAULT_BLANKS, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from everycall.exchange.profiles import Disposition, Profile, Said, Text
    from everycall.exchange.reading import RawTable

_E7: Final = 10_000_000


def folded_value(value: str) -> str:
    """A value without what people vary: case and runs of blanks."""
    return " ".join(value.split()).casefold()


@dataclass
class Unlisted:
    """Words of the export that the profile's lists do not know: column to word to number of rows."""

    words: dict[str, dict[str, int]]

    def add(self, column: str, counts: Mapping[str, int]) -> None:
        """Count words of one column."""
        if counts:
            known = self.words.setdefault(column, {})
            for word, times in counts.items():
                known[word] = known.get(word, 0) + times


def read_text(raw: RawTable, source: Text | None, placed: Mapping[str, str], profile: Profile) -> pl.Series:
    """A text of every row, trimmed; blank words are null; the profile's `values` translate."""
    size = raw.frame.height
    if source is None or (source.column and source.column not in placed):
        return pl.repeat(None, size, dtype=pl.String, eager=True)
    if source.value:
        return pl.repeat(source.value, size, dtype=pl.String, eager=True)
    blanks = {*DEFAULT_BLANKS, *(w.casefold() for w in profile.blanks), *(w.casefold() for w in source.blank)}
    text = as_words(raw.frame[placed[source.column]])
    text = text.set(text.str.to_lowercase().is_in(sorted(blanks)).fill_null(value=False), None)
    if not source.values:
        return text
    table = {folded_value(word): ours for word, ours in source.values.items()}
    known = {word: table[folded_value(word)] for word in text.unique().drop_nulls() if folded_value(word) in table}
    return text.replace(known) if known else text


def as_words(column: pl.Series) -> pl.Series:
    """A column as trimmed text; whole floats (a spreadsheet's numbers) without their `.0`."""
    if column.dtype in {pl.Float32, pl.Float64}:
        whole = bool((column.drop_nulls() == column.drop_nulls().floor()).all()) and not column.is_infinite().any()
        column = column.cast(pl.Int64, strict=False) if whole else column
    return column.cast(pl.String).str.strip_chars()


def read_own_words(
    raw: RawTable, name: str, profile: Profile, placed: Mapping[str, str], unlisted: Unlisted
) -> pl.Series:
    """A text that must be one of our words: what the profile does not translate is null, and counted."""
    source = profile.text(name)
    text = read_text(raw, source, placed, profile)
    if source is None or source.value or text.null_count() == len(text):
        return text
    ours = set(source.values.values())
    listed = {folded_value(word) for word in source.values}
    strange = text.is_not_null() & ~text.is_in(sorted(ours))
    if strange.any():
        counts = dict(text.filter(strange).value_counts().rows())
        if name != "self_initiated":  # there, a word that is not listed is one that does not say
            unlisted.add(placed[source.column], {w: n for w, n in counts.items() if folded_value(w) not in listed})
        text = text.set(strange, None)
    return text


def read_place(raw: RawTable, profile: Profile, placed: Mapping[str, str]) -> tuple[pl.Series, pl.Series]:
    """Latitude and longitude in 1e-7 degree; null where either is missing, out of range, or both are 0."""
    degrees = [
        read_text(raw, profile.text(name), placed, profile).cast(pl.Float64, strict=False)
        for name in ("latitude", "longitude")
    ]
    frame = pl.DataFrame({"y": degrees[0], "x": degrees[1]})
    y, x = pl.col("y"), pl.col("x")
    good = y.is_between(-90, 90) & x.is_between(-180, 180) & ~((y == 0) & (x == 0))
    scaled = frame.select(
        *((pl.when(good).then((c * _E7).round()).otherwise(None)).cast(pl.Int64, strict=False) for c in (y, x))
    )
    return scaled["y"].alias("latitude_e7"), scaled["x"].alias("longitude_e7")


def read_groups(raw: RawTable, profile: Profile, placed: Mapping[str, str]) -> dict[str, pl.Series]:
    """The groups that the profile declares."""
    return {name: read_text(raw, as_text(source), placed, profile) for name, source in profile.groups.items()}


@dataclass(frozen=True)
class NamedUnits:
    """Which units a row names.

    Attributes:
        count: how many, null where the export neither names nor counts.
        only: the name, where one unit is named and no other can be.
        desk_only: names are given, and none is a unit in the field.
    """

    count: pl.Series
    only: pl.Series
    desk_only: pl.Series


def read_units(raw: RawTable, profile: Profile, placed: Mapping[str, str]) -> NamedUnits:
    """The units of every row; each distinct field is looked at once."""
    size = raw.frame.height
    source = profile.units
    none = pl.repeat(None, size, dtype=pl.String, eager=True)
    count = pl.repeat(None, size, dtype=pl.Int64, eager=True)
    no = pl.repeat(value=False, n=size, dtype=pl.Boolean, eager=True)
    if source is None:
        return NamedUnits(count, none, no)
    if source.count_column in placed:
        count = as_words(raw.frame[placed[source.count_column]]).cast(pl.Int64, strict=False)
    if source.column not in placed:
        return NamedUnits(count, none, no)
    text = as_words(raw.frame[placed[source.column]])
    desk = re.compile(source.desk) if source.desk else None
    rows: list[tuple[str, int | None, str | None, bool]] = []
    for value in text.unique().drop_nulls():
        parts = value.split(source.separator) if source.separator else [value]
        names = list(dict.fromkeys(part.strip() for part in parts if part.strip().casefold() not in DEFAULT_BLANKS))
        field = [name for name in names if not (desk and desk.match(name))]
        if names:
            only = field[0] if len(field) == 1 and source.holds == "all" else None
            rows.append((value, len(field) if source.holds == "all" else None, only, not field))
    table = pl.DataFrame(
        rows, schema={"value": pl.String, "n": pl.Int64, "only": pl.String, "desk": pl.Boolean}, orient="row"
    )
    joined = pl.DataFrame({"value": text}).join(table, on="value", how="left", maintain_order="left")
    counted = pl.select(pl.coalesce(joined["n"], count)).to_series()
    return NamedUnits(counted, joined["only"], joined["desk"].fill_null(value=False))


@dataclass(frozen=True)
class Outcomes:
    """How every row ended.

    Attributes:
        outcome: ours, null while open.
        basis: the columns and values that say so.
        contact: whether somebody was met.
        contradiction: words that say two things.
        although: what the words say besides, where a unit came nevertheless.
    """

    outcome: pl.Series
    basis: pl.Series
    contact: pl.Series
    contradiction: pl.Series
    although: pl.Series


def read_outcomes(
    raw: RawTable,
    profile: Profile,
    placed: Mapping[str, str],
    *,
    arrived: pl.Series,
    arrival_source: str,
    unlisted: Unlisted,
) -> Outcomes:
    """Settle every row; each distinct combination of words is judged once."""
    lists = [d for d in profile.disposition if d.column in placed]
    blanks = frozenset((*DEFAULT_BLANKS, *(w.casefold() for w in profile.blanks)))
    frame = pl.DataFrame(
        {"arrived": arrived, **{f"d{i}": as_words(raw.frame[placed[d.column]]) for i, d in enumerate(lists)}}
    )
    keys = frame.columns
    distinct = frame.group_by(keys, maintain_order=True).len()
    judged: list[tuple[str | None, str | None, str | None, bool, str | None]] = []
    strange: dict[str, dict[str, int]] = {}
    for arrived_here, *values, times in distinct.rows():
        said: set[Said] = set()
        basis = [f"{arrival_source} given"] if arrived_here and arrival_source else []
        for disposition, value in zip(lists, values, strict=True):
            if value is None or value.casefold() in blanks:
                continue
            basis.append(f"{disposition.column}={value}")
            words, unknown = words_of(disposition, value)
            said.update(words)
            for word in unknown:
                counts = strange.setdefault(placed[disposition.column], {})
                counts[word] = counts.get(word, 0) + times
        settled = settle(frozenset(said), arrived=arrived_here, still_open=profile.live)
        beside = sorted(said & _ALTHOUGH) if settled.contact is not None else []
        judged.append(
            (
                settled.outcome,
                "; ".join(basis) or None,
                settled.contact,
                settled.contradiction,
                ",".join(beside) or None,
            )
        )
    for column, counts in strange.items():
        unlisted.add(column, counts)
    verdicts = pl.DataFrame(
        judged,
        schema={
            "outcome": pl.String,
            "basis": pl.String,
            "contact": pl.String,
            "both": pl.Boolean,
            "although": pl.String,
        },
        orient="row",
    )
    table = frame.join(
        pl.concat([distinct.drop("len"), verdicts], how="horizontal"),
        on=keys,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return Outcomes(table["outcome"], table["basis"], table["contact"], table["both"], table["although"])


_ALTHOUGH: Final[frozenset[Said]] = frozenset(
    {
        "cancelled_by_caller",
        "cancelled_by_agency",
        "duplicate",
        "no_emergency",
        "settled_by_phone",
        "accepted_by_other_agency",
        "declined",
        "not_established",
    }
)


def words_of(disposition: Disposition, value: str) -> tuple[set[Said], list[str]]:
    """What one field says, and the parts of it that the list does not know."""
    says = {folded_value(word): meaning for word, meaning in disposition.says.items()}
    whole = says.get(folded_value(value))
    parts = [value] if whole is not None or not disposition.separator else value.split(disposition.separator)
    said: set[Said] = set()
    unknown: list[str] = []
    for part in parts:
        word = folded_value(part)
        if not word:
            continue
        meaning = says.get(word)
        if meaning is None and disposition.code_ends_at:
            meaning = says.get(folded_value(part.split(disposition.code_ends_at)[0]))
        if meaning is None:
            unknown.append(part.strip())
        else:
            said.update([meaning] if isinstance(meaning, str) else meaning)
    return said, unknown


def call_ids(
    ids: pl.Series, received: pl.Series, lines: pl.Series, originals: pl.DataFrame
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Unique call ids, whether an id was repeated, and whether a whole row was.

    The order among rows of one id is that of their receipt and then of their text, not of the file, so that
    the same rows in another order get the
    same ids.
    """
    named = pl.select(pl.coalesce(ids, pl.concat_str(pl.lit("row-"), lines.cast(pl.String)))).to_series().alias("id")
    repeated = named.is_duplicated()
    same_row = repeated & False
    if not repeated.any():
        return named, repeated, same_row
    at = repeated.arg_true()
    some = originals.filter(repeated)
    text = some.select(
        pl.concat_str(
            [pl.col(c).cast(pl.String, strict=False).fill_null("\x00") for c in some.columns],
            separator="\x1f",
        )
    ).to_series()
    frame = pl.DataFrame({"at": at, "id": named.filter(repeated), "received": received.filter(repeated), "text": text})
    frame = frame.sort("id", "received", "text", nulls_last=True, maintain_order=True).with_columns(
        number=pl.int_range(1, pl.len() + 1).over("id")
    )
    numbered = frame.with_columns(
        id=pl.when(pl.col("number") == 1)
        .then(pl.col("id"))
        .otherwise(pl.col("id") + "#" + pl.col("number").cast(pl.String))
    ).sort("at")
    named = named.clone().scatter(numbered["at"], numbered["id"])
    if named.is_duplicated().any():  # the export itself has an id that ends in #2
        clash = named.is_duplicated()
        named = pl.select(pl.when(clash).then(named + "#row" + lines.cast(pl.String)).otherwise(named)).to_series()
    same = frame.sort("at").select(pl.struct("id", "text").is_duplicated()).to_series()
    same_row = same_row.clone().scatter(at, same)
    return named, repeated, same_row


def unread_columns(header: Sequence[str], placed: Mapping[str, str]) -> list[str]:
    """Columns of the file that no key of the profile reads; they are kept as original columns."""
    used = set(placed.values())
    return [name for name in header if name not in used]
