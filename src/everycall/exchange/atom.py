"""Portland's Atom feed of live 911 incidents, as a raw table; the profile `portland_feed` maps it.

The feed lists incidents in progress: each entry is a call that is open, of which only the time of entry, the
    type, the block and the agency
are given.
"""

from __future__ import annotations

import hashlib
import html
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Final

import polars as pl

from everycall.exchange.errors import DamagedFileError, EmptyTableError
from everycall.exchange.reading import REJECT_SCHEMA, RawTable, read_bytes, unpack

if TYPE_CHECKING:
    from pathlib import Path

_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_POINT: Final = "{http://www.georss.org/georss}point"
COLUMNS: Final = (
    "feed_entry_id",
    "feed_id",
    "feed_call_type",
    "feed_address",
    "feed_agency",
    "feed_published",
    "feed_updated",
    "feed_latitude",
    "feed_longitude",
)
"""Columns of the raw table; the address is the feed's, a block or a crossing."""


def is_atom(path: Path) -> bool:
    """Whether a file is an Atom feed, told by how it begins."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(2048)
    return b"<feed" in head and b"http://www.w3.org/2005/Atom" in head


def read_atom_raw(path: Path) -> RawTable:
    """Read the feed.

    Raises:
        DamagedFileError: it is not well-formed XML, or declares entities, which a feed has no need of.
        EmptyTableError: it has no entries.
    """
    data = read_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    data, name = unpack(data, path.name)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DamagedFileError(
            f"{name} declares XML entities, which a feed of incidents has no need of; it is not read"
        )
    try:
        root = ET.fromstring(data)  # noqa: S314 - entities, the danger, were refused above
    except ET.ParseError as error:
        raise DamagedFileError(f"{name} is not well-formed XML ({error}); fetch the feed again") from error
    entries = root.findall(f"{_ATOM}entry")
    if not entries:
        raise EmptyTableError(f"{name} is a feed without entries")
    rows = [_entry(entry) for entry in entries]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return RawTable(
        frame=frame,
        lines=pl.int_range(1, frame.height + 1, eager=True).alias("line"),
        rejects=pl.DataFrame(schema=REJECT_SCHEMA),
        rows_in=frame.height,
        blank_lines=0,
        source_name=path.name,
        source_sha256=digest,
        remarks=("Atom feed",),
    )


def _entry(entry: ET.Element) -> tuple[str | None, ...]:
    terms = dict(re.findall(r"<dt>\s*([^<]*?):?\s*</dt>\s*<dd>\s*([^<]*?)\s*</dd>", _text(entry, "content") or ""))
    category = entry.find(f"{_ATOM}category")
    kind = terms.get("Call Type") or (category.get("label") if category is not None else None)
    point = (entry.findtext(_POINT) or "").split()
    latitude, longitude = point if len(point) == 2 else (None, None)  # noqa: PLR2004 - latitude and longitude
    entry_id = _text(entry, "id")
    number = terms.get("ID") or (entry_id.rsplit("/", 1)[-1] if entry_id else None)
    return (
        entry_id,
        number,
        html.unescape(kind) if kind else None,
        html.unescape(terms["Address"]) if terms.get("Address") else None,
        html.unescape(terms["Agency"]) if terms.get("Agency") else None,
        _text(entry, "published"),
        _text(entry, "updated"),
        latitude,
        longitude,
    )


def _text(entry: ET.Element, name: str) -> str | None:
    text = (entry.findtext(f"{_ATOM}{name}") or "").strip()
    return text or None
