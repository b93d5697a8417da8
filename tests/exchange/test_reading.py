"""Files in every state to rows, and files that are no table to an error that says so."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from typing import TYPE_CHECKING

import openpyxl  # type: ignore[import-untyped] # no stubs are published with it
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everycall.exchange.csv_rows import read_rows, split_fields, unique_names
from everycall.exchange.errors import (
    DamagedFileError,
    EmptyTableError,
    ExchangeError,
    LockedFileError,
    NotATableError,
)
from everycall.exchange.reading import read_raw

if TYPE_CHECKING:
    from pathlib import Path


def rows_of(text: str) -> list[tuple[str | None, ...]]:
    return read_rows(text, "x.csv").frame.rows()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = "\n".join(delimiter.join(line) for line in (["a", "b", "c"], ["1", "2", "3"], ["4", "", "6"]))
    rows = read_rows(text, "x.csv")
    assert rows.delimiter == delimiter
    assert rows.frame.rows() == [("1", "2", "3"), ("4", None, "6")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("a,b\ncafé,2\nnaïve,4\n".encode(encoding))
    assert read_raw(path).frame.rows() == [("café", "2"), ("naïve", "4")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_line_will_do(end: str) -> None:
    assert rows_of(end.join(["a,b", "1,2", "3,4", ""])) == [("1", "2"), ("3", "4")]


def test_a_lone_carriage_return_inside_a_field_is_kept_and_ends_no_row() -> None:
    assert rows_of("a,b\n1\r,2\n") == [("1\r", "2")]


def test_quoted_fields_hold_delimiters_quotes_and_line_breaks() -> None:
    text = 'a,b\n"x,y",1\n"say ""no""",2\n"two\nlines",3\n"two\n""quoted"", lines",4\n5,6\n'
    assert rows_of(text) == [
        ("x,y", "1"),
        ('say "no"', "2"),
        ("two\nlines", "3"),
        ('two\n"quoted", lines', "4"),
        ("5", "6"),
    ]


def test_the_line_of_a_row_is_where_it_begins() -> None:
    assert read_rows('a,b\n"two\nlines",3\n\n5,6\n', "x.csv").lines.to_list() == [2, 5]


def test_a_stray_quote_is_a_character_and_swallows_no_rows() -> None:
    assert rows_of('a,b\n5" pipe,1\n"open,2\nx,3\ny,4\n') == [
        ('5" pipe', "1"),
        ('"open', "2"),
        ("x", "3"),
        ("y", "4"),
    ]


def test_a_quote_that_opens_the_last_field_and_never_closes_swallows_no_rows() -> None:
    assert rows_of('a,b\n1,"open\nx,3\ny,4\n') == [("1", '"open'), ("x", "3"), ("y", "4")]


def test_rows_of_another_width_are_rejected_with_line_and_reason() -> None:
    rows = read_rows("a,b,c\n1,2,3\n1,2\n1,2,3,4\n4,5,6\n", "x.csv")
    assert rows.frame.rows() == [("1", "2", "3"), ("4", "5", "6")]
    assert rows.rejects == [
        (3, "2 fields where the header has 3", "1,2"),
        (4, "4 fields where the header has 3", "1,2,3,4"),
    ]


def test_empty_fields_beyond_the_header_are_no_fields() -> None:
    assert rows_of("a,b,,\n1,2,,\n3,4\n5,6,,,,\n") == [("1", "2"), ("3", "4"), ("5", "6")]


def test_a_header_in_the_middle_and_a_row_without_values_are_rejected_and_blank_lines_are_no_rows() -> None:
    rows = read_rows("a,b\n1,2\n\na,b\n,\n  \n3,4\n", "x.csv")
    assert rows.frame.rows() == [("1", "2"), ("3", "4")]
    assert [(line, reason) for line, reason, _ in rows.rejects] == [
        (4, "the header, repeated"),
        (5, "a row without values"),
    ]
    assert rows.blank_lines == 2


def test_lines_above_the_header_are_skipped() -> None:
    rows = read_rows("Calls for service\nprinted 1 June\n\na,b,c\n1,2,3\n4,5,6\n", "x.csv")
    assert rows.frame.columns == ["a", "b", "c"]
    assert rows.preface_lines == 2
    assert rows.frame.height == 2


def test_repeated_and_empty_column_names_are_made_unique() -> None:
    assert unique_names(["a", "a", "", " b ", "a_2"]) == ["a", "a_2", "column_3", "b", "a_2_2"]


