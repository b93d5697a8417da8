"""Fail when less of the core's branches is covered than wanted: core_coverage.py REPORT.json PERCENT."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> int:
    """Read coverage's JSON report and judge the core's part of it."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    wanted = float(sys.argv[2])
    branches = covered = 0
    for name, file in report["files"].items():
        if "everycall/core/" in name.replace("\\", "/"):
            branches += file["summary"]["num_branches"]
            covered += file["summary"]["covered_branches"]
    share = 100 * covered / branches if branches else 0.0
    sys.stdout.write(f"branch coverage of the core: {share:.1f} % of {branches}\n")
    return 0 if share >= wanted else 1


if __name__ == "__main__":
    sys.exit(main())
