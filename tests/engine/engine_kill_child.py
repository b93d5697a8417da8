"""A centre under load, to be killed: prints every answer that it gave, as it gives it."""

from __future__ import annotations

import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from everycall.centre.embedded import EmbeddedCentre
from everycall.core.actors import Actor
from everycall.core.calls import StampCall, TakeCall, UpdateCall
from everycall.core.commands import AnyCommand, Command
from everycall.core.facts import FactGiven
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import NoEmergency
from everycall.core.sealed import Private
from everycall.core.settling import Settle
from everycall.engine.answers import Done, encode_answer

if TYPE_CHECKING:
    from concurrent.futures import Future

    from everycall.engine.answers import Answer

IN_FLIGHT = 32
ACTOR = Actor(person="D1", role="dispatcher", position="P2")


def command(part: int, number: int) -> Command:
    """The command of a number, always the same one."""
    call = f"C{number // 4 + 1:06d}"
    bodies: tuple[AnyCommand, ...] = (
        TakeCall(
            channel="emergency_voice",
            words=Private(value=f"words of {part}/{number}"),
            needs=(NeedAsked(service="police"), NeedAsked(service="ems")),
            open_incident=number % 8 == 0,
        ),
        StampCall(call=call, stamp="answered"),
        UpdateCall(call=call, facts=(FactGiven(name="weapon", value=number % 3 == 0),)),
        Settle(needs=(f"{call}-1",), outcome=NoEmergency(kind="misdial", confirmed_by="caller")),
    )
    return Command(id=f"{part}/{number}", actor=ACTOR, body=bodies[number % 4])


def main() -> None:
    path, part = Path(sys.argv[1]), int(sys.argv[2])
    waiting: deque[Future[Answer]] = deque()
    with EmbeddedCentre.open(path) as centre:
        number = 0
        while True:
            waiting.append(centre.engine.submit(command(part, number)))
            number += 1
            while waiting and (len(waiting) > IN_FLIGHT or waiting[0].done()):
                answer = waiting.popleft().result()
                if isinstance(answer, Done) or answer.__class__.__name__ == "Refusal":
                    sys.stdout.write(f"{part}/{number - len(waiting) - 1} {encode_answer(answer).decode()}\n")  # type: ignore[arg-type]  # both have bytes
            sys.stdout.flush()


if __name__ == "__main__":
    main()
