"""Tables that a person opens in a spreadsheet: no cell of them is a formula.

A spreadsheet runs a cell of a CSV file that begins with `=`, `+`, `-`, `@`, a tab or an end of line, whoever wrote
it: a caller's words may so fetch a page or start a program on the reader's machine. Such a cell gets an apostrophe
before it. Cells that begin with an apostrophe get one too, so that taking one off gives back what stood there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import polars as pl

from everycall.exchange.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_FORMULA: Final = r"\A[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20']"
"""The wide signs of East Asian keyboards among them."""
_NEGATIVE: Final = r"\A-[0-9]+(\.[0-9]+)?\z"
"""A negative number is no formula."""


def without_formulas(table: pl.DataFrame) -> pl.DataFrame:
    """The table with an apostrophe before each text, and each heading, that would be a formula."""
    texts = [name for name, dtype in table.schema.items() if dtype == pl.String]
    formula = {name: pl.col(name).str.contains(_FORMULA) & ~pl.col(name).str.contains(_NEGATIVE) for name in texts}
    table = table.with_columns(
        pl.when(formula[name]).then(pl.lit("'") + pl.col(name)).otherwise(pl.col(name)).alias(name) for name in texts
    )
    return table.rename({name: f"'{name}" for name in table.columns if re.match(_FORMULA, name)})


def csv_only(paths: Iterable[Path | None]) -> None:
    """Refuse `--spreadsheet` for what is no CSV.

    Raises:
        OutputError: one of the files that are to be written is Parquet.
    """
    for path in paths:
        if path is not None and path.name.lower().endswith(".parquet"):
            raise OutputError(
                f"{path.name}: --spreadsheet is for .csv and .csv.gz; Parquet holds no formulas, leave it out"
            )
