"""From a file to a raw table: unpacking, encoding, and the kinds of file.

What the columns mean is not asked here.

What is read is kept as it stands. The kind is told by the first bytes, not by the suffix, because exports are
renamed.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from everycall.exchange.csv_rows import read_rows, unique_names
from everycall.exchange.errors import DamagedFileError, EmptyTableError, LockedFileError, NotATableError

if TYPE_CHECKING:
    from pathlib import Path

REJECT_SCHEMA: Final = {"line": pl.Int64, "reason": pl.String, "row": pl.String}
"""Columns of a rejects file: line (or row) number in the source, why, and the row as text."""

_JUNK_SHARE: Final = 0.02
"""More control characters than this share of the text, and it is no text."""


_TOP_ROWS: Final = 30
_HEADER_SHARE: Final = 0.6
_ENOUGH_BYTES: Final = 16
"""Fewer bytes do not tell an encoding."""


@dataclass(frozen=True)
class RawTable:
    """A table as it came: texts (or native values), with the line where each row began.

    Attributes:
        frame: the columns of the file, names made unique, in file order.
        lines: where each row began: the line of a text file, the row of a workbook or Parquet file, counted
            from 1.
        rejects: rows that could not be read, in `REJECT_SCHEMA`.
        rows_in: rows found below the header, blank lines not counted.
        blank_lines: lines with nothing on them.
        source_name: the file's name, without its folder.
        source_sha256: hash of the file's bytes.
        remarks: what was noticed while reading (encoding, delimiter, removed NULs).
    """

    frame: pl.DataFrame
    lines: pl.Series
    rejects: pl.DataFrame
    rows_in: int
    blank_lines: int
    source_name: str
    source_sha256: str
    remarks: tuple[str, ...] = field(default=())


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        NotATableError: it is a directory or not there.
        EmptyTableError: it has no bytes.
    """
    if path.is_dir():
        raise NotATableError(f"{path} is a directory; name the file in it")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotATableError(f"there is no file {path}") from error
    except OSError as error:
        raise NotATableError(f"{path} cannot be read: {error.strerror or error}") from error
    if not data:
        raise EmptyTableError(f"{path.name} is empty")
    return data


def read_raw(path: Path) -> RawTable:
    """Read any supported file into a raw table.

    Raises:
        ExchangeError: see the errors of this room.
    """
    data = read_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    return replace(_read_any(data, path.name, digest), source_name=path.name)


def _read_any(data: bytes, name: str, digest: str) -> RawTable:
    data, name = unpack(data, name)
    if data.startswith(b"PAR1"):
        return _from_frame(_read_parquet(data, name), name, digest, first_row=1)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        frame, above = _read_workbook(data, name)
        return _from_frame(frame, name, digest, first_row=above + 2)
    text, encoding, nuls = decode(data, name)
    remarks = [f"encoding {encoding}"]
    if nuls:
        remarks.append(f"{nuls} NUL characters removed")
    rows = read_rows(text, name)
    remarks.append(f"delimiter {rows.delimiter!r}")
    if rows.preface_lines:
        remarks.append(f"{rows.preface_lines} lines before the header skipped")
    rejects = pl.DataFrame(rows.rejects, schema=REJECT_SCHEMA, orient="row")
    if rows.frame.is_empty() and rejects.is_empty():
        raise EmptyTableError(f"{name} has a header and no rows below it")
    return RawTable(
        frame=rows.frame,
        lines=rows.lines,
        rejects=rejects,
        rows_in=rows.frame.height + rejects.height,
        blank_lines=rows.blank_lines,
        source_name=name,
        source_sha256=digest,
        remarks=tuple(remarks),
    )


def unpack(data: bytes, name: str) -> tuple[bytes, str]:
    """Undo gzip and zip; the name loses the suffix.

    Raises:
        DamagedFileError: the archive is cut short or broken.
        NotATableError: a zip archive with no file, or several.
    """
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise DamagedFileError(
                f"{name} is a gzip file that is cut short or damaged ({error}); fetch it again"
            ) from error
        if not data:
            raise EmptyTableError(f"{name} is empty inside")
        return unpack(data, name.removesuffix(".gz"))
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):  # an archive, and one without a file
        return _unpack_zip(data, name)
    return data, name


def _unpack_zip(data: bytes, name: str) -> tuple[bytes, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names:
                return data, name
            files = [
                n
                for n in names
                if not n.endswith("/") and not n.startswith("__MACOSX/") and not n.split("/")[-1].startswith(".")
            ]
            if len(files) != 1:
                what = "no file" if not files else f"{len(files)} files ({', '.join(files[:5])})"
                raise NotATableError(f"{name} holds {what}; unpack it and name one file")
            inner = archive.read(files[0])
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError) as error:
        raise DamagedFileError(
            f"{name} is a zip file that is cut short or damaged ({error}); fetch it again"
        ) from error
    except RuntimeError as error:  # zipfile's word for an encrypted member
        raise LockedFileError(f"{name} is protected by a password; unpack it first") from error
    if not inner:
        raise EmptyTableError(f"{files[0]} in {name} is empty")
    return unpack(inner, files[0].split("/")[-1])


