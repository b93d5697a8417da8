# ruff: noqa: N818 - each name says what happened, as the docs do; a suffix on twenty of them says nothing
"""What can go wrong with a record: one exception type a reason, each message a sentence with what to do."""


class RecordError(Exception):
    """Anything the record refuses or fails at; its text is for the person at the keyboard."""


class RecordExists(RecordError):
    """A record was to be made where a file already is."""


class RecordMissing(RecordError):
    """There is no file where a record was to be opened."""


class NotARecord(RecordError):
    """What was to be opened is something else: a folder, an empty file, another program's file."""


class NewerRecord(RecordError):
    """The file is a record in a format that only a newer Everycall reads."""


class DamagedRecord(RecordError):
    """The file is a record, but its bytes are not as they were written."""


class RecordAccessDenied(RecordError):
    """The file system does not let this user read or write the record."""


class DiskFailed(RecordError):
    """The disk is full, or reports errors."""


class RecordBusy(RecordError):
    """Somebody else is writing this record; a record has one writer."""


class RecordClosed(RecordError):
    """The record was closed before this was asked of it."""


class ReadOnlyRecord(RecordError):
    """Something was to be written through a record opened for reading."""


class RecordBroken(RecordError):
    """The writer has stopped after a failure: nothing can be written until the record is opened again.

    A batch that fails with this error is not acknowledged. It may nevertheless be found after reopening
    (when a disk reports an error, what reached it is unknown), so look for its command before trying again.
    """


class InvalidEntry(RecordError, ValueError):
    """What was to be written cannot be stored as it is; a fault of the program that made it."""


class BatchRefused(RecordError):
    """One batch was not taken; the record goes on, and nothing of the batch is in it."""


class NotTheNextSequence(BatchRefused):
    """The batch does not start where the log ends."""


class CommandAlreadyRecorded(BatchRefused):
    """The batch carries a command id that is already in the record."""


class BlobMissing(RecordError, LookupError):
    """No blob of this hash is in the record."""


class KeyMissing(RecordError):
    """The file with the store key is not beside the record."""


class WrongKey(RecordError):
    """The key file does not belong to this record."""


class SealDoesNotOpen(RecordError):
    """A sealed value and its commitment, its row or the store key do not belong together."""


class SpoolFailed(RecordError):
    """The spool could not keep a call; say so to the caller's taker at once."""
