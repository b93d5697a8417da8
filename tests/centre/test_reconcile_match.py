"""Matching two lists of times one to one."""

from __future__ import annotations

import random
from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everycall.centre.reconcile_match import SECOND, by_chance, doubtful, estimated_skew, match_times

S = SECOND


def best_by_force(left: list[int], right: list[int], tolerance: int) -> tuple[int, int]:
    """Most pairs and least distance, by trying all."""
    best = (0, 0)
    for size in range(1, min(len(left), len(right)) + 1):
        for chosen in combinations(range(len(left)), size):
            for others in permutations(range(len(right)), size):
                gaps = [abs(left[i] - right[j]) for i, j in zip(chosen, others, strict=True)]
                if max(gaps) <= tolerance:
                    best = max(best, (size, -sum(gaps)))
    return best


@settings(max_examples=150, deadline=None)
@given(
    left=st.lists(st.integers(0, 40), max_size=5).map(sorted),
    right=st.lists(st.integers(0, 40), max_size=5).map(sorted),
    tolerance=st.integers(0, 15),
)
def test_no_other_matching_has_more_pairs_or_with_as_many_less_distance(
    left: list[int], right: list[int], tolerance: int
) -> None:
    pairs = match_times(left, right, tolerance)
    gaps = [abs(left[i] - right[j]) for i, j in pairs]
    assert all(gap <= tolerance for gap in gaps)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert (len(pairs), -sum(gaps)) == best_by_force(left, right, tolerance)


def test_taking_the_nearest_first_would_leave_a_call_out() -> None:
    """The second here is nearest to the first there; given that, the first here would have none."""
    assert match_times([0, 10], [11, 30], 20) == [(0, 0), (1, 1)]


def test_as_many_calls_as_there_are_match_in_a_busy_hour() -> None:
    rng = random.Random(4)
    left = sorted(rng.randrange(3_600 * S) for _ in range(4_000))
    right = sorted(at + rng.randrange(-5 * S, 5 * S) for at in left)
    assert len(match_times(left, right, 30 * S)) == 4_000


def test_nothing_matches_nothing() -> None:
    assert match_times([], [1, 2], 5) == match_times([1], [], 5) == match_times([], [], 5) == []
    assert match_times([1], [7], 5) == []
    assert match_times([1], [1], 0) == [(0, 0)]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([0], [0], set()),
        ([10], [5, 15], {0}),
        ([5, 15], [10], {0, 1}),
        ([0, 10], [0, 10], set()),
        ([0, 0], [0, 0], {0, 1}),
        ([10], [5, 19], set()),
        ([0, 100], [50], set()),
    ],
)
def test_doubtful_is_what_has_several_equally_near(left: list[int], right: list[int], expected: set[int]) -> None:
    assert doubtful([at * S for at in left], [at * S for at in right], 30 * S) == expected


@pytest.mark.parametrize("skew", [-700, -61, -5, 0, 5, 61, 700])
def test_a_clock_that_is_wrong_shows_in_all_times_together(skew: int) -> None:
    rng = random.Random(skew)
    right = sorted(rng.randrange(86_400) * S for _ in range(300))
    left = sorted(at - skew * S + rng.randrange(-2 * S, 2 * S) for at in right if rng.random() < 0.8)
    left = sorted(left + [rng.randrange(86_400) * S for _ in range(40)])
    assert abs(estimated_skew(left, right, 30 * S) - skew * S) <= S


def test_of_times_that_have_nothing_to_do_with_each_other_no_skew_is_claimed() -> None:
    rng = random.Random(9)
    claimed = 0
    for _ in range(20):
        left = sorted(rng.randrange(86_400) * S for _ in range(200))
        right = sorted(rng.randrange(86_400) * S for _ in range(200))
        claimed += abs(estimated_skew(left, right, 30 * S)) > 20 * S
    assert claimed == 0
    assert estimated_skew([0, 100 * S], [50 * S, 150 * S], 30 * S) == 0, "two calls say nothing about a clock"


def test_by_chance_says_how_many_would_match_anyway() -> None:
    rng = random.Random(2)
    busy = sorted(rng.randrange(86_400) * S for _ in range(2_000))
    other = sorted(rng.randrange(86_400) * S for _ in range(2_000))
    quiet = [at * 3_600 * S for at in range(24)]
    assert by_chance(busy, other, 30 * S) > 1_000
    assert by_chance(quiet, quiet, 30 * S) == 0
    assert by_chance(quiet, quiet, 400 * S) == 24, "with so wide a tolerance nothing is told by it"
