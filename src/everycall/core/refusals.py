"""Refusals: the one shape in which the core says no, with the rule it follows and what to do instead."""

from __future__ import annotations

from everycall.core.base import Frozen


class Refusal(Frozen, frozen=True, kw_only=True, tag_field="answer", tag="refused"):
    """A command that was not carried out. Nothing was recorded by it.

    `rule` is a rule of the house ("house:3") or of the policy in force; `instead` tells the user what to do.
    """

    code: str
    rule: str
    because: str
    instead: str


def unknown(kind: str, identifier: str) -> Refusal:
    """Something named that this centre does not have."""
    return Refusal(
        code=f"unknown_{kind.replace(' ', '_').replace('-', '_')}",
        rule="house:3",
        because=f"There is no {kind} {identifier!r} in this centre.",
        instead=f"Check the {kind} on the board; a report about something unknown can be entered as a call.",
    )
