"""How many past calls lie in each region of a difference."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.policy.difference.judge import Judge
from everycall.policy.difference.membership import lies_in
from everycall.policy.difference.questions import scene_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.policy.difference.result import Difference
    from everycall.policy.formula import Call
    from everycall.policy.rules import Policy


def with_past_calls(difference: Difference, old: Policy, new: Policy, calls: Iterable[Call]) -> Difference:
    """The difference with, for each region, how many of these calls lie in it; a call may lie in several."""
    judge: Final = Judge(scene_of(old, new))
    counts: Counter[int] = Counter()
    total = 0
    for call in calls:
        total += 1
        counts.update([at for at, region in enumerate(difference.regions) if lies_in(judge, call, region)])
    regions = tuple([replace(region, past=counts[at]) for at, region in enumerate(difference.regions)])
    return replace(difference, regions=regions, past_calls=total)
