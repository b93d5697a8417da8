"""A centre on a record whose clock the test sets, for the tests of balance and export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.centre.embedded import EmbeddedCentre
from everycall.core.actors import Actor
from everycall.core.commands import AnyCommand, Command
from everycall.engine.answers import Done

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = 1_600_000_000_000_000
"""An instant in September 2020."""

DISPATCHER = Actor(person="D1", role="dispatcher", position="P2", agency="PD")


class FloorClock:
    """Stands where it is set."""

    def __init__(self) -> None:
        self.at = BEGIN

    def now(self) -> int:
        return self.at


class CentreFloor:
    """Commands, one second after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = FloorClock()
        self.centre = EmbeddedCentre.create(path, centre="Marlow Bay", clock=self.clock)
        self._count = 0

    def do(self, body: AnyCommand, *, after: float = 1) -> Done:
        """Carry out a command; anything else is a failure of the test."""
        self.clock.at += int(after * 1_000_000)
        self._count += 1
        answer = self.centre.engine.handle(Command(id=f"f{self._count}", actor=DISPATCHER, body=body))
        if not isinstance(answer, Done):
            raise AssertionError(f"{type(body).__name__}: {answer}")  # noqa: TRY004
        return answer

    def wait(self, seconds: float) -> None:
        """Let time pass, and what is due with it."""
        self.clock.at += int(seconds * 1_000_000)
        self.centre.engine.advance()
