"""Reconciliation with an hourly table: counts against counts.

No single call can be looked up. What can be said: in an hour in which more calls reached a group of lines
than the record holds for it, at least the difference was not entered in that hour. A call that rang at the
turn of an hour may stand in the next one in the record, so the sum over hours can be a little too high; the
difference over the whole time cannot, but lets too many in one hour hide too few in another. Both are given.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from everycall.centre.reconcile_record import EMERGENCY_CHANNELS, OTHER_LINE_CHANNELS, PERHAPS_TELEPHONE

if TYPE_CHECKING:
    import polars as pl

    from everycall.centre.reconcile_record import RecordSide
    from everycall.core.vocabulary import Channel

HOUR: Final = 3_600_000_000


@dataclass(slots=True)
class Hour:
    """One hour of one group of lines; `entered` are the record's calls; instants are microseconds UTC."""

    begins: int
    ends: int
    group: str
    answered: int
    abandoned: int
    total: int
    entered: int

    @property
    def missing(self) -> int:
        """How many more reached the switch than the record holds."""
        return max(0, self.total - self.entered)

    @property
    def missing_answered(self) -> int:
        """How many more were answered than the record holds: calls that hung up do not explain these."""
        return max(0, self.answered - self.entered)


@dataclass(slots=True)
class Group:
    """A group of lines over the whole time.

    Attributes:
        name: the table's name for it.
        channels: the record's channels that it is compared with.
        hours: hours compared.
        no_count: hours without a count that can be read.
    """

    name: str
    channels: tuple[Channel, ...]
    hours: list[Hour] = field(default_factory=list)
    no_count: int = 0

    def sum(self, name: str) -> int:
        """The sum of one figure over the hours."""
        return sum(int(getattr(hour, name)) for hour in self.hours)

    @property
    def short(self) -> list[Hour]:
        """The hours in which more reached the switch than the record holds."""
        return [hour for hour in self.hours if hour.missing]


@dataclass(slots=True)
class HourlyReconciliation:
    """The outcome.

    Attributes:
        record: the record's side.
        groups: by group of lines; one for all of them where the record's channels cannot be told apart.
        told_apart: whether the record tells emergency lines from others.
        perhaps: calls of the record in these hours whose channel may be the telephone; counted nowhere else.
        outside: when the hours began that the record does not cover, or not as a whole.
        do_not_add_up: hours in which the table's total is not answered and abandoned.
    """

    record: RecordSide
    groups: list[Group] = field(default_factory=list)
    told_apart: bool = True
    perhaps: int = 0
    outside: set[int] = field(default_factory=set)
    do_not_add_up: int = 0

    @property
    def anything_compared(self) -> bool:
        """Whether there is any hour in both."""
        return any(group.hours for group in self.groups)

    @property
    def all_entered(self) -> bool:
        """Whether in no hour of any group more calls reached the switch than the record holds."""
        return not any(group.short for group in self.groups)


def reconcile_hours(
    record: RecordSide,
    frame: pl.DataFrame,
    emergency: str,
    not_emergency: str,
    *,
    emergency_only: bool = False,
) -> HourlyReconciliation:
    """Compare an hourly table with the record.

    Args:
        record: the record's side.
        frame: the hours, as `exchange.switch_log` reads them.
        emergency: regular expression for the names of groups of emergency lines.
        not_emergency: names that look like it and are none.
        emergency_only: leave the other groups out.
    """
    import polars as pl  # noqa: PLC0415 - an extra: only who reads tables needs it

    found = HourlyReconciliation(record=record)
    by_channel: dict[Channel, list[int]] = {}
    for call in record.calls:
        by_channel.setdefault(call.channel, []).append(call.received_at)
    found.told_apart = bool(EMERGENCY_CHANNELS & by_channel.keys()) and bool(OTHER_LINE_CHANNELS & by_channel.keys())
    plain = frame.with_columns(pl.col("hour").dt.epoch("us")).sort("hour", "line_group")
    names = plain["line_group"].unique(maintain_order=True).to_list()
    kinds = {name: bool(re.search(emergency, name)) and not re.search(not_emergency, name) for name in names}
    if emergency_only and found.told_apart:
        names = [name for name in names if kinds[name]]
        plain = plain.filter(pl.col("line_group").is_in(names))
    if not found.told_apart:
        every = tuple(sorted(by_channel))
        found.groups = [Group(name=" + ".join(names), channels=every)]
    else:
        found.groups = [
            Group(name=name, channels=tuple(sorted(EMERGENCY_CHANNELS if kinds[name] else OTHER_LINE_CHANNELS)))
            for name in names
        ]
    found.do_not_add_up = plain.filter(~pl.col("adds_up")).height
    for group in found.groups:
        rows = plain if not found.told_apart else plain.filter(pl.col("line_group") == group.name)
        _fill(found, group, rows, by_channel)
    if found.told_apart:
        perhaps = sorted(at for channel in PERHAPS_TELEPHONE for at in by_channel.get(channel, ()))
        longest = max((group.hours for group in found.groups), key=len, default=[])
        found.perhaps = sum(bisect_left(perhaps, hour.ends) - bisect_left(perhaps, hour.begins) for hour in longest)
    return found


def _fill(found: HourlyReconciliation, group: Group, rows: pl.DataFrame, by_channel: dict[Channel, list[int]]) -> None:
    import polars as pl  # noqa: PLC0415 - see above

    record = found.record
    times = [by_channel.get(channel, []) for channel in group.channels]
    by_hour = rows.group_by("hour", maintain_order=True).agg(
        pl.col("answered", "abandoned", "total").sum(),
        pl.col("answered", "abandoned").null_count().name.suffix("_unread"),
        pl.col("repeated_hour").any(),
    )
    for held in by_hour.iter_rows(named=True):
        begins: int = held["hour"]
        # The hour that daylight saving repeats stands once, and holds the calls of both.
        ends = begins + (2 * HOUR if held["repeated_hour"] else HOUR)
        if held["answered_unread"] or held["abandoned_unread"]:
            group.no_count += 1
        elif begins < record.begins or ends > record.ends:
            found.outside.add(begins)  # the whole hour has to lie within the record's time
        else:
            group.hours.append(
                Hour(
                    begins=begins,
                    ends=ends,
                    group=group.name,
                    answered=held["answered"],
                    abandoned=held["abandoned"],
                    # The table's own total is not believed where it is not the sum.
                    total=held["answered"] + held["abandoned"],
                    entered=sum(bisect_left(series, ends) - bisect_left(series, begins) for series in times),
                )
            )
