"""The schema, what validate refuses, how tables are written; and that the docs say every column."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import polars as pl
import pytest
from towns import read, row

from everycall.core.vocabulary import APCO_DISPOSITION_OF, AUDIT_CODE_OF, CALL_STAMP_NAMES
from everycall.exchange.calls_table import (
    ASSIGNMENTS,
    CALL_STAMP_COLUMNS,
    CALLS,
    TableError,
    read_table,
    validate,
    write_table,
)
from everycall.exchange.errors import OutputError
from everycall.exchange.flags import FLAGS
from everycall.exchange.profiles import (
    CALL_STAMPS,
    SAID,
    UNIT_STAMPS,
    Disposition,
    Profile,
    Pseudo,
    Stamp,
    Text,
    Units,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"


def table(folder: Path) -> pl.DataFrame:
    return read(folder, row("A"), row("B", Arrived="", Disposition="Duplicate"), row("C", Closed="")).calls


def test_every_stamp_of_the_table_is_a_word_of_the_vocabulary() -> None:
    assert {name.removesuffix("_at") for name in CALL_STAMP_COLUMNS} <= set(CALL_STAMP_NAMES)


BROKEN = [
    ("missing column", lambda f: f.drop("outcome"), "no column outcome"),
    ("wrong type", lambda f: f.with_columns(pl.col("need").cast(pl.Int32)), "need is Int32"),
    ("extra column", lambda f: f.with_columns(colour=pl.lit("red")), "colour"),
    ("word not ours", lambda f: f.with_columns(outcome=pl.lit("vanished")), "vanished"),
    ("null where never", lambda f: f.with_columns(centre=pl.lit(None, pl.String)), "centre"),
    (
        "stamp without reason",
        lambda f: f.with_columns(closed_at_missing=pl.lit(None, pl.String)),
        "closed_at",
    ),
    ("stamp and reason", lambda f: f.with_columns(received_at_missing=pl.lit("blank")), "received_at"),
    ("repeated call", lambda f: f.with_columns(call=pl.lit("A")), "two rows"),
    ("audit code of another outcome", lambda f: f.with_columns(audit_code=pl.lit("open")), "audit_code"),
    ("APCO code of another outcome", lambda f: f.with_columns(apco_code=pl.lit("99")), "apco_code"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=[b[0] for b in BROKEN])
def test_a_table_that_breaks_the_contract_is_refused(tmp_path: Path, broken: tuple) -> None:  # type: ignore[type-arg]
    _, change, word = broken
    frame = table(tmp_path)
    validate(frame)
    with pytest.raises(TableError, match=word):
        validate(change(frame))


@pytest.mark.parametrize("name", ["calls.parquet", "calls.csv", "calls.csv.gz"])
def test_a_table_is_read_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    frame = table(tmp_path)
    write_table(frame, tmp_path / name, {"a": "b"})
    assert read_table(tmp_path / name).equals(frame)


@pytest.mark.parametrize("name", ["calls.parquet", "calls.csv", "calls.csv.gz"])
def test_the_same_table_gives_the_same_bytes_and_leaves_nothing_else_behind(tmp_path: Path, name: str) -> None:
    frame = table(tmp_path)
    target = tmp_path / "out"
    target.mkdir()
    write_table(frame, target / name, {"a": "b"})
    first = (target / name).read_bytes()
    write_table(frame, target / name, {"a": "b"})
    assert (target / name).read_bytes() == first
    assert [p.name for p in target.iterdir()] == [name]


def test_a_compressed_table_does_not_carry_the_time_it_was_made(tmp_path: Path) -> None:
    write_table(table(tmp_path), tmp_path / "calls.csv.gz")
    assert (tmp_path / "calls.csv.gz").read_bytes()[4:8] == bytes(4)


def test_parquet_says_what_it_was_made_from(tmp_path: Path) -> None:
    imported = read(tmp_path, row())
    write_table(imported.calls, tmp_path / "c.parquet", imported.metadata())
    said = pl.read_parquet_metadata(tmp_path / "c.parquet")
    assert said["everycall.schema_version"] == "1"
    assert said["everycall.profile"] == "marlow_bay"
    assert said["everycall.zone"] == "America/Chicago"
    assert said["everycall.source"] == "marlow_bay.csv"
    assert said["everycall.limits"] == "Made up."
    assert len(said["everycall.source_sha256"]) == len(said["everycall.profile_sha256"]) == 64


@pytest.mark.parametrize("name", ["calls.xls", "calls", "none/calls.parquet", ""])
def test_a_place_that_cannot_be_written_is_an_error_that_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError):
        write_table(table(tmp_path), tmp_path / name)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "calls.csv"
    target.mkdir()
    with pytest.raises(OutputError, match="directory"):
        write_table(table(tmp_path), target)


def test_a_foreign_file_is_no_calls_table(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"a,b\n")[:-4])
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    for name in ("x.csv", "x.csv.gz", "x.parquet", "none.parquet"):
        with pytest.raises(TableError):
            read_table(tmp_path / name)


def documented(page: str, section: str) -> list[tuple[str, ...]]:
    """Rows of the first table below a heading: cells without their marks."""
    text = (DOCS / page).read_text(encoding="utf-8")
    part = re.split(rf"^## {re.escape(section)}\s*$", text, maxsplit=1, flags=re.MULTILINE)[1]
    part = re.split(r"^#", part, maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [tuple(cell.strip().strip("`") for cell in line.strip("|").split(" | ")) for line in lines]


def shown(dtype: pl.DataType) -> str:
    names = {"String": "text", "Int64": "integer", "Boolean": "boolean"}
    return (
        "instant"
        if isinstance(dtype, pl.Datetime)
        else "list of texts"
        if isinstance(dtype, pl.List)
        else names[str(dtype)]
    )


@pytest.mark.parametrize(("section", "columns"), [("The calls table", CALLS), ("The assignments table", ASSIGNMENTS)])
def test_the_docs_say_every_column_as_the_schema_does(section: str, columns: tuple) -> None:  # type: ignore[type-arg]
    wanted = [(c.name, shown(c.dtype), c.meaning, c.null) for c in columns]
    assert [row[:4] for row in documented("calls-table.md", section)] == wanted


def test_the_docs_say_every_outcome_with_its_codes() -> None:
    rows = documented("calls-table.md", "Outcomes and their codes")
    assert [(r[0], r[1], r[2]) for r in rows] == [(o, AUDIT_CODE_OF[o], APCO_DISPOSITION_OF[o]) for o in AUDIT_CODE_OF]


def test_the_docs_say_every_flag() -> None:
    assert [(r[0], r[1]) for r in documented("calls-table.md", "Flags")] == list(FLAGS.items())


def test_the_docs_say_every_key_of_a_profile() -> None:
    text = (DOCS / "city-exports.md").read_text(encoding="utf-8")
    for kind in (Profile, Text, Stamp, Units, Disposition, Pseudo):
        for key in kind.__struct_fields__:
            assert f"`{key}`" in text, f"docs/city-exports.md does not say `{key}` of {kind.__name__}"
    for word in (*SAID, *CALL_STAMPS, *UNIT_STAMPS):
        assert f"`{word}`" in text, f"docs/city-exports.md does not say `{word}`"
