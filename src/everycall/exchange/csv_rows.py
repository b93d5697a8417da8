"""Delimited text to rows, whatever state it is in.

The rows that are as they should be (nearly all) are told apart by vector operations and parsed by Polars;
each of the others is looked at
one by one: a field with line breaks is put together again, a stray quote is taken as a character, and what
    still does not have the
header's number of fields is rejected with its line number. No row is dropped and none is cut or padded.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import polars as pl

from everycall.exchange.errors import NotATableError

DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_LINES: Final = 200
_HEAD: Final = 2_000_000
"""The header is looked for in so many characters."""
_LONGEST_FIELD_LINES: Final = 400
"""A quoted field that has not closed after so many lines is taken for a stray quote."""

_MASK: Final = "\x1a"
_BLANK, _REGULAR, _ODD = 0, 1, 2


@dataclass(frozen=True)
class Rows:
    """Rows of a delimited text.

    Attributes:
        frame: the rows that could be read; every column is text, and an empty field is null.
        lines: where each began, counted from 1.
        rejects: (line, reason, row as text) of the others.
        delimiter: what separates the fields.
        blank_lines: lines with nothing on them.
        preface_lines: lines above the header that belong to no table.
    """

    frame: pl.DataFrame
    lines: pl.Series
    rejects: list[tuple[int, str, str]]
    delimiter: str
    blank_lines: int
    preface_lines: int


def split_fields(text: str, delimiter: str) -> tuple[list[str], bool]:
    """The fields of one record, and whether a quoted field was left open.

    A quote opens a quoted field only at the field's start; elsewhere it is a character like others.
    """
    fields: list[str] = []
    position, end = 0, len(text)
    while True:
        if position < end and text[position] == '"':
            parts: list[str] = []
            position += 1
            while True:
                close = text.find('"', position)
                if close < 0:
                    parts.append(text[position:])
                    fields.append("".join(parts))
                    return fields, True
                parts.append(text[position:close])
                position = close + 1
                if position < end and text[position] == '"':
                    parts.append('"')
                    position += 1
                    continue
                break
            stop = text.find(delimiter, position)
            stop = end if stop < 0 else stop
            parts.append(text[position:stop])  # text after the closing quote, as lenient readers keep it
            fields.append("".join(parts))
        else:
            stop = text.find(delimiter, position)
            stop = end if stop < 0 else stop
            fields.append(text[position:stop])
        if stop >= end:
            return fields, False
        position = stop + 1


def read_rows(text: str, name: str) -> Rows:
    """Read delimited text whose first full line is the header.

    Raises:
        NotATableError: there is no delimiter that the lines share.
    """
    if "\n" not in text:
        text = text.replace("\r", "\n")
    lines = text[:_HEAD].split("\n")
    if len(text) > _HEAD:
        lines.pop()  # cut somewhere inside
    delimiter, header_at = _find_header(lines, name)
    header_text = lines[header_at].removesuffix("\r")
    header, unfinished = split_fields(header_text, delimiter)
    body_at = header_at + 1
    while unfinished and body_at < len(lines) and body_at - header_at < _LONGEST_FIELD_LINES:
        header_text += "\n" + lines[body_at].removesuffix("\r")
        header, unfinished = split_fields(header_text, delimiter)
        body_at += 1
    if unfinished:
        raise NotATableError(f"{name}: a quote in the header is never closed")
    while header and not header[-1].strip() and len(header) > 1:
        header.pop()
    names = unique_names(header)
    preface = sum(1 for line in lines[:header_at] if line.strip())
    blank_before = header_at - preface

    body = text[sum(len(line) + 1 for line in lines[:body_at]) :].encode()
    table = _lines(body).with_columns(
        line=pl.int_range(body_at + 1, pl.len() + body_at + 1, dtype=pl.Int64),
    )
    frame, at, rejects, blank = _read_body(table, body, names, header_text, delimiter)
    return Rows(frame, at, rejects, delimiter, blank + blank_before, preface)


def _lines(body: bytes) -> pl.DataFrame:
    """The lines of a text, without their ends; an empty last one is the end of the one before."""
    if b"\x1f" in body:
        texts = body.decode().split("\n")
        return pl.DataFrame({"text": texts[:-1] if not texts[-1] else texts}, schema={"text": pl.String}).select(
            pl.col("text").str.strip_suffix("\r")
        )
    # A separator that does not occur makes every line one field.
    return pl.read_csv(
        body,
        separator="\x1f",
        quote_char=None,
        has_header=False,
        schema={"text": pl.String},
        raise_if_empty=False,
    ).select(pl.col("text").fill_null("").str.strip_suffix("\r"))


def _read_body(
    table: pl.DataFrame, body: bytes, names: list[str], header_text: str, delimiter: str
) -> tuple[pl.DataFrame, pl.Series, list[tuple[int, str, str]], int]:
    """Rows below the header: the regular ones at once, the rest one by one."""
    width = len(names)
    text = pl.col("text")
    quoted = text.str.contains('"', literal=True)
    masked = (
        pl.when(quoted).then(text.str.replace_all(r'(?:"[^"]*")+', _MASK)).otherwise(text)
        if bool(table.select(quoted.any()).item())
        else text
    )
    table = table.with_columns(masked=masked)
    masked = pl.col("masked")
    not_delimiter = f"[^{delimiter}]"
    # Polars takes a carriage return at the end of an unquoted field away, so such rows are not left to it.
    regular = (masked.str.count_matches(delimiter, literal=True) == width - 1) & ~(
        masked.str.contains('"', literal=True)
        | masked.str.contains("\r", literal=True)
        | masked.str.contains(f"{not_delimiter}{_MASK}|{_MASK}{not_delimiter}")
    )
    blank = text.str.strip_chars() == ""
    bare = text.str.strip_chars(f' \t"{delimiter}') == ""
    repeated = text.str.strip_chars() == header_text.strip()
    table = table.with_columns(
        kind=pl.when(blank).then(_BLANK).when(repeated | bare | ~regular).then(_ODD).otherwise(_REGULAR).cast(pl.Int8)
    ).drop("masked")
    blanks = int((table["kind"] == _BLANK).sum())
    odd = table.filter(pl.col("kind") == _ODD)
    salvaged, rejects, used = _read_odd(table, odd["line"].to_list(), names, header_text, delimiter)
    good = table.filter(pl.col("kind") == _REGULAR)
    if used:
        good = good.filter(~pl.col("line").is_in(sorted(used)))
        blanks -= int(table.filter((pl.col("kind") == _BLANK) & pl.col("line").is_in(sorted(used))).height)
    whole = body if good.height == table.height else "\n".join(good["text"].to_list()).encode()
    frame = _parse(whole, good["text"], names, delimiter)
    at = good["line"]
    if salvaged:
        more = pl.DataFrame(
            [[field if field != "" else None for field in fields] for _, fields in salvaged],
            schema=dict.fromkeys(names, pl.String),
            orient="row",
        )
        frame = pl.concat([frame, more])
        at = pl.concat([at, pl.Series("line", [line for line, _ in salvaged], dtype=pl.Int64)])
        order = at.arg_sort()
        frame, at = frame[order], at.gather(order)
    return frame, at, rejects, blanks


def _parse(data: bytes, texts: pl.Series, names: list[str], delimiter: str) -> pl.DataFrame:
    """Regular lines, which `data` joins, to columns."""
    schema = dict.fromkeys(names, pl.String)
    if texts.is_empty():
        return pl.DataFrame(schema=schema)
    if len(names) == 1:
        return pl.DataFrame({names[0]: texts})
    frame = pl.read_csv(
        data,
        has_header=False,
        schema=schema,
        separator=delimiter,
        quote_char='"',
        infer_schema=False,
        raise_if_empty=False,
    )
    if frame.height != len(texts):
        raise AssertionError(f"{len(texts)} regular lines became {frame.height} rows")
    if b'""' in data:  # an empty field in quotes is as empty as one without
        frame = frame.with_columns(pl.when(pl.all() != "").then(pl.all()))
    return frame


def _read_odd(
    table: pl.DataFrame, odd: list[int], names: list[str], header_text: str, delimiter: str
) -> tuple[list[tuple[int, list[str]]], list[tuple[int, str, str]], set[int]]:
    """Lines that are not one plain record: over several lines, stray quotes, a wrong number of fields."""
    if not odd:
        return [], [], set()
    texts = table["text"]
    base = int(table["line"][0])
    width = len(names)
    salvaged: list[tuple[int, list[str]]] = []
    rejects: list[tuple[int, str, str]] = []
    used: set[int] = set()
    for line in odd:
        if line in used:
            continue
        start = line - base
        text = texts[start]
        fields, unfinished = split_fields(text, delimiter)
        joined, taken = text, 1
        while unfinished and taken < _LONGEST_FIELD_LINES and start + taken < len(texts):
            joined += "\n" + texts[start + taken]
            taken += 1
            if '"' in texts[start + taken - 1]:
                fields, unfinished = split_fields(joined, delimiter)
                if len(fields) > width:
                    break
        if unfinished or (taken > 1 and len(_without_empty_tail(fields, width)) != width):
            # The quote was no opening one: take this line by itself and its quotes as characters.
            joined, taken, fields = text, 1, text.split(delimiter)
        fields = _without_empty_tail(fields, width)
        used.update(range(line, line + taken))
        if joined.strip() == header_text.strip():
            rejects.append((line, "the header, repeated", joined))
        elif not any(field.strip() for field in fields):
            rejects.append((line, "a row without values", joined))
        elif len(fields) != width:
            rejects.append((line, f"{len(fields)} fields where the header has {width}", joined))
        else:
            salvaged.append((line, fields))
    return salvaged, rejects, used


def _without_empty_tail(fields: list[str], width: int) -> list[str]:
    """Drop empty fields beyond the header's number: some exports end every row with a delimiter."""
    while len(fields) > width and not fields[-1].strip():
        fields = fields[:-1]
    return fields


