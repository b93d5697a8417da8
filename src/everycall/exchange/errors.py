"""The errors of the room: each carries a sentence that says what is wrong and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


_SHOWN: Final = 30
"""So many columns are named in an error."""


class ExchangeError(Exception):
    """Anything that keeps a file from being read or written; its text is meant for the user."""


class NotATableError(ExchangeError):
    """The file is no table at all: a directory, a web page, binary junk, an archive of several files."""


class EmptyTableError(ExchangeError):
    """The file holds no rows: it is empty, or has a header and nothing below it."""


class DamagedFileError(ExchangeError):
    """The file is cut short or otherwise broken."""


class LockedFileError(ExchangeError):
    """The workbook is protected by a password."""


class ProfileError(ExchangeError):
    """A profile cannot be used: unknown key, wrong value, or something left to fill in."""


class UnknownHeaderError(ExchangeError):
    """No profile fits the header.

    Attributes:
        unplaced: the columns of the file that the nearest profile has no place for.
        nearest: the name of the nearest profile, empty when none is near.
        missing: what the nearest profile needs and the file does not have.
    """

    def __init__(self, path: Path, *, unplaced: Sequence[str], nearest: str, missing: Sequence[str]) -> None:
        self.unplaced = tuple(unplaced)
        self.nearest = nearest
        self.missing = tuple(missing)
        more = len(self.unplaced) - _SHOWN
        shown = ", ".join(self.unplaced[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        near = (
            f" The nearest is {nearest}, which also needs {', '.join(self.missing)}."
            if nearest and self.missing
            else ""
        )
        super().__init__(
            f"{path.name}: no profile fits this header. Columns that could not be placed: {shown}.{near} "
            f"Start a profile for it: everycall import {path.name} --start-profile my.toml, fill it in, then "
            f"everycall import {path.name} --profile my.toml -o calls.parquet"
        )


class WrongProfileError(ExchangeError):
    """The profile that was asked for does not fit this file."""


class TimeFormatError(ExchangeError):
    """Most values of a time column could not be read as times."""


class SeveralRowsError(ExchangeError):
    """A row of the file is not a call: calls have several rows, as where each unit has one."""

    def __init__(self, *, calls: int, rows: int, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        more = len(self.columns) - _SHOWN
        shown = ", ".join(self.columns[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        super().__init__(
            f"{calls:,} calls have several rows, {rows:,} in all, in which {shown} differ, as where each unit has a "
            f"row. Read so, they would be counted {rows:,} times. Make of it one row a call, with the first of each "
            "time; or, if each row is a call of its own, take `call` out of the profile"
        )


class OutputError(ExchangeError):
    """The output could not be written."""


class MissingExtraError(ExchangeError):
    """A library of the extra `tables` is not installed."""

    def __init__(self, library: str) -> None:
        self.library = library
        super().__init__(f"this needs {library}, which is not installed: pip install 'everycall[tables]' brings it")
