"""Import rows a second against pandas doing the same conversion, in one run.

Both sides read the file, parse the times of every stamp, give them their zone, work out the intervals
as whole seconds and write the result. Ours also settles outcomes, keeps every original column, flags, and
counts the quality. Both write CSV, or Parquet where pyarrow is installed; without it pandas has no Parquet,
so that New York's file is given to both as CSV, and ours is timed on the Parquet file besides.

    python bench/import_rows.py [--rows 1000000] [--seed 11] [--repeats 2] [--shared ../shared]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import polars as pl

from everycall.exchange.calls_table import write_table
from everycall.exchange.imported import read_export
from everycall.exchange.profiles import Profile, Stamp, find_profile

if TYPE_CHECKING:
    from collections.abc import Callable

ZONE = "America/Chicago"
COLUMNS = (
    "incident_id,is_911_call,Division,Battalion,Problem,Priority_Number,initialProblem,initialPriority,Time_PhonePickUp,"
    "Response_Date,Time_CallEnteredQueue,Time_CallTakingComplete,Time_First_Unit_Assigned,Time_First_Unit_Enroute,"
    "Time_First_Unit_Arrived,TimeFirstCallCleared,Time_CallClosed,Call_Disposition,Cancel_Reason,lon,lat"
)


def synthetic(path: Path, rows: int, seed: int) -> None:
    """A year of made-up calls in the shape of Minneapolis: nine stamps a row, a fifth without arrival."""
    draw = random.Random(seed)
    at = datetime(2021, 1, 1)  # noqa: DTZ001 - local on purpose
    step = timedelta(days=365) / rows
    words = ["GOA-Gone on Arrival", "RPT-Report", "AOK- All OK", "CNL-Cancel", "UNF-Unfounded", ""]
    with path.open("w", encoding="utf-8") as file:
        file.write(COLUMNS + "\n")
        for number in range(rows):
            at += step
            moment, stamps = at, []
            for leg in (0, 30, 5, 60, 120, 20, 400, 1500, 60):
                moment += timedelta(seconds=draw.randint(0, 2 * leg))
                stamps.append(f"{moment:%Y-%m-%d %H:%M:%S}.000")
            if draw.random() < 0.2:  # noqa: PLR2004 - the share without arrival
                stamps[6] = ""
            precinct = draw.randint(1, 5)
            place = f"-93.2{draw.randint(0, 99)},44.9{draw.randint(0, 99)}"
            file.write(
                f"X-{number:08d},{draw.choice(['Yes', 'No'])},Precinct {precinct},P{precinct} Sec 1,"
                f"Alarm (P),2,Alarm (P),1,{','.join(stamps)},{draw.choice(words)},,{place}\n"
            )


def ours(source: Path, target: Path) -> int:
    """Our import, writing included."""
    imported = read_export(source)
    write_table(imported.calls, target, imported.metadata())
    return imported.quality.rows_in


def with_pandas(profile: Profile) -> Callable[[Path, Path], int]:
    """The same conversion as a careful pandas user would write it."""

    def run(source: Path, target: Path) -> int:
        frame = pd.read_parquet(source) if source.suffix == ".parquet" else pd.read_csv(source, dtype=str)
        seconds: dict[str, pd.Series[int]] = {}
        for name in profile.stamps:
            stamp = profile.stamp(name)
            for column in stamp.sources if isinstance(stamp, Stamp) and not stamp.after else ():
                local = pd.to_datetime(frame[column])
                stamps = local.dt.tz_localize(profile.zone, ambiguous="NaT", nonexistent="shift_forward").dt.tz_convert(
                    "UTC"
                )
                frame[f"{name}_at"] = stamps
                seconds[name] = stamps.dt.as_unit("s").astype("int64").where(stamps.notna())
        start = seconds["received"]
        for name, value in seconds.items():
            frame[f"{name}_seconds"] = value - start
        if target.suffix == ".parquet":
            frame.to_parquet(target)
        else:
            frame.to_csv(target, index=False)
        return len(frame)

    return run


def timed(run: Callable[[Path, Path], int], source: Path, target: Path, repeats: int) -> tuple[int, float]:
    """Rows and the best of some runs, in seconds."""
    best, rows = float("inf"), 0
    for _ in range(repeats):
        start = time.perf_counter()
        rows = run(source, target)
        best = min(best, time.perf_counter() - start)
    return rows, best


def main() -> None:
    """Print one line for each file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--repeats", type=int, default=2)
    here = Path(__file__).resolve().parents[1]
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("EVERYCALL_SHARED", here.parent / "shared")))
    options = parser.parse_args()
    parquet = importlib.util.find_spec("pyarrow") is not None
    suffix = ".parquet" if parquet else ".csv"
    print(f"both write {suffix}; pandas {pd.__version__}; seed {options.seed}; best of {options.repeats}")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / f"synthetic_{options.rows}.csv"
        synthetic(made, options.rows, options.seed)
        jobs = [(made, "minneapolis")]
        calls = options.shared / "data" / "calls"
        jobs += [(p, "minneapolis") for p in sorted(calls.glob("minneapolis*"))]
        for path in sorted(calls.glob("nyc*.parquet")):
            _, seconds = timed(ours, path, Path(folder) / "ours.parquet", options.repeats)
            print(f"{path.name}: ours, Parquet to Parquet, {seconds:.2f} s")
            as_csv = Path(folder) / "new_york.csv"
            pl.read_parquet(path).write_csv(as_csv, datetime_format="%Y-%m-%d %H:%M:%S")
            jobs.append((as_csv, "new_york_ems"))
        print(f"{'file':40} {'rows':>9} {'ours s':>7} {'rows/s':>9} {'pandas s':>9} {'rows/s':>9} {'ratio':>6}")
        for source, name in jobs:
            rows, mine = timed(ours, source, Path(folder) / f"ours{suffix}", options.repeats)
            pandas = with_pandas(find_profile(name))
            _, theirs = timed(pandas, source, Path(folder) / f"pandas{suffix}", options.repeats)
            _, native = timed(ours, source, Path(folder) / "ours.parquet", options.repeats)
            print(
                f"{source.name[:40]:40} {rows:9,} {mine:7.2f} {rows / mine:9,.0f} {theirs:9.2f} "
                f"{rows / theirs:9,.0f} {theirs / mine:6.1f}; "
                f"ours to Parquet {native:.2f} s, {rows / native:,.0f} rows/s"
            )


if __name__ == "__main__":
    main()
