"""Which profile fits a header, and which column of the file each name of the profile means.

Names are compared without case, blanks, underscores and punctuation: `Time_First_Unit_Arrived` is `time first
unit arrived`.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from everycall.exchange.errors import UnknownHeaderError, WrongProfileError
from everycall.exchange.profiles import built_in_profiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from everycall.exchange.profiles import Profile

_SHARE_NEEDED: Final = 0.6
"""A profile is taken by itself only if so much of what it names is there; asked for by name, it needs only
what is required."""


_SHARE_NEAR: Final = 0.3
"""A profile is named as the nearest if so much of what it names is there."""


def folded(name: str) -> str:
    """A column name without what people vary: case, blanks, underscores, punctuation."""
    return re.sub(r"[\W_]+", "", name.casefold())


def place(profile: Profile, header: Sequence[str]) -> dict[str, str]:
    """From the profile's column names to the file's; what the file lacks is left out."""
    exact = set(header)
    by_folded: dict[str, str] = {}
    for name in header:
        by_folded.setdefault(folded(name), name)
    placed: dict[str, str] = {}
    for name in profile.columns():
        found = name if name in exact else by_folded.get(folded(name))
        if found is not None:
            placed[name] = found
    return placed


def missing_columns(profile: Profile, placed: dict[str, str]) -> list[str]:
    """Columns without which the profile cannot be used; of several columns of receipt one is enough."""
    received = profile.stamp("received")
    lacking = [name for name in profile.required if name not in placed]
    if received:
        if received.columns:
            if not any(name in placed for name in received.columns):
                lacking.extend(received.columns)
        else:
            lacking.extend(name for name in received.sources if name not in placed)
    return list(dict.fromkeys(lacking))


def match_profile(header: Sequence[str], path: Path) -> Profile:
    """The built-in profile whose columns the header has.

    Raises:
        UnknownHeaderError: none fits; the error names what could not be placed.
    """
    best: tuple[float, Profile] | None = None
    nearest: tuple[float, Profile] | None = None
    for profile in built_in_profiles():
        placed = place(profile, header)
        share = len(placed) / max(len(profile.columns()), 1)
        if nearest is None or share > nearest[0]:
            nearest = (share, profile)
        fits = not missing_columns(profile, placed) and share >= _SHARE_NEEDED
        if fits and (best is None or share > best[0]):
            best = (share, profile)
    if best is not None:
        return best[1]
    near = nearest[1] if nearest and nearest[0] >= _SHARE_NEAR else None
    placed_names = set(place(near, header).values()) if near else set()
    raise UnknownHeaderError(
        path,
        unplaced=[name for name in header if name not in placed_names],
        nearest=near.name if near else "",
        missing=missing_columns(near, place(near, header)) if near else (),
    )


def require_fit(profile: Profile, header: Sequence[str], path: Path) -> dict[str, str]:
    """The placement for a profile that was asked for.

    Raises:
        WrongProfileError: a column that the profile needs is not in the file.
    """
    placed = place(profile, header)
    lacking = missing_columns(profile, placed)
    if lacking:
        near = [
            f"{name} (did you mean {close[0]}?)" if close else name
            for name in lacking
            for close in (difflib.get_close_matches(name, list(header), n=1, cutoff=0.6),)
        ]
        raise WrongProfileError(
            f"{path.name}: the profile {profile.name} needs {', '.join(near)}, which the file does not have. "
            f"Its columns are: {', '.join(header)}"
        )
    return placed
