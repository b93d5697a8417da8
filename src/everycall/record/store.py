"""What every store of a record can do, whatever it is made of; the tests of all stores run against this."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Protocol, Self

from everycall.record.entries import Batch, SealRow, StoredCommand


class RecordStore(Protocol):
    """A gapless log of bytes by one writer, with index tags, commands, sealed values and blobs beside it.

    Reads see what is durable and nothing else, and may run in any thread while the log is written.
    """

    @property
    def centre(self) -> str:
        """The centre whose record this is."""
        ...

    @property
    def facts(self) -> Mapping[str, str]:
        """What was said about the record when it was made."""
        ...

    def submit(self, batch: Batch) -> Future[None]:
        """Queue a batch; the future is done when the batch is durable, or failed."""
        ...

    def append(self, batch: Batch) -> None:
        """Write a batch and return when it is durable."""
        ...

    def flush(self) -> None:
        """Return when everything submitted so far is durable or has failed."""
        ...

    def length(self) -> int:
        """How many entries are durable: the sequence of the last one."""
        ...

    def read(self, first: int = 1, last: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Entries in order of sequence, `first` and `last` included."""
        ...

    def by_tag(self, tag: str) -> Iterator[tuple[int, bytes]]:
        """The entries that carry a tag, in order of sequence."""
        ...

    def find_tags(self, prefix: str) -> Iterator[str]:
        """The different tags that begin with a prefix, in order of their code points."""
        ...

    def find_command(self, command: str) -> StoredCommand | None:
        """A durable command by its client's id."""
        ...

    def put_blob(self, data: bytes) -> str:
        """Keep bytes by their SHA-256 and return it in hexadecimal digits when they are durable."""
        ...

    def blob(self, sha256: str) -> bytes:
        """The bytes of a blob, checked against their hash."""
        ...

    def seal_row(self, reference: str) -> SealRow | None:
        """A sealed value by its reference."""
        ...

    def seals_by_token(self, token: str) -> Iterator[SealRow]:
        """The sealed values that carry a match token."""
        ...

    def close(self) -> None:
        """Write what is queued, then let go of the store."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