def decode(data: bytes, name: str) -> tuple[str, str, int]:
    """Text of the bytes, the encoding, and how many NULs were taken out.

    Raises:
        NotATableError: the bytes are no text.
    """
    text, encoding = _decode(data)
    nuls = text.count("\0")
    if nuls:
        text = text.replace("\0", "")
    sample = text[:65536]
    junk = sum(1 for c in sample if (c < " " and c not in "\t\n\r\f\x1c\x1d\x1e\x1f") or c == "\ufffd")
    if (junk or nuls > len(text)) and (junk + nuls) > _JUNK_SHARE * max(len(sample), 1):
        raise NotATableError(f"{name} is not a table: its bytes are not text, Excel or Parquet")
    start = sample.lstrip()[:200].lower()
    if start.startswith(("<!doctype html", "<html")):
        raise NotATableError(f"{name} is a web page, not a table; download the data itself")
    if start.startswith(("<?xml", "<feed", "<rss")):
        raise NotATableError(f"{name} is XML, and not an Atom feed of incidents")
    if start.startswith(("{", "[{", "%pdf")):
        kind = "a PDF" if start.startswith("%") else "JSON"
        raise NotATableError(f"{name} is {kind}, not a table; export it as CSV, Excel or Parquet")
    if not sample.strip():
        raise EmptyTableError(f"{name} is empty")
    return text, encoding, nuls


def _decode(data: bytes) -> tuple[str, str]:
    marks = (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    )
    for mark, encoding in marks:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), encoding.removesuffix("-sig")
    head = data[:4096]
    if len(head) > _ENOUGH_BYTES:
        if head[1::2].count(0) > 0.7 * len(head[1::2]) and head[0::2].count(0) < 0.1 * len(head):
            return data.decode("utf-16-le", errors="replace"), "utf-16-le"
        if head[0::2].count(0) > 0.7 * len(head[0::2]) and head[1::2].count(0) < 0.1 * len(head):
            return data.decode("utf-16-be", errors="replace"), "utf-16-be"
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def _read_parquet(data: bytes, name: str) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(data))
    except pl.exceptions.PolarsError as error:
        raise DamagedFileError(f"{name} is a Parquet file that cannot be read: {error}") from error


def _read_workbook(data: bytes, name: str) -> tuple[pl.DataFrame, int]:
    """The first sheet that holds anything, and how many rows stand above its header."""
    if data.startswith(b"\xd0\xcf\x11\xe0") and "EncryptedPackage".encode("utf-16-le") in data:
        raise LockedFileError(f"{name} is protected by a password; save it without one and import that")
    try:
        import fastexcel  # noqa: PLC0415 - the extra is asked for when a workbook comes, not before
    except ModuleNotFoundError as error:
        from everycall.exchange.errors import MissingExtraError  # noqa: PLC0415 - only on this path

        raise MissingExtraError("fastexcel") from error
    try:
        book = fastexcel.read_excel(data)
        for sheet in book.sheet_names:
            top = pl.DataFrame(book.load_sheet(sheet, header_row=None, n_rows=_TOP_ROWS, dtypes="string"))
            if not top.is_empty():
                at = _header_row(top)
                frame = pl.DataFrame(book.load_sheet(sheet, header_row=at, dtype_coercion="coerce"))
                return frame.rename(dict(zip(frame.columns, unique_names(frame.columns), strict=True))), at
    except fastexcel.FastExcelError as error:
        word = str(error).lower()
        if "password" in word or "encrypt" in word:
            raise LockedFileError(f"{name} is protected by a password; save it without one and import that") from error
        raise DamagedFileError(f"{name} is a workbook that cannot be read: {error}") from error
    raise EmptyTableError(f"{name} has no rows on any sheet")


def _header_row(top: pl.DataFrame) -> int:
    """The first row that is filled nearly as much as any: titles above a header fill a cell or two."""
    filled = [sum(1 for cell in row if cell not in {None, ""}) for row in top.rows()]
    return next(at for at, count in enumerate(filled) if count >= _HEADER_SHARE * max(filled))


def _from_frame(frame: pl.DataFrame, name: str, digest: str, *, first_row: int) -> RawTable:
    """A native table: its rows have no lines, so the row number stands in; wholly empty rows are no rows."""
    if frame.width == 0 or frame.height == 0:
        raise EmptyTableError(f"{name} has a header and no rows below it")
    lines = pl.int_range(first_row, first_row + frame.height, eager=True).alias("line")
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    blank = int(empty.sum())
    if blank:
        frame, lines = frame.filter(~empty), lines.filter(~empty)
    return RawTable(
        frame=frame,
        lines=lines,
        rejects=pl.DataFrame(schema=REJECT_SCHEMA),
        rows_in=frame.height,
        blank_lines=blank,
        source_name=name,
        source_sha256=digest,
        remarks=(f"{frame.width} columns with types of their own",),
    )
