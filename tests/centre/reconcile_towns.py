"""A centre and a telephone switch that never were, for the tests of the reconciliation."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from everycall.centre.embedded import EmbeddedCentre
from everycall.core.actors import Actor
from everycall.core.calls import AbandonCall, AnswerCall, TakeCall
from everycall.core.commands import Command
from everycall.core.needs import NeedAsked
from everycall.engine.answers import Done

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from everycall.core.commands import AnyCommand
    from everycall.core.vocabulary import Channel

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
"""A Sunday."""


class TownClock:
    """Stands where it is set."""

    def __init__(self) -> None:
        self.at = microseconds(-3_600)

    def now(self) -> int:
        return self.at


def microseconds(seconds: float) -> int:
    """Seconds after noon as an instant."""
    return int(NOON.timestamp() * 1_000_000 + seconds * 1_000_000)


@dataclass(frozen=True)
class Entered:
    """A call as the record has it: when it rang or was received, in seconds after noon."""

    at: float
    channel: Channel = "emergency_voice"
    answered_after: float | None = None
    abandoned_after: float | None = None
    external: str | None = None
    ringing: bool = True
    self_initiated: bool = False


def make_record(path: Path, calls: Iterable[Entered], *, reconstructed: bool = False, until: float = 7_200) -> Path:
    """A record of these calls; it begins an hour before noon, and ends `until` seconds after."""
    clock = TownClock()
    facts = {"zone": "UTC", **({"reconstructed": "yes"} if reconstructed else {})}
    with EmbeddedCentre.create(path, centre="Marlow Bay", clock=clock, facts=facts) as centre:
        number = 0

        def send(body: AnyCommand, at: float) -> Done:
            nonlocal number
            number += 1
            clock.at = max(clock.at, microseconds(at))
            actor = Actor(person="T1", role="telephone")
            answer = centre.engine.handle(Command(id=f"c{number}", actor=actor, body=body, at=microseconds(at)))
            assert isinstance(answer, Done), answer
            return answer

        send(TakeCall(channel="walk_in", reconstructed=reconstructed), -3_600)
        for call in sorted(calls, key=lambda call: call.at):
            made = send(
                TakeCall(
                    channel=call.channel,
                    ringing=call.ringing,
                    needs=(NeedAsked(service="police"),),
                    external=call.external,
                    self_initiated=call.self_initiated,
                    reconstructed=reconstructed,
                ),
                call.at,
            ).made[0]
            if call.answered_after is not None:
                send(AnswerCall(call=made), call.at + call.answered_after)
            if call.abandoned_after is not None:
                send(AbandonCall(call=made), call.at + call.abandoned_after)
        send(TakeCall(channel="walk_in", reconstructed=reconstructed), until)
    return path


@dataclass(frozen=True)
class Rang:
    """A call as the switch has it."""

    at: float
    answered: bool | None = True
    line: str = "911-1"
    wait: int | None = 5
    talk: int | None = 60
    key: str = ""
    number: str = "+1 555 867 5309"


HEADER = ("Call Time", "Trunk", "Answered", "Ring Seconds", "Talk Seconds", "Call ID", "ANI")


def make_log(path: Path, calls: Sequence[Rang], *, skew: float = 0.0, zone: str = "+00:00") -> Path:
    """The switch's log of these calls, its clock ahead by `skew` seconds."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for call in calls:
            at = NOON + timedelta(seconds=call.at + skew)
            writer.writerow(
                [
                    at.strftime("%Y-%m-%dT%H:%M:%S") + zone,
                    call.line,
                    "" if call.answered is None else "yes" if call.answered else "no",
                    "" if call.wait is None else call.wait,
                    "" if call.talk is None else call.talk,
                    call.key,
                    call.number,
                ]
            )
    return path
