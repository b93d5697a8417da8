"""Completed calls a second: the whole core against SimPy running a plain model of the same calls, in one run.

Both see the same stream: calls at the same times, each answered, dispatched to a free unit, en route, on
scene, settled,
clear, with the same service times and 20 units. SimPy's model is a process a call over a store of units,
which keeps the call's times. The
core runs with every
rule on: needs, responses, deadlines, waiting, undo. `--calls N` sets the length, `--rounds N` how often all
rivals take turns.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import tempfile
import time
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING, Any

import simpy

from everycall.centre.embedded import EmbeddedCentre
from everycall.centre.process import collector_at_ease
from everycall.core.actors import Actor
from everycall.core.assignments import Assign, ReportStamp
from everycall.core.calls import TakeCall
from everycall.core.commands import AnyCommand, Command
from everycall.core.decide import decide, tick
from everycall.core.evolve import evolve
from everycall.core.given import Given
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import Responded
from everycall.core.refusals import Refusal
from everycall.core.settling import CloseResponse
from everycall.core.state import State
from everycall.core.units import EnrolAgency, SignOn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

UNITS = [f"P{number:02}" for number in range(20)]
DISPATCHER = Actor(person="bench", role="dispatcher", position="1")
SECOND = 1_000_000
START = 1_750_000_000 * SECOND
LEGS = ((5, 40), (120, 540), (300, 840), (10, 60))
"""Seconds, from and to: until dispatch, travel, on scene, clearing; a floor that keeps its deadlines."""
Times = tuple[int, int, int, int, int]


def stream(calls: int) -> list[Times]:
    """For each call: when it comes, then dispatch, travel, on-scene and clearing delays; microseconds."""
    rng = random.Random(7)
    at = START
    made: list[Times] = []
    for _ in range(calls):
        at += int(rng.expovariate(1 / 90) * SECOND) + 1
        legs = [rng.randrange(low * SECOND, high * SECOND) for low, high in LEGS]
        made.append((at, *legs))  # type: ignore[arg-type]  # four legs make five
    return made


def with_simpy(calls: list[Times]) -> int:
    """The same calls as SimPy processes; how many were completed."""
    environment = simpy.Environment(initial_time=START)
    units = simpy.Store(environment)
    units.items.extend(UNITS)
    done: list[tuple[int, dict[str, float]]] = []

    def call(number: int, legs: Times) -> Generator[Any, Any, None]:
        stamps = {"received": environment.now}
        yield environment.timeout(legs[1])
        unit = yield units.get()
        stamps["assigned"] = stamps["en_route"] = environment.now
        yield environment.timeout(legs[2])
        stamps["on_scene"] = environment.now
        yield environment.timeout(legs[3])
        stamps["settled"] = environment.now
        yield environment.timeout(legs[4])
        stamps["clear"] = environment.now
        done.append((number, stamps))
        yield units.put(unit)

    def source() -> Generator[Any, Any, None]:
        for number, legs in enumerate(calls):
            yield environment.timeout(legs[0] - environment.now)
            environment.process(call(number, legs))

    environment.process(source())
    environment.run()
    return len(done)


def commands(calls: list[Times], send: Callable[[int, AnyCommand], None], assignments: Callable[[], int]) -> int:
    """Drive a dispatch floor by its commands: a heap of what happens next, and a queue for free units."""
    heap: list[tuple[int, int, int, str, str]] = []
    for number, legs in enumerate(calls):
        heappush(heap, (legs[0], number, number, "take", ""))
    free = list(reversed(UNITS))
    waiting: list[int] = []
    order = len(calls)
    incidents: dict[int, str] = {}
    made: dict[int, str] = {}
    done = 0
    opened = 0

    def later(at: int, number: int, what: str, unit: str) -> None:
        nonlocal order
        order += 1
        heappush(heap, (at, order, number, what, unit))

    def dispatch(at: int, number: int) -> None:
        unit = free.pop()
        send(at, Assign(incident=incidents[number], units=(unit,)))
        made[number] = f"A{assignments():06d}"
        send(at, ReportStamp(unit=unit, stamp="en_route"))
        later(at + calls[number][2], number, "on_scene", unit)

    while heap:
        at, _, number, what, unit = heappop(heap)
        if what == "take":
            need = NeedAsked(service="police", type="burglary", priority="2")
            send(at, TakeCall(channel="emergency_voice", needs=(need,), open_incident=True))
            opened += 1
            incidents[number] = f"{YEAR}-{opened:06d}"
            later(at + calls[number][1], number, "dispatch", "")
        elif what == "dispatch":
            if free:
                dispatch(at, number)
            else:
                waiting.append(number)
        elif what == "on_scene":
            send(at, ReportStamp(unit=unit, stamp="on_scene"))
            later(at + calls[number][3], number, "settle", unit)
        elif what == "settle":
            outcome = Responded(assignment=made[number], contact="yes")
            send(at, CloseResponse(incident=incidents[number], agency="PD", outcome=outcome))
            later(at + calls[number][4], number, "clear", unit)
        else:
            send(at, ReportStamp(unit=unit, stamp="clear"))
            done += 1
            free.append(unit)
            if waiting:
                dispatch(at, waiting.pop(0))
    return done


YEAR = 2025


def floor() -> Iterator[AnyCommand]:
    """The agency and its units."""
    yield EnrolAgency(agency="PD", services=("police",))
    for unit in UNITS:
        yield SignOn(unit=unit, agency="PD", capabilities=("police",))


def with_core(calls: list[Times]) -> int:
    """The core alone: decide and evolve, ticks before each command."""
    state = State()
    sent = 0

    def send(at: int, body: AnyCommand) -> None:
        nonlocal sent
        sent += 1
        while events := tick(state, at):
            for event in events:
                evolve(state, event)
        decided = decide(state, Command(id=str(sent), actor=DISPATCHER, body=body), Given(now=at, at=at))
        if isinstance(decided, Refusal):
            raise SystemExit(f"refused: {decided}")
        for event in decided:
            evolve(state, event)

    for body in floor():
        send(START, body)
    return commands(calls, send, lambda: state.counters["assignment"])


class _Clock:
    at = START

    def now(self) -> int:
        return self.at


def with_record(calls: list[Times]) -> int:
    """The engine over a real record: sealed, encoded, indexed, committed in groups, durable at the end."""
    clock = _Clock()
    with tempfile.TemporaryDirectory(prefix="everycall-bench-") as folder:
        with EmbeddedCentre.create(Path(folder) / "bench.record", centre="bench", clock=clock) as centre:
            engine = centre.engine
            sent = 0

            def send(at: int, body: AnyCommand) -> None:
                nonlocal sent
                sent += 1
                clock.at = at
                engine.submit(Command(id=str(sent), actor=DISPATCHER, body=body))

            for body in floor():
                send(START, body)
            done = commands(calls, send, lambda: engine.state.counters["assignment"])
            centre.record.flush()
            if centre.engine.failure is not None:
                raise SystemExit(f"the record failed: {centre.engine.failure}")
        return done


def main() -> None:
    """Let the rivals take turns and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    calls = stream(options.calls)
    rivals: dict[str, Callable[[list[Times]], int]] = {
        "SimPy, plain model": with_simpy,
        "core: decide + evolve": with_core,
        "engine with record": with_record,
    }
    rates: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(options.rounds):
        for name, run in rivals.items():
            gc.collect()
            with collector_at_ease():  # for all rivals alike
                began = time.perf_counter()
                done = run(calls)
                seconds = time.perf_counter() - began
            if done != options.calls:
                raise SystemExit(f"{name} completed {done} of {options.calls} calls")
            rates[name].append(done / seconds)
    base = statistics.median(rates["SimPy, plain model"])
    print(f"{options.calls:,} calls, 20 units, {options.rounds} rounds in turns; median")
    for name, found in rates.items():
        rate = statistics.median(found)
        print(
            f"{name:24} {rate:10,.0f} calls/s   {rate / base:6.2f} of SimPy   ({min(found):,.0f} to {max(found):,.0f})"
        )


if __name__ == "__main__":
    main()
