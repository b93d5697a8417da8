"""Whether an export has several rows a call, as those with one row a unit have."""

from __future__ import annotations

from typing import Final

import polars as pl

from everycall.exchange.errors import SeveralRowsError

_ODDITY: Final = 0.01
"""Up to this share of the rows it is an oddity of the file, flagged row by row, and not its form."""


def refuse_several_rows(ids: pl.Series, received: pl.Series, originals: pl.DataFrame) -> None:
    """Refuse an export of which a row is not a call: needs would be counted once a row (rule 2 of the house).

    Rows are of one call when they have its id and its time of receipt and are not the same word for word. An id
    that is used again at another time is another call.

    Args:
        ids: of the calls, null where a row has none.
        received: when each was received.
        originals: the rows as they stand in the file.

    Raises:
        SeveralRowsError: more than one row in a hundred is such a row.
    """
    keys = ["id", "at"]
    rows = pl.DataFrame({"number": pl.int_range(len(ids), eager=True), "id": ids, "at": received}).drop_nulls("id")
    rows = rows.filter(pl.struct(keys).is_duplicated())
    if rows.is_empty():
        return
    cells = originals[rows["number"]]
    same = pl.struct([pl.col(f"column {n}") for n in range(cells.width)])
    some = rows.hstack([cells[name].alias(f"column {number}") for number, name in enumerate(cells.columns)])
    differ = some.group_by(keys).agg(
        pl.len().alias("rows"),
        same.n_unique().alias("different"),
        *(pl.col(f"column {n}").n_unique() for n in range(cells.width)),
    )
    differ = differ.filter(pl.col("different") > 1)
    counted = int(differ["rows"].sum())
    if counted <= _ODDITY * len(ids):
        return
    columns = [name for number, name in enumerate(cells.columns) if (differ[f"column {number}"] > 1).any()]
    raise SeveralRowsError(calls=differ.height, rows=counted, columns=columns)
