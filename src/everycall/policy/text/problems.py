"""What is wrong with a text, where, and what to do about it; several problems are told at once."""

from __future__ import annotations

from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, Protocol

from everycall.core.base import Frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MOST_PROBLEMS: Final = 100
"""After so many the reader stops: whoever has more has given it another kind of file."""

_LISTED: Final = 12
_COMPARED: Final = 2_000
_QUOTED: Final = 60


class Place(Protocol):
    """Anything that stands somewhere in the text; lines and columns count from 1."""

    @property
    def line(self) -> int:
        """Its first line."""

    @property
    def column(self) -> int:
        """Its first column."""


class Problem(Frozen, frozen=True, kw_only=True):
    """One thing that is wrong.

    Attributes:
        line: Counted from 1.
        column: Counted from 1.
        rule: The id of the rule that it stands in; empty outside of rules.
        says: What is wrong.
        remedy: What to do.
    """

    line: int
    column: int
    rule: str
    says: str
    remedy: str

    def __str__(self) -> str:
        where = f"line {self.line}, rule '{self.rule}'" if self.rule else f"line {self.line}"
        return f"{where}: {self.says} Remedy: {self.remedy}"


class PolicyError(Exception):
    """The text is no policy. Its words name every problem, one a line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems: Final = problems


class Problems:
    """Gathers problems and warnings while a text is read."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._warned: list[Problem] = []
        self._rule = ""

    def add(self, at: Place, says: str, remedy: str) -> None:
        """Note a problem.

        Raises:
            PolicyError: There are too many to go on.
        """
        self._found.append(self._problem(at, says, remedy))
        if len(self._found) >= MOST_PROBLEMS:
            self._found.append(
                self._problem(
                    at, f"There may be more: reading ended after {MOST_PROBLEMS} problems.", "Mend these first."
                )
            )
            self.settle()

    def warn(self, at: Place, says: str, remedy: str) -> None:
        """Note what is allowed but hardly meant."""
        self._warned.append(self._problem(at, says, remedy))

    @contextmanager
    def within_rule(self, rule: str) -> Iterator[None]:
        """Name this rule in every problem that is noted meanwhile."""
        self._rule = rule
        yield
        self._rule = ""

    def settle(self) -> tuple[Problem, ...]:
        """Say what was found, by line.

        Returns:
            The warnings.

        Raises:
            PolicyError: There were problems.
        """
        if self._found:
            raise PolicyError(_by_line(self._found))
        return _by_line(self._warned)

    def _problem(self, at: Place, says: str, remedy: str) -> Problem:
        return Problem(line=at.line, column=at.column, rule=self._rule, says=says, remedy=remedy)


def _by_line(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))


def quoted(word: str) -> str:
    """The word in quotes, shortened where it is long."""
    return repr(word if len(word) <= _QUOTED else word[: _QUOTED - 1] + "…")


def near(word: str, known: Collection[str]) -> str:
    """A remedy for an unknown word: the near one, else what there is."""
    candidates = (sorted(known) if isinstance(known, frozenset) else list(known))[:_COMPARED]
    if not candidates:
        return "There is none to name yet; declare one first."
    close = get_close_matches(word[:_QUOTED], candidates, 1, 0.6)
    if close:
        return f"Did you mean {quoted(close[0])}?"
    return f"Write one of: {', '.join(candidates[:_LISTED])}{', …' if len(known) > _LISTED else ''}."
