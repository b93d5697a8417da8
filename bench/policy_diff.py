"""How long a diff of two policies takes, by the processor's clock: target 5 s for 200 rules.

Run it with: python bench/policy_diff.py [--rules 200] [--changes 5] [--seeds 5]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from random import Random

for folder in ("policy", "policy/difference"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / folder))

from random_policies import bench_policy  # noqa: E402 - found where the line above points
from version_pairs import changed  # noqa: E402 - with it

from everycall.policy.diff_cli import compare_with_engines  # noqa: E402 - after those

TARGET = 5.0


def main() -> int:
    """Measure and print; exit status 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=200)
    parser.add_argument("--changes", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    spent: list[float] = []
    for seed in range(options.seeds):
        old = bench_policy(seed, rules=options.rules)
        new = changed(Random(seed), old, times=options.changes)
        began = time.process_time()
        found = compare_with_engines(old, new, 300.0)
        spent.append(time.process_time() - began)
        said = ", ".join(
            [
                f"{sum(region.direction == each.direction for region in found.regions)} {each.direction}"
                f"{'' if each.established else ' (not established)'}"
                for each in found.verdicts
            ]
        )
        print(f"seed {seed}: {spent[-1]:.2f} s CPU; {said}")
    print(
        f"{options.rules} rules, {options.changes} changes: median {statistics.median(spent):.2f} s, "
        f"longest {max(spent):.2f} s CPU (target {TARGET:g} s)"
    )
    return 0 if max(spent) <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
