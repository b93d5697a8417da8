"""Taking calls in the synthetic day: ring, answer, ask, place, classify, open; or all at once in writing."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from everycall.core.calls import AddNeed, AnswerCall, CallTaken, LocateCall, NeedAdded, TakeCall, UpdateCall
from everycall.core.facts import FactGiven
from everycall.core.incidents import IncidentOpened, OpenIncident
from everycall.core.needs import Classify, EstablishService, NeedAsked
from everycall.core.sealed import Private
from everycall.simulate import town
from everycall.simulate.floor import SWITCH, Asked, Floor, Taken

if TYPE_CHECKING:
    from random import Random

    from everycall.core.actors import Actor
    from everycall.core.vocabulary import Channel, Mode

Taking = Generator[int, None, Taken]
"""A process that ends with the ids of the call that it took."""

_SPOKEN: Final = frozenset({"emergency_voice", "ten_digit_line", "tty"})
_MODES: Final[dict[Channel, Mode]] = {
    "text": "text",
    "tty": "tty",
    "relay": "relay",
    "email": "not_recorded",
    "web_form": "not_recorded",
}


def told(floor: Floor, key: str) -> tuple[FactGiven, ...]:
    """What every caller gives: a number to call back, searchable, and a name; both are personal values."""
    dice = floor.dice(f"caller/{key}")
    number = f"+1 555 01{dice.randrange(100_000):05d}"
    return (
        FactGiven(name="caller.phone", value=Private(value=number, searchable=True)),
        FactGiven(name="caller.name", value=Private(value=f"Caller-{dice.randrange(10**6):06d}")),
        FactGiven(name="people.present", value=dice.randrange(1, 5)),
    )


def take(floor: Floor, asked: Asked, *, open_incident: bool = True) -> Taking:
    """Take a call by whatever channel it comes."""
    spoken = asked.channel in _SPOKEN
    taken = yield from (_spoken if spoken else _written)(floor, asked, open_incident=open_incident)
    if taken.incident:
        floor.known(taken.incident, asked)
    return taken


def rung(floor: Floor, asked: Asked) -> str:
    """A telephone rings; the call exists from the first ring."""
    dice = floor.dice(f"ring/{asked.key}")
    trunk = f"trunk {dice.randrange(1, 9)}" if asked.channel == "emergency_voice" else "ten-digit line"
    mode: Mode = "tty" if asked.channel == "tty" else "voice"
    return (
        floor.driver.do(SWITCH, TakeCall(channel=asked.channel, mode=mode, ringing=True, line=trunk))
        .one(CallTaken)
        .call
    )


def _spoken(floor: Floor, asked: Asked, *, open_incident: bool) -> Taking:
    dice = floor.dice(f"take/{asked.key}")
    call = rung(floor, asked)
    yield dice.randrange(3, 12)
    taker = floor.taker()
    floor.driver.do(taker, AnswerCall(call=call))
    yield dice.randrange(8, 22)
    return (yield from asked_out(floor, asked, call, taker, dice, open_incident=open_incident))


def asked_out(
    floor: Floor, asked: Asked, call: str, taker: Actor, dice: Random, *, open_incident: bool = True
) -> Taking:
    """What a call-taker asks once the caller is on the line."""
    d = floor.driver
    source = "phase_2" if dice.randrange(5) else "caller"
    d.do(taker, LocateCall(call=call, place=town.place(asked.spot, dice, source=source)))
    needs = [f"{call}-1"]
    d.do(taker, EstablishService(need=needs[0], service=asked.needs[0][0]))
    for service, _ in asked.needs[1:]:
        more = d.do(taker, AddNeed(call=call, need=NeedAsked(service=service))).one(NeedAdded)
        needs.append(more.need.need)
    for number, (need, (_, kind)) in enumerate(zip(needs, asked.needs, strict=True)):
        first = asked.first_type if number == 0 and asked.first_type else kind
        d.do(taker, Classify(call=call, type=first, need=need))
    yield dice.randrange(5, 20)
    d.do(
        taker,
        UpdateCall(
            call=call,
            words=Private(value=f"Caller's words: {asked.needs[0][1].replace('_', ' ')} ({asked.key})"),
            facts=told(floor, asked.key),
            unsafe_to_ring=True if asked.unsafe else None,
            language=asked.language,
        ),
    )
    taken = Taken(call, tuple(needs))
    if open_incident:
        taken.incident = d.do(taker, OpenIncident(call=call)).one(IncidentOpened).incident
        floor.known(taken.incident, asked)
    return taken


def _written(floor: Floor, asked: Asked, *, open_incident: bool) -> Taking:
    dice = floor.dice(f"take/{asked.key}")
    alarm = asked.channel == "alarm"
    made = floor.driver.do(
        floor.taker(),
        TakeCall(
            channel=asked.channel,
            mode=_MODES.get(asked.channel, "voice"),
            needs=tuple([NeedAsked(service=service, type=kind) for service, kind in asked.needs]),
            place=town.place(asked.spot, dice, source="alarm_panel" if alarm else "caller"),
            words=Private(value=f"In writing: {asked.needs[0][1].replace('_', ' ')} ({asked.key})"),
            facts=told(floor, asked.key),
            language=asked.language,
            unsafe_to_ring=asked.unsafe,
            external=f"PANEL-{dice.randrange(10**5):05d}" if alarm else None,
            open_incident=open_incident,
        ),
    )
    call = made.one(CallTaken)
    taken = Taken(call.call, tuple([need.need for need in call.needs]))
    if open_incident:
        taken.incident = made.one(IncidentOpened).incident
    yield 1
    return taken
