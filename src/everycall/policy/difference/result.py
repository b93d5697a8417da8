"""What a comparison of two policies says.

A *region* is a set of calls that the new version treats otherwise in one direction, as short as it could be
described, with an example that the real evaluator confirmed. Within a region *every* call changes in that
direction: both engines say so, or the region says that it is not established.
"""

from __future__ import annotations

from typing import Literal

from everycall.core.base import Frozen
from everycall.policy.attributes import Value

Direction = Literal["less", "more", "otherwise"]
"""Otherwise: neither less nor more, as components without an order differ (staging, who is told of a held call)."""


class ValueSet(Frozen, frozen=True, kw_only=True):
    """A variable has one of these values; `unknown`: or is not known."""

    variable: str
    values: tuple[Value, ...]
    unknown: bool = False


class Description(Frozen, frozen=True, kw_only=True):
    """Calls by what decides them and what is true of them.

    Attributes:
        old_rules: One of these decides under the old version (ids, or `triage`, or `default`); none: whichever.
        new_rules: One of these decides under the new version; none: whichever.
        facts: What else is true of them; nothing: every call that those rules decide.
        unless_old: None of these `add` rules of the old version applies to them.
        unless_new: None of these `add` rules of the new version applies to them.
        apart: Without those of them that change in a direction that comes before this one: that get less, or,
            where nothing here gets more either, that get more.
        words: The same in words.
    """

    old_rules: tuple[str, ...] = ()
    new_rules: tuple[str, ...] = ()
    facts: tuple[ValueSet, ...] = ()
    unless_old: tuple[str, ...] = ()
    unless_new: tuple[str, ...] = ()
    apart: bool = False
    words: str = ""


class Shift(Frozen, frozen=True, kw_only=True):
    """One component, before and after, in words as `components` has them."""

    component: str
    before: str
    after: str
    words: str = ""


class Example(Frozen, frozen=True, kw_only=True):
    """One call, by its known facts, and what the real evaluator says of it under both versions."""

    facts: dict[str, Value]
    old_rule: str
    new_rule: str
    words: str = ""


class Touched(Frozen, frozen=True, kw_only=True):
    """Who a region is about: none where any value occurs in it.

    Attributes:
        services: The services, `unknown` among them.
        types: The incident types, `unknown` among them.
        zones: The zones of which it matters whether the place is inside.
        protected: The values of protected attributes outside of which nobody is touched.
    """

    services: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    zones: tuple[str, ...] = ()
    protected: tuple[ValueSet, ...] = ()
    protected_words: str = ""


class Region(Frozen, frozen=True, kw_only=True):
    """Calls that change in one direction.

    Attributes:
        old_rules: What decides them under the old version; the example's first.
        new_rules: What decides them under the new version; the example's first.
        changes: The components that change for every call of the region, as the example has them.
        also: What else changes for the example, and perhaps not for all.
        mixed: The example gets less in one component and more in another.
        established: Both engines say that every call of the region changes so.
        past: How many past calls lie in it, where a record was given.
    """

    direction: Direction
    description: Description
    old_rules: tuple[str, ...]
    new_rules: tuple[str, ...]
    changes: tuple[Shift, ...]
    also: tuple[Shift, ...]
    mixed: bool
    example: Example
    touched: Touched
    established: bool = False
    past: int | None = None


class Verdict(Frozen, frozen=True, kw_only=True):
    """What is known of one direction.

    Attributes:
        established: Both engines agree that nothing beyond the regions changes so, and all of each region does.
        complete: The regions listed are all.
        because: Why it is not established or not complete; empty if it is both.
        beyond: An example outside the listed regions, where the list was cut off.
    """

    direction: Direction
    established: bool
    complete: bool
    because: str = ""
    beyond: Example | None = None


class Change(Frozen, frozen=True, kw_only=True):
    """Something that is said once for the whole policy: a heading, a zone, an allowance of the floor.

    Attributes:
        less: Every call gets less by it: an allowance that became slower.
        warns: It changes what a proof or this comparison can show.
    """

    kind: Literal["heading", "attribute", "type", "zone", "protected", "floor", "may_differ", "rule"]
    words: str
    less: bool = False
    warns: bool = False


class Difference(Frozen, frozen=True, kw_only=True):
    """All that a comparison says.

    Attributes:
        same_text: The two texts are the same, byte for byte.
        engines: Who answered.
        seconds: How long it took, by the processor's clock.
        past_calls: How many past calls were looked at, where a record was given.
    """

    old: str
    new: str
    old_hash: str
    new_hash: str
    same_text: bool
    engines: tuple[str, ...]
    regions: tuple[Region, ...]
    verdicts: tuple[Verdict, ...]
    changes: tuple[Change, ...]
    seconds: float
    past_calls: int | None = None

    @property
    def established(self) -> bool:
        """Whether all directions are."""
        return all(verdict.established for verdict in self.verdicts)

    @property
    def nothing_less(self) -> bool:
        """Whether it is established that no call gets less, and no allowance became slower."""
        less = [verdict for verdict in self.verdicts if verdict.direction == "less"]
        return (
            all(verdict.established for verdict in less)
            and not any(region.direction == "less" for region in self.regions)
            and not any(change.less for change in self.changes)
        )
