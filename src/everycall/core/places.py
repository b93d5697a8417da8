"""Where a call is: areas and a coarse position in clear, the exact place sealed."""

from __future__ import annotations

from typing import Final

from everycall.core.base import Frozen, Integer, Word
from everycall.core.sealed import Private, Sealed

COARSE_E7: Final = 10_000
"""Clear positions are rounded to 0.001 degree, some 100 m; the exact one is a personal value."""


class Place(Frozen, frozen=True, kw_only=True):
    """A place as the record holds it. Positions are in 1e-7 degree (WGS 84), coarse."""

    area: Word | None = None
    district: Word | None = None
    neighbourhood: Word | None = None
    postal_code: Word | None = None
    latitude_e7: int | None = None
    longitude_e7: int | None = None
    exact: Sealed | None = None
    source: Word = "caller"
    verified: bool = False


class PlaceGiven(Frozen, frozen=True, kw_only=True):
    """A place as a command brings it: the exact words or position still in clear."""

    area: Word | None = None
    district: Word | None = None
    neighbourhood: Word | None = None
    postal_code: Word | None = None
    latitude_e7: Integer | None = None
    longitude_e7: Integer | None = None
    exact: Private | Sealed | None = None
    source: Word = "caller"
    verified: bool = False


def coarse(value_e7: int | None) -> int | None:
    """Round a coordinate to the grid that may stand in clear."""
    if value_e7 is None:
        return None
    return (value_e7 + COARSE_E7 // 2) // COARSE_E7 * COARSE_E7


def place_of(given: PlaceGiven) -> Place:
    """The place that goes into an event: coarse, with what was sealed and nothing that was not."""
    return Place(
        area=given.area,
        district=given.district,
        neighbourhood=given.neighbourhood,
        postal_code=given.postal_code,
        latitude_e7=coarse(given.latitude_e7),
        longitude_e7=coarse(given.longitude_e7),
        exact=given.exact if isinstance(given.exact, Sealed) else None,
        source=given.source,
        verified=given.verified,
    )
