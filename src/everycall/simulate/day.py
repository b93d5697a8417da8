"""The synthetic day: 24 hours of an invented town, from a seed, through the engine, into a record.

Deterministic: the same seed gives the same events, but for the references of sealed values and the centre's
own keys. Every command goes through the one door at its own time; what the town's people do next they read
from the engine's state.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from everycall.centre.embedded import EmbeddedCentre
from everycall.core.actors import Actor
from everycall.core.base import HOUR, MINUTE
from everycall.core.floor import ChangeShift
from everycall.core.units import SignOff
from everycall.core.versions import AdoptPolicy, Certified
from everycall.policy.text import read_policy
from everycall.simulate import scenes_desk, scenes_field, stream, town
from everycall.simulate.driver import Driver, SimulatedClock
from everycall.simulate.floor import Floor
from everycall.simulate.town_policy import certificate_text, policy_text
from everycall.simulate.work import free

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from everycall.core.balance import Tally
    from everycall.simulate.driver import Met, Process

START: Final = 1_778_583_600_000_000
"""Six in the morning of 12 May 2026 in the town's time zone (11:00 UTC); microseconds UTC."""

HOURS: Final = 24
_EARLY: Final = 10 * MINUTE
_SHIFT: Final = 13
"""Hour of the day, from six, at which the second shift begins: seven in the evening."""

_ADMIN: Final = Actor(person="ADM-1", role="administrator", agency="RCC")


@dataclass(slots=True)
class DaySummary:
    """What happened: counts, refusals, and the incidents worth a look, by name."""

    centre: str
    seed: int
    commands: int
    events: int
    calls: int
    requests: Tally
    self_initiated: Tally
    balanced: bool
    sent: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    expected: list[Met] = field(default_factory=list)
    unexpected: list[Met] = field(default_factory=list)
    worth_a_look: dict[str, str] = field(default_factory=dict)


def run_day(path: Path, *, seed: int = 7, progress: Callable[[int, int], None] | None = None) -> DaySummary:
    """Run the day into a new record.

    Args:
        path: Of the record; nothing may be there.
        seed: Any number; each gives another day.
        progress: Told after each hour of the day how many have passed, and how many there are.

    Returns:
        What happened.

    Raises:
        RecordExists: there is something at the path.
        RecordError: it cannot be made, or not be read.
        RecordLostError: it cannot be written to the end, as on a full disk.
    """
    clock = SimulatedClock(START - _EARLY)
    where = town.Whereabouts()
    facts = {"zone": town.ZONE, "made_by": "synthetic day", "seed": str(seed)}
    with EmbeddedCentre.create(path, centre=town.NAME, facts=facts, clock=clock, travel=where) as centre:
        driver = Driver(centre.engine, clock, seed)
        floor = Floor(driver, where, START)
        certificate = centre.record.put_blob(certificate_text())
        centre.record.put_blob(policy_text())
        driver.spawn("opening", _opening(floor, certificate))
        for minute, name, scene in (*scenes_desk.SCENES, *scenes_field.SCENES):
            driver.at(START + minute * MINUTE, name, scene(floor))
        for instant, name, call in stream.ordinary_calls(floor):
            driver.at(instant, name, call)
        driver.at(START + _SHIFT * HOUR, "shift change", _shift_change(floor))
        _run(driver, progress)
        undone = driver.settle_answers()
        driver.still_recorded()
        engine = centre.engine
        return DaySummary(
            centre=town.NAME,
            seed=seed,
            commands=sum(driver.sent.values()),
            events=centre.record.length(),
            calls=engine.balance.calls,
            requests=engine.balance.requests,
            self_initiated=engine.balance.self_initiated,
            balanced=engine.balance.holds(engine.state) and undone == 0,
            sent=driver.sent,
            happened=driver.happened,
            expected=driver.expected,
            unexpected=driver.unexpected,
            worth_a_look=dict(floor.worth_a_look),
        )


def _run(driver: Driver, progress: Callable[[int, int], None] | None) -> None:
    for hour in range(HOURS):
        driver.run(START + (hour + 1) * HOUR)
        if progress is not None:
            progress(hour + 1, HOURS)


def _opening(floor: Floor, certificate: str) -> Process:
    """Agencies are entered, the policy comes into force, units come on duty."""
    d = floor.driver
    policy = read_policy(policy_text())
    for agency in town.AGENCIES:
        d.do(_ADMIN, agency)
    d.do(
        _ADMIN,
        AdoptPolicy(
            policy=policy.hash,
            version=policy.heading.version,
            reads=tuple(sorted(policy.read())),
            authority=policy.heading.authority,
            reason=policy.heading.reason,
            standing=Certified(certificate=certificate),
        ),
    )
    for post in town.ROSTER:
        d.do(floor.unit(post.unit), post.sign_on("A"))
    yield 1


def _shift_change(floor: Floor) -> Process:
    """At each desk what is open passes to who comes on; crews change as their units come free."""
    d = floor.driver
    before = [floor.dispatcher(town.POLICE), floor.dispatcher(town.FIRE), floor.supervisor()]
    takers = [f"CT{number}" for number in range(1, 4)]
    floor.shift = "B"
    after = [floor.dispatcher(town.POLICE), floor.dispatcher(town.FIRE), floor.supervisor()]
    for old, new in zip(before, after, strict=True):
        d.do(old, ChangeShift(position=old.position, to_position=new.position, to_person=new.person))
    for number, position in enumerate(takers, 1):
        # What a call-taker has begun goes to the night's dispatcher.
        actor = Actor(person=f"T-A{number}", role="call_taker", position=position, agency="RCC")
        d.do(actor, ChangeShift(position=position, to_position="PD1", to_person=after[0].person))
    waiting = [post for post in town.ROSTER if post.crew != "K-3"]
    while waiting:
        for post in list(waiting):
            if free(floor, post.unit):
                d.do(floor.unit(post.unit), SignOff(unit=post.unit))
                d.do(floor.unit(post.unit), post.sign_on("B"))
                waiting.remove(post)
        yield 60
