"""What a call costs a policy of 200 rules: from the facts that the core hands over to the response plan.

The aim is 50 µs in the median. Calls are drawn near what the rules ask for, so that most of them pass several
conditions; each has some half of its facts. Beside it the same calls by the plain reference of the tests, which walks
every rule, and how long it takes to make a policy ready.

    python bench/policy_call.py [--rules 200] [--calls 5000] [--policies 3]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, cast

from everycall.core.policies import Asked
from everycall.policy.evaluator import PolicyEvaluator

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "policy"))

import brute_force
from random_policies import CallMaker, bench_policy

if TYPE_CHECKING:
    from everycall.core.vocabulary import Service
    from everycall.policy.formula import Call

PLAIN_CALLS = 200
"""So many calls go through the plain reference, which takes its time."""
A_YEAR = 365 * 86_400 * 1_000_000


def question(rng: Random, call: Call) -> Asked:
    """The call as the core asks about it."""
    return Asked(
        service=cast("Service", call.get("service", "unknown")),
        incident_type=cast("str | None", call.get("type")),
        facts={name: value for name, value in call.items() if not name.startswith("time.") and name not in ASKED_APART},
        received_at=1_800_000_000_000_000 + rng.randrange(A_YEAR),
    )


ASKED_APART = frozenset(("service", "type"))


def main() -> None:
    """Print a table: median, 99th percentile and longest of all calls of all policies, in microseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=200)
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--policies", type=int, default=3)
    options = parser.parse_args()
    first: list[float] = []
    again: list[float] = []
    plain: list[float] = []
    ready: list[float] = []
    facts: list[int] = []
    for seed in range(options.policies):
        policy = bench_policy(seed, rules=options.rules)
        began = time.perf_counter()
        evaluator = PolicyEvaluator(policy)
        ready.append(time.perf_counter() - began)
        rng, maker = Random(seed), CallMaker(policy)
        calls = [maker.call(rng) for _ in range(options.calls)]
        asked = [question(rng, call) for call in calls]
        facts += [len(one.facts) for one in asked]
        for into in (first, again):
            for one in asked:
                began = time.perf_counter()
                evaluator.plan(one)
                into.append(time.perf_counter() - began)
        for call in calls[:PLAIN_CALLS]:
            began = time.perf_counter()
            brute_force.decide(policy, call)
            plain.append(time.perf_counter() - began)
    print(f"{options.rules} rules, 25 attributes, 20 zones; {len(first)} calls of {statistics.median(facts)} facts")
    print("| | median µs | p99 µs | longest µs |")
    print("|---|---|---|---|")
    for name, times in (("first time", first), ("again", again), ("plain reference", plain)):
        ordered = sorted(times)
        shown = (statistics.median(ordered), ordered[int(len(ordered) * 0.99)], ordered[-1])
        print(f"| {name} | " + " | ".join(f"{one * 1e6:,.1f}" for one in shown) + " |")
    print(f"made ready in {statistics.median(ready) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
