"""What the engine needs from outside, as protocols; the rooms that wire it hand in the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from everycall.core.certificates import CertificateSummary
    from everycall.core.policies import Evaluator
    from everycall.core.sealed import Sealed


class LogFailedError(Exception):
    """The log could not be read or written while a command was on its way."""


class Clock(Protocol):
    """Tells the time; the engine sees to it that it never goes back."""

    def now(self) -> int:
        """Microseconds since 1970-01-01T00:00:00Z."""
        ...


class KnownCommand(Protocol):
    """A command that the log already holds."""

    @property
    def fingerprint(self) -> bytes:
        """Keyed hash of its content."""
        ...

    @property
    def answer(self) -> bytes:
        """What was answered then."""
        ...


class Log(Protocol):
    """An append-only log of bytes by one writer. What it has acknowledged is durable."""

    @property
    def centre(self) -> str:
        """The centre whose log it is."""
        ...

    @property
    def largest(self) -> int:
        """Bytes of the largest entry that it takes."""
        ...

    def length(self) -> int:
        """The sequence of the last durable entry."""
        ...

    def read(self, first: int = 1, last: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The durable entries in order."""
        ...

    def by_tag(self, tag: str) -> Iterator[tuple[int, bytes]]:
        """The durable entries that carry a tag, in order."""
        ...

    def find_command(self, command: str) -> KnownCommand | None:
        """A durable command by its id."""
        ...

    def submit(
        self,
        first: int,
        entries: Sequence[tuple[bytes, tuple[str, ...]]],
        command: str | None,
        fingerprint: bytes,
        answer: bytes,
        seals: Sequence[object],
    ) -> Future[None]:
        """Append what one command made, whole or not at all; the future is done when it is durable.

        Every future ends, in the order in which they were made. After one has failed, all later ones do.
        """
        ...


class Seals(Protocol):
    """Seals personal values.

    The second part of what `seal` gives goes to the log with the events that refer to it.
    """

    def seal(self, value: str, *, searchable: bool) -> tuple[Sealed, object]:
        """A reference for the event, and what the log keeps beside it."""
        ...

    def fingerprint(self, data: bytes) -> bytes:
        """A keyed hash: a plain one of a command would let a guesser try telephone numbers."""
        ...

    def lock(self, data: bytes) -> bytes:
        """Bytes that only this store can open again; for the spool."""
        ...

    def unlock(self, data: bytes) -> bytes:
        """The bytes that `lock` was given."""
        ...


class TravelTimes(Protocol):
    """Travel times worked out beforehand."""

    def to(self, incident: str) -> Mapping[str, int]:
        """Milliseconds by unit, to an incident."""
        ...


class Evaluators(Protocol):
    """Policies ready to be asked, by the hash of their text; kept ready by whoever implements it."""

    def find(self, policy: str) -> Evaluator | None:
        """The evaluator of this text; none where the text cannot be found or read."""
        ...


class Certificates(Protocol):
    """What the checks of policies found, by the hash of the certificate."""

    def find(self, certificate: str) -> CertificateSummary | None:
        """The summary of this certificate; none where it cannot be found or is none."""
        ...


class Spool(Protocol):
    """Where calls go when the log fails: durable when `put` returns."""

    def put(self, data: bytes) -> None:
        """Keep one item."""
        ...

    def waiting(self) -> Sequence[bytes]:
        """The items, in the order in which they came."""
        ...

    def drained(self) -> None:
        """All items that `waiting` gave last are in the log; they may go."""
        ...


class OneEvaluator:
    """One policy that is at hand, and no other."""

    def __init__(self, evaluator: Evaluator) -> None:
        """Give out this one."""
        self._evaluator = evaluator

    def find(self, policy: str) -> Evaluator | None:
        """It, if it is the one that is asked for."""
        return self._evaluator if self._evaluator.policy == policy else None


class NoTravelTimes:
    """Nothing is known about travel: every candidate's time is unknown."""

    def to(self, incident: str) -> Mapping[str, int]:
        """No times."""
        del incident
        return {}
