"""The floor of the synthetic day: who is on duty, what a caller brings, and where things stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from everycall.core.actors import Actor
from everycall.core.incidents import status_of
from everycall.simulate import town

if TYPE_CHECKING:
    from random import Random

    from everycall.core.assignments import Assignment
    from everycall.core.incidents import PatientState, Response
    from everycall.core.vocabulary import Channel, OutcomeName, Service
    from everycall.simulate.driver import Driver
    from everycall.simulate.town import Spot

SWITCH: Final = Actor(person="switch", role="telephone")
OVERSIGHT: Final = Actor(person="O-1", role="oversight", position="oversight", agency="Civil Oversight")


@dataclass(slots=True)
class Asked:
    """A call as the world makes it: what is the matter, where, and what a unit will find."""

    key: str
    channel: Channel
    needs: tuple[tuple[Service, str], ...]
    spot: Spot
    finds: OutcomeName = "responded"
    language: str | None = None
    first_type: str | None = None
    unsafe: bool = False
    minutes: int | None = None
    patients: int = 1
    patient_state: PatientState = "transported"


@dataclass(slots=True)
class Taken:
    """Where a call stands: its ids."""

    call: str
    needs: tuple[str, ...]
    incident: str = ""


@dataclass(slots=True)
class Floor:
    """The people on duty, the world, and the driver that their commands go through."""

    driver: Driver
    where: town.Whereabouts
    start: int
    shift: str = "A"
    takers: int = 0
    asked: dict[str, Asked] = field(default_factory=dict)
    worth_a_look: dict[str, str] = field(default_factory=dict)

    def dice(self, purpose: str) -> Random:
        """Random numbers of their own for a purpose."""
        return self.driver.dice(purpose)

    def taker(self) -> Actor:
        """The next call-taker in turn."""
        self.takers += 1
        number = self.takers % 3 + 1
        return Actor(person=f"T-{self.shift}{number}", role="call_taker", position=f"CT{number}", agency="RCC")

    def dispatcher(self, agency: str) -> Actor:
        """Who dispatches for an agency now."""
        desk = "PD1" if agency == town.POLICE else "FE1"
        return Actor(
            person=f"D-{self.shift}{1 if desk == 'PD1' else 2}",
            role="dispatcher",
            position=desk,
            agency="RCC",
        )

    def supervisor(self) -> Actor:
        """Who supervises the floor now."""
        return Actor(person=f"S-{self.shift}", role="supervisor", position="SUP", agency="RCC")

    def unit(self, unit: str) -> Actor:
        """A unit, on its own terminal."""
        return Actor(person=unit, role="unit", agency=next((p.agency for p in town.ROSTER if p.unit == unit), ""))

    def known(self, incident: str, asked: Asked) -> None:
        """An incident of this call exists: where it is, and what it is, are known from now on."""
        self.where.incidents[incident] = asked.spot
        self.asked[incident] = asked

    def response(self, incident: str, agency: str) -> Response:
        """A response as it stands."""
        return self.driver.state.incidents[incident].responses[agency]

    def status(self, incident: str, agency: str) -> str:
        """Where a response stands."""
        return status_of(self.driver.state, self.response(incident, agency))

    def assignment(self, key: str) -> Assignment:
        """An assignment as it stands."""
        return self.driver.state.assignments[key]
