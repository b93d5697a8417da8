"""CPU seconds of the check: large policies, both engines, like calls alike alone and every property.

The policies are those of `tests/policy/large_policies.py`: rules in groups by incident type, 25 attributes, 20 zones,
some of the rules about protected attributes without any difference. `--rules` sets the sizes, `--seeds` how many
policies of each, `--unlawful` plants one rule that gives some callers less, `--thorough` asks also what the order of
the rules makes needless. Engines are imported before the clock starts.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "policy"))

from large_policies import bench_policy

from everycall.core.certificates import REQUIRED_PROPERTIES
from everycall.policy.bit_vectors import Z3Engine
from everycall.policy.clauses import CadicalEngine
from everycall.policy.properties.check import check
from everycall.policy.properties.likeness import LIKE_CALLS_ALIKE

TARGETS = {200: 5.0, 1000: 10.0, 3000: 30.0}
"""CPU seconds of the full check, by rules."""
ALIKE_TARGETS = {200: 1.5}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, nargs="+", default=list(TARGETS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--unlawful", action="store_true")
    parser.add_argument("--thorough", action="store_true")
    given = parser.parse_args()
    print(f"engines: {Z3Engine.__name__}, {CadicalEngine.__name__}; {given.seeds} policies of each size")
    print("| rules | like calls alike | target | full check (max) | target | questions | not held |")
    print("|---|---|---|---|---|---|---|")
    for rules in given.rules:
        alike: list[float] = []
        full: list[float] = []
        questions: list[int] = []
        failing: set[str] = set()
        for seed in range(given.seeds):
            policy = bench_policy(seed, rules=rules, lawful=not given.unlawful)
            alike.append(check(policy, only=(LIKE_CALLS_ALIKE,)).cpu_seconds)
            report = check(policy, only=REQUIRED_PROPERTIES, thorough=given.thorough)
            full.append(report.cpu_seconds)
            questions.append(sum(each.questions for each in report.properties))
            failing |= {each.name for each in report.properties if each.verdict != "holds"}
        print(
            f"| {rules} | {statistics.median(alike):.2f} | {ALIKE_TARGETS.get(rules, '')} "
            f"| {statistics.median(full):.1f} ({max(full):.1f}) | {TARGETS.get(rules, '')} "
            f"| {statistics.median(questions):.0f} | {', '.join(sorted(failing)) or 'none'} |"
        )


if __name__ == "__main__":
    main()