def test_nuls_are_removed_and_said(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n1\x00,2\n3,4\n")
    raw = read_raw(path)
    assert raw.frame.rows() == [("1", "2"), ("3", "4")]
    assert any("NUL" in remark for remark in raw.remarks)


def test_gzip_and_zip_are_unpacked_whatever_the_file_is_called(tmp_path: Path) -> None:
    data = b"a,b\n1,2\n"
    (tmp_path / "x.csv").write_bytes(gzip.compress(data))
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("folder/y.csv", data)
        archive.writestr("__MACOSX/._y.csv", b"junk")
    assert read_raw(tmp_path / "x.csv").frame.rows() == [("1", "2")]
    assert read_raw(tmp_path / "y.zip").frame.rows() == [("1", "2")]


def test_a_workbook_is_read_with_its_own_dates(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["a", "b"])
    sheet.append(["x", 1])
    sheet.append([None, None])
    sheet.append(["y", 2])
    book.save(tmp_path / "x.xlsx")
    raw = read_raw(tmp_path / "x.xlsx")
    assert raw.frame["a"].to_list() == ["x", "y"]
    assert raw.lines.to_list() == [2, 4]
    assert raw.rows_in == 2


def test_titles_above_the_header_of_a_workbook_are_skipped(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (["Calls for service"], [], ["a", "b", "c"], ["x", 1, 2.5], ["y", 2, None]):
        sheet.append(line)
    book.save(tmp_path / "x.xlsx")
    raw = read_raw(tmp_path / "x.xlsx")
    assert raw.frame.columns == ["a", "b", "c"]
    assert raw.frame["a"].to_list() == ["x", "y"]
    assert raw.lines.to_list() == [4, 5]


def locked_workbook() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512)


def zip_of(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "a,b\n1,2\n")
    return buffer.getvalue()


BAD_FILES = [
    ("empty", b"", EmptyTableError, "empty"),
    ("blank lines", b"\n\n  \n", EmptyTableError, "empty"),
    ("header only", b"a,b,c\n", EmptyTableError, "no rows"),
    ("one column of prose", b"hello\nworld\n", NotATableError, "not a table"),
    ("binary junk", bytes(range(256)) * 20, NotATableError, "not a table"),
    ("zeros", bytes(5000), NotATableError, "not a table"),
    ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(200)) * 9, NotATableError, "not a table"),
    ("a web page", b"<!DOCTYPE html><html><body>login, please</body></html>", NotATableError, "web page"),
    ("JSON", b'{"a": [1, 2, 3], "b": 2}', NotATableError, "JSON"),
    ("XML", b"<?xml version='1.0'?><x><y/></x>", NotATableError, "XML"),
    ("cut gzip", gzip.compress(b"a,b\n1,2\n" * 500)[:-20], DamagedFileError, "cut short or damaged"),
    ("empty gzip", gzip.compress(b""), EmptyTableError, "empty"),
    ("cut zip", zip_of("a.csv")[:-10], DamagedFileError, "cut short or damaged"),
    ("zip of two", zip_of("a.csv", "b.csv"), NotATableError, "2 files"),
    ("zip of none", zip_of(), NotATableError, "no file"),
    ("locked workbook", locked_workbook(), LockedFileError, "password"),
    ("broken workbook", b"\xd0\xcf\x11\xe0" + bytes(600), DamagedFileError, "workbook"),
    ("broken Parquet", b"PAR1" + bytes(50), DamagedFileError, "Parquet"),
]


@pytest.mark.parametrize(("data", "error", "word"), [b[1:] for b in BAD_FILES], ids=[b[0] for b in BAD_FILES])
def test_what_is_no_table_is_an_error_that_says_why(
    tmp_path: Path, data: bytes, error: type[ExchangeError], word: str
) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(data)
    with pytest.raises(error, match=word):
        read_raw(path)


def test_a_directory_and_a_missing_file_are_errors_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(NotATableError, match="directory"):
        read_raw(tmp_path)
    with pytest.raises(NotATableError, match="no file"):
        read_raw(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "fields", "unfinished"),
    [
        ("a,b", ["a", "b"], False),
        ("", [""], False),
        ("a,", ["a", ""], False),
        ('"a,b",c', ["a,b", "c"], False),
        ('"a""b"', ['a"b'], False),
        ('"a"b,c', ["ab", "c"], False),
        ('a"b,c', ['a"b', "c"], False),
        ('"a,b', ["a,b"], True),
        ('""', [""], False),
    ],
)
def test_fields_of_one_record(text: str, fields: list[str], *, unfinished: bool) -> None:
    assert split_fields(text, ",") == (fields, unfinished)


values = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\x1a\ufeff", exclude_categories=["Cs", "Cc"]),
    max_size=6,
)
field = st.one_of(values, st.sampled_from(['"', '""', ",", "a,b", "x\ny", '"\n', "é"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(field, field, field), min_size=1, max_size=12))
def test_what_the_csv_module_writes_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["col_a", "col_b", "col_c"])
    writer.writerows(rows)
    read = read_rows(buffer.getvalue(), "x.csv")
    kept = [tuple(v or None for v in row) for row in rows if any(v.strip() for v in row)]
    assert read.frame.rows() == kept
    assert read.frame.height + len(read.rejects) == len(rows)


GOOD = "1,2,3\n" * 40


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text('ab,";\n\t', max_size=30), max_size=15))
def test_no_letter_of_any_mangled_text_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    read = read_rows("col_x,col_y,col_z\n" + GOOD + text, "x.csv")
    told = [row for _, _, row in read.rejects]
    kept = [value for row in read.frame.select(pl.all().fill_null("")).rows() for value in row]
    for letter in "ab":
        assert text.count(letter) == sum(part.count(letter) for part in (*told, *kept))