def _find_header(lines: list[str], name: str) -> tuple[str, int]:
    """The delimiter and the header's place: the first line with as many fields as most lines have."""
    sample = [(i, line) for i, line in enumerate(lines[: _SAMPLE_LINES * 2]) if line.strip()][:_SAMPLE_LINES]
    best: tuple[float, str, int] | None = None
    for delimiter in DELIMITERS:
        counts = [len(split_fields(line, delimiter)[0]) for _, line in sample]
        often = Counter(count for count in counts if count > 1)
        if not often:
            continue
        width, times = max(often.items(), key=lambda item: (item[1], item[0]))
        score = times / len(sample) + min(width, 50) / 1000
        if best is None or score > best[0]:
            best = (score, delimiter, width)
    if best is None:
        raise NotATableError(
            f"{name} is not a table: no comma, semicolon, tab or bar separates fields that the lines share"
        )
    _, delimiter, width = best
    for at, line in sample:
        fields = [field for field in split_fields(line, delimiter)[0] if field.strip()]
        if len(fields) >= max(2, 0.6 * width):
            return delimiter, at
    return delimiter, sample[0][0]


def unique_names(header: list[str]) -> list[str]:
    """Column names without surrounding blanks; an empty one gets its number, a repeated one a suffix."""
    seen: Counter[str] = Counter()
    names: list[str] = []
    for number, raw in enumerate(header, start=1):
        base = " ".join(raw.split()) or f"column_{number}"
        seen[base] += 1
        candidate = base if seen[base] == 1 else f"{base}_{seen[base]}"
        while candidate in names:
            seen[base] += 1
            candidate = f"{base}_{seen[base]}"
        names.append(candidate)
    return names
