"""What docs/record.md says about reading a record without us is true, by doing it."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from everycall.record import Batch, Entry, SqliteRecord
from everycall.record.sqlite_schema import APPLICATION_ID

DOCS = (Path(__file__).parents[2] / "docs" / "record.md").read_text("utf-8")


def test_each_example_reads_a_record_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "centre.record"
    examples = re.findall(r'^sqlite3 -readonly centre\.record "(.*?)"', DOCS, re.MULTILINE | re.DOTALL)
    assert len(examples) >= 4
    with SqliteRecord.create(path, centre="centre.example") as record:
        record.append(Batch(1, (Entry(b"{}", ("incident:2026-000001",)),)))
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            answers = [connection.execute(example).fetchall() for example in examples]
    assert ("centre", "centre.example") in answers[0]
    assert answers[1:] == [[(1, 1, 1)], [(1, "{}")], [("ok",)]]


def test_every_table_and_column_is_described(tmp_path: Path) -> None:
    SqliteRecord.create(tmp_path / "a.record", centre="c").close()
    with closing(sqlite3.connect(tmp_path / "a.record")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            (row,) = re.findall(rf"^\| `{table}` \|.*$", DOCS, re.MULTILINE)
            for column in connection.execute(f"PRAGMA table_info({table})"):
                assert f"`{column[1]}`" in row


def test_the_number_by_which_file_knows_a_record_is_the_right_one() -> None:
    assert f"application id {APPLICATION_ID}" in DOCS
