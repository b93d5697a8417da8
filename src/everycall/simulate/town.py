"""Rivermouth, an invented town on a grid: districts, streets, stations, units and a hospital.

Places are whole metres east and north of its south-west corner; distances are as the crow flies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isqrt
from typing import TYPE_CHECKING, Final

from everycall.core.places import PlaceGiven
from everycall.core.sealed import Private
from everycall.core.units import EnrolAgency, SignOn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random


NAME: Final = "rivermouth"
ZONE: Final = "America/Chicago"
POLICE: Final = "RPD"
FIRE: Final = "RFD"
EMS: Final = "REMS"
NEIGHBOUR: Final = "Upland County"

SIDE: Final = 9_000
"""Metres; the town is a square."""

_ORIGIN_E7: Final = (400_000_000, -400_000_000)
"""South-west corner, in 1e-7 degree: open sea, so that no real place is meant."""

_METRE_E7: Final = (90, 117)
"""1e-7 degree for a metre north and a metre east, at 40 degrees north."""

_METRES_A_SECOND: Final = 11
"""Straight-line speed: 40 km/h over the ground, streets and lights included."""

Spot = tuple[int, int]
"""Metres east and north."""

DISTRICTS: Final = (
    ("Harbour", "D1"),
    ("Old Town", "D2"),
    ("Mill Side", "D3"),
    ("North Bank", "D4"),
    ("Centre", "D5"),
    ("Gardens", "D6"),
    ("Airfield", "D7"),
    ("University", "D8"),
    ("Hillcrest", "D9"),
)
_STREETS: Final = (
    "Quay Street",
    "Ferry Road",
    "Mill Lane",
    "Bridge Street",
    "Orchard Way",
    "Station Road",
    "Tower Street",
)

STATIONS: Final[dict[str, Spot]] = {
    "police house": (4_400, 4_700),
    "station 1": (4_200, 3_900),
    "station 2": (7_300, 6_800),
    "station 3": (1_700, 6_900),
    "county line": (9_000, 1_500),
}
HOSPITAL: Final[Spot] = (5_600, 5_300)
HOSPITAL_NAME: Final = "Rivermouth General"


@dataclass(frozen=True, slots=True)
class Post:
    """A unit as it is rostered: what it can do, where it stands, which crew and vehicle it has."""

    unit: str
    agency: str
    capabilities: tuple[str, ...]
    station: str
    vehicle: str
    crew: str
    officers: int = 2

    def sign_on(self, shift: str) -> SignOn:
        """The command by which it comes on duty with the crew of a shift."""
        members = tuple(f"{self.crew}-{shift}{number}" for number in range(1, self.officers + 1))
        return SignOn(
            unit=self.unit,
            agency=self.agency,
            capabilities=self.capabilities,
            station=self.station,
            vehicle=self.vehicle,
            crew=f"{self.crew}-{shift}",
            members=members,
            officers=self.officers,
        )


def _post(unit: str, agency: str, station: str, *capabilities: str, crew: str = "", officers: int = 2) -> Post:
    return Post(unit, agency, capabilities, station, f"V-{unit}", crew or f"K-{unit}", officers)


ROSTER: Final = (
    *[_post(f"P{11 + n}", POLICE, "police house", "police", officers=1 + (n % 3 == 0)) for n in range(10)],
    _post("PS1", POLICE, "police house", "police", "supervisor", officers=1),
    _post("E1", FIRE, "station 1", "engine", officers=4),
    _post("E2", FIRE, "station 2", "engine", officers=4),
    _post("L1", FIRE, "station 1", "ladder", officers=3),
    _post("C1", FIRE, "station 1", "chief", officers=1),
    # One crew for an engine and an ambulance: whichever goes takes it.
    _post("E3", FIRE, "station 3", "engine", crew="K-3", officers=3),
    _post("A3", EMS, "station 3", "ambulance", crew="K-3", officers=3),
    _post("M1", EMS, "station 1", "als", "ambulance"),
    _post("M2", EMS, "station 2", "als", "ambulance"),
    _post("M3", EMS, "station 3", "als", "ambulance"),
    _post("A1", EMS, "station 1", "ambulance"),
    _post("A2", EMS, "station 2", "ambulance"),
    _post("N71", NEIGHBOUR, "county line", "als", "ambulance"),
    _post("N81", NEIGHBOUR, "county line", "engine", officers=4),
)

AGENCIES: Final = (
    EnrolAgency(agency=POLICE, services=("police", "other")),
    EnrolAgency(agency=FIRE, services=("fire",)),
    EnrolAgency(agency=EMS, services=("ems",)),
    EnrolAgency(agency=NEIGHBOUR, services=("police", "fire", "ems"), neighbour=True),
)
AGENCY_OF: Final = {"police": POLICE, "fire": FIRE, "ems": EMS, "other": POLICE, "unknown": POLICE}


def distance(a: Spot, b: Spot) -> int:
    """Metres, as the crow flies, rounded down."""
    return isqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)


def travel_ms(a: Spot, b: Spot) -> int:
    """Milliseconds from one spot to another."""
    return distance(a, b) * 1_000 // _METRES_A_SECOND


def position(spot: Spot) -> tuple[int, int]:
    """Latitude and longitude of a spot in 1e-7 degree."""
    return _ORIGIN_E7[0] + spot[1] * _METRE_E7[0], _ORIGIN_E7[1] + spot[0] * _METRE_E7[1]


def somewhere(dice: Random) -> Spot:
    """A spot of the town, oftener in its middle."""
    east, north = [(dice.randrange(SIDE) + dice.randrange(SIDE)) // 2 for _ in range(2)]
    return east, north


def place(spot: Spot, dice: Random, *, source: str = "caller") -> PlaceGiven:
    """A spot as a caller's place: the district in clear, the address sealed."""
    name, beat = DISTRICTS[min(spot[1] // 3_000, 2) * 3 + min(spot[0] // 3_000, 2)]
    latitude, longitude = position(spot)
    address = f"{dice.randrange(1, 400)} {dice.choice(_STREETS)}, {name}"
    return PlaceGiven(
        district=beat,
        neighbourhood=name,
        latitude_e7=latitude,
        longitude_e7=longitude,
        exact=Private(value=address),
        source=source,
    )


@dataclass(slots=True)
class Whereabouts:
    """Where units and incidents are, as the simulated world has it; the engine's port for travel times."""

    units: dict[str, Spot] = field(default_factory=lambda: {post.unit: STATIONS[post.station] for post in ROSTER})
    incidents: dict[str, Spot] = field(default_factory=dict)

    def to(self, incident: str) -> Mapping[str, int]:
        """Milliseconds by unit, to an incident."""
        there = self.incidents.get(incident)
        if there is None:
            return {}
        return {unit: travel_ms(spot, there) for unit, spot in self.units.items()}
