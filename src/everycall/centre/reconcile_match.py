"""Matching two lists of times one to one, and what can be said about how sure that is.

Method: among all one-to-one matchings in which no pair is further apart than the tolerance, one with the most
pairs, and among those one with the smallest sum of distances. On a line such a matching need never cross
itself, so that dynamic programming over both sorted lists finds it (as in sequence alignment), in time
proportional to the pairs within the tolerance.

Limit: it says how many can be matched at most, not which are truly the same. Two different calls within the
tolerance of each other are told apart by nothing; `by_chance` measures how often that happens.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND: Final = 1_000_000
EQUALLY_NEAR: Final = SECOND
"""Microseconds: two candidates whose distances differ by no more cannot be told apart."""

WIDEST_SKEW: Final = 900 * SECOND
"""Microseconds: a clock that is further off is not looked for; say it with `--skew`."""

CHANCE_SHIFT: Final = 600 * SECOND
"""Microseconds by which a log is moved to see how many would match by chance."""

FEWEST_FOR_SKEW: Final = 8
"""Pairs below which nothing is said about a clock."""

_MOST_DIFFERENCES: Final = 2_000_000


def match_times(left: Sequence[int], right: Sequence[int], tolerance: int) -> list[tuple[int, int]]:
    """Pairs of positions in two sorted lists of microseconds; most pairs first, then least distance."""
    most = (tolerance + 1) * (min(len(left), len(right)) + 1)
    rows: list[tuple[int, bytearray]] = []
    before_low, before = 0, [0]
    low = high = 0
    for at in left:
        while low < len(right) and right[low] < at - tolerance:
            low += 1
        high = max(high, low)
        while high < len(right) and right[high] <= at + tolerance:
            high += 1
        last = len(before) - 1
        row = [before[min(low - before_low, last)]]
        choices = bytearray(high - low + 1)
        for position in range(low + 1, high + 1):
            without = before[min(position - before_low, last)]
            score, choice = row[-1], 1
            if without > score:
                score, choice = without, 0
            paired = before[min(position - 1 - before_low, last)] + most - abs(at - right[position - 1])
            if paired > score:
                score, choice = paired, 2
            row.append(score)
            choices[position - low] = choice
        rows.append((low, choices))
        before_low, before = low, row
    pairs: list[tuple[int, int]] = []
    position = len(right)
    number = len(left) - 1
    while number >= 0:
        low, choices = rows[number]
        position = min(position, low + len(choices) - 1)
        choice = choices[position - low] if position > low else 0
        if choice == 1:
            position -= 1
            continue
        if choice == 2:  # noqa: PLR2004 - see above
            position -= 1
            pairs.append((number, position))
        number -= 1
    pairs.reverse()
    return pairs


def doubtful(left: Sequence[int], right: Sequence[int], tolerance: int) -> set[int]:
    """Positions in `left` for which which is which cannot be told.

    Two candidates on the right are equally near; or one on the right is equally near to this and to another
    on the left.
    """
    found: set[int] = set()
    for number, at in enumerate(left):
        if len(_nearest(at, right, tolerance)) > 1:
            found.add(number)
    for at in right:
        contenders = _nearest(at, left, tolerance)
        if len(contenders) > 1:
            found.update(contenders)
    return found


def _nearest(at: int, others: Sequence[int], tolerance: int) -> list[int]:
    """The positions of those that are nearest, and equally near."""
    low, high = bisect_left(others, at - tolerance), bisect_right(others, at + tolerance)
    if low == high:
        return []
    distance = min(abs(others[number] - at) for number in range(low, high))
    return [number for number in range(low, high) if abs(others[number] - at) <= distance + EQUALLY_NEAR]


def by_chance(left: Sequence[int], right: Sequence[int], tolerance: int) -> int:
    """How many would match if the lists had nothing to do with each other.

    The same lists, one of them moved by ten minutes both ways, so that no call meets itself.
    """
    if tolerance * 2 >= CHANCE_SHIFT:
        return min(len(left), len(right))
    moved = [len(match_times([at + shift for at in left], right, tolerance)) for shift in (CHANCE_SHIFT, -CHANCE_SHIFT)]
    return sum(moved) // len(moved)


def estimated_skew(left: Sequence[int], right: Sequence[int], tolerance: int) -> int:
    """Microseconds to add to the times on the left so that they fit those on the right; 0 where nothing says so.

    The shift at which most differences fall together, if it matches clearly more than no shift at all; then
    the median distance of what matches there. A constant delay, such as from the first ring to the entry,
    looks the same as a clock that is wrong, and is taken off in the same way.
    """
    near = _centred(left, right, tolerance, 0)
    shift = _commonest_difference(left, right, tolerance)
    far = near if shift is None else _centred(left, right, tolerance, shift)
    # Many shifts were looked at, so the best of them has to be clearly better.
    best = far if far[0] > near[0] + max(3.0, 3 * near[0] ** 0.5) else near
    return best[1] if abs(best[1]) >= SECOND else 0


def _centred(left: Sequence[int], right: Sequence[int], tolerance: int, shift: int) -> tuple[float, int]:
    """How closely the lists fit about a shift, as a number of pairs, and the median shift of these.

    A pair counts the more the nearer it is: chance pairs lie anywhere within the tolerance, true ones in the
    middle.
    """
    for _ in range(3):
        pairs = match_times([at + shift for at in left], right, tolerance)
        if len(pairs) < FEWEST_FOR_SKEW:
            return 0.0, 0
        middle = int(median(right[j] - left[i] for i, j in pairs))
        if abs(middle - shift) < SECOND // 10:
            break
        shift = middle
    distances = [abs(right[j] - left[i] - shift) for i, j in pairs]
    return sum(max(0.0, 1 - distance / max(tolerance, 1)) for distance in distances), shift


def _commonest_difference(left: Sequence[int], right: Sequence[int], tolerance: int) -> int | None:
    differences: list[int] = []
    low = 0
    for at in left:
        while low < len(right) and right[low] < at - WIDEST_SKEW:
            low += 1
        high = bisect_right(right, at + WIDEST_SKEW, low)
        differences.extend(other - at for other in right[low:high])
        if len(differences) > _MOST_DIFFERENCES:
            break
    if len(differences) < FEWEST_FOR_SKEW:
        return None
    differences.sort()
    # The window of the width of the tolerance that holds most of them; its middle.
    start = most = 0
    where = (0, 0)
    for end, value in enumerate(differences):
        while differences[start] < value - tolerance:
            start += 1
        if end - start + 1 > most:
            most = end - start + 1
            where = (start, end)
    return int(median(differences[where[0] : where[1] + 1]))


def is_sorted(times: Sequence[int]) -> bool:
    """Whether times are in order, as matching needs them."""
    return all(a <= b for a, b in pairwise(times))
