"""The record: an append-only log of opaque bytes with index tags, its seals, its blobs and its spool.

What lives here keeps bytes and gives them back; nothing here may know what a call, an incident or an event
means, and nothing here imports any other part of Everycall.
"""

from everycall.record.entries import Batch, Entry, SealRow, StoredCommand, index_tag
from everycall.record.errors import (
    BatchRefused,
    BlobMissing,
    CommandAlreadyRecorded,
    DamagedRecord,
    DiskFailed,
    InvalidEntry,
    KeyMissing,
    NewerRecord,
    NotARecord,
    NotTheNextSequence,
    ReadOnlyRecord,
    RecordAccessDenied,
    RecordBroken,
    RecordBusy,
    RecordClosed,
    RecordError,
    RecordExists,
    RecordMissing,
    SealDoesNotOpen,
    SpoolFailed,
    WrongKey,
)
from everycall.record.seals import Sealed, Sealer
from everycall.record.spool import Spool
from everycall.record.sqlite_log import SqliteRecord
from everycall.record.store import RecordStore

__all__ = [
    "Batch",
    "BatchRefused",
    "BlobMissing",
    "CommandAlreadyRecorded",
    "DamagedRecord",
    "DiskFailed",
    "Entry",
    "InvalidEntry",
    "KeyMissing",
    "NewerRecord",
    "NotARecord",
    "NotTheNextSequence",
    "ReadOnlyRecord",
    "RecordAccessDenied",
    "RecordBroken",
    "RecordBusy",
    "RecordClosed",
    "RecordError",
    "RecordExists",
    "RecordMissing",
    "RecordStore",
    "SealDoesNotOpen",
    "SealRow",
    "Sealed",
    "Sealer",
    "Spool",
    "SpoolFailed",
    "SqliteRecord",
    "StoredCommand",
    "WrongKey",
    "index_tag",
]
