"""What a record looks like inside SQLite, and how a file is told to be one.

The file says what it is three times: in SQLite's application id (what `file` shows), in its user version (the
format's number), and in words in the table `meta`. The rules of the log are in the schema itself, so that
they also hold for somebody with a plain `sqlite3` and good intentions: an entry comes right after the last
one, and is never changed or removed. (They do not hold an attacker who may write the file: triggers can be
dropped.)
"""

import sqlite3

APPLICATION_ID = 0x4556_434C
"""``EVCL``, in SQLite's header at byte 68."""

FORMAT = 1
"""The number of this format, in SQLite's user version."""

FORMAT_NAME = "everycall record"

# typeof() instead of STRICT tables: the SQLite of some long-lived distributions is older than 3.37.
SCHEMA = (
    """CREATE TABLE meta (
    name  TEXT PRIMARY KEY CHECK (typeof(name) = 'text'),
    value TEXT NOT NULL CHECK (typeof(value) = 'text')
) WITHOUT ROWID""",
    """CREATE TABLE entry (
    sequence INTEGER PRIMARY KEY,
    data     BLOB NOT NULL CHECK (typeof(data) = 'blob' AND length(data) BETWEEN 1 AND 65535)
)""",
    """CREATE TABLE tag (
    tag      TEXT NOT NULL CHECK (typeof(tag) = 'text' AND tag <> ''),
    sequence INTEGER NOT NULL CHECK (typeof(sequence) = 'integer'),
    PRIMARY KEY (tag, sequence)
) WITHOUT ROWID""",
    """CREATE TABLE command (
    command     TEXT NOT NULL UNIQUE CHECK (typeof(command) = 'text' AND command <> ''),
    fingerprint BLOB NOT NULL CHECK (typeof(fingerprint) = 'blob'),
    first       INTEGER NOT NULL CHECK (typeof(first) = 'integer' AND first >= 1),
    count       INTEGER NOT NULL CHECK (typeof(count) = 'integer' AND count >= 0),
    answer      BLOB NOT NULL CHECK (typeof(answer) = 'blob')
)""",
    """CREATE TABLE seal (
    reference  TEXT NOT NULL UNIQUE CHECK (typeof(reference) = 'text' AND reference <> ''),
    key        BLOB NOT NULL CHECK (typeof(key) = 'blob'),
    nonce      BLOB NOT NULL CHECK (typeof(nonce) = 'blob'),
    ciphertext BLOB NOT NULL CHECK (typeof(ciphertext) = 'blob'),
    token      TEXT CHECK (typeof(token) IN ('text', 'null'))
)""",
    """CREATE INDEX seal_by_token ON seal (token) WHERE token IS NOT NULL""",
    """CREATE TABLE blob (
    sha256 TEXT NOT NULL UNIQUE CHECK (typeof(sha256) = 'text' AND length(sha256) = 64),
    data   BLOB NOT NULL CHECK (typeof(data) = 'blob')
)""",
    # BEFORE INSERT, not only UPDATE and DELETE: INSERT OR REPLACE removes a row without any delete trigger.
    """CREATE TRIGGER entry_comes_next BEFORE INSERT ON entry
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM entry)
BEGIN SELECT RAISE(ABORT, 'an entry comes right after the last one'); END""",
    """CREATE TRIGGER command_is_new BEFORE INSERT ON command
WHEN EXISTS (SELECT 1 FROM command WHERE command = NEW.command)
BEGIN SELECT RAISE(ABORT, 'this command is recorded already'); END""",
    """CREATE TRIGGER seal_is_new BEFORE INSERT ON seal
WHEN EXISTS (SELECT 1 FROM seal WHERE reference = NEW.reference)
BEGIN SELECT RAISE(ABORT, 'this seal is recorded already'); END""",
    """CREATE TRIGGER blob_is_new BEFORE INSERT ON blob
WHEN EXISTS (SELECT 1 FROM blob WHERE sha256 = NEW.sha256)
BEGIN SELECT RAISE(ABORT, 'this blob is recorded already'); END""",
    *(
        f"""CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END"""
        for table in ("meta", "entry", "tag", "command", "seal", "blob")
    ),
    # Not for seals: a court may order a sealed value erased. An event only ever refers to it.
    *(
        f"""CREATE TRIGGER {table}_stays BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, 'nothing is removed from a record'); END"""  # noqa: S608 - table names of this module
        for table in ("meta", "entry", "tag", "command", "blob")
    ),
)


def write_schema(connection: sqlite3.Connection, meta: dict[str, str]) -> None:
    """Make an empty database into an empty record.

    Args:
        connection: To a database without tables, in autocommit mode.
        meta: What the file says about itself in words.
    """
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    for statement in SCHEMA:
        connection.execute(statement)
    connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", sorted(meta.items()))
    connection.execute("COMMIT")


def stored_schema(connection: sqlite3.Connection) -> set[str]:
    """The statements that made what is in this database, statistics left aside."""
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_stat%'")
    return {str(sql) for (sql,) in rows}
