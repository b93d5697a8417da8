"""What a story is made of; `everycall show --json` gives it as it stands here.

Times are microseconds UTC in the fields and local times in the sentences.
"""

from __future__ import annotations

from typing import Literal

from everycall.core.base import Frozen
from everycall.core.vocabulary import Channel, MissingReason, Mode, OutcomeName, Service

DetailKind = Literal[
    "rule", "why", "considered", "known", "missing", "late", "due", "ended", "struck", "sealed", "flag"
]
"""What a detail of a line is about; the screen gives each kind its own word and never colour alone."""


class Who(Frozen, frozen=True, kw_only=True):
    """Who did it: staff code, role, position, agency."""

    person: str
    role: str
    position: str = ""
    agency: str = ""


class Detail(Frozen, frozen=True, kw_only=True):
    """One thing to be said about a line."""

    kind: DetailKind
    text: str


class Line(Frozen, frozen=True, kw_only=True):
    """One event. `struck` says by whom and why it no longer stands; it stays all the same."""

    sequence: int
    event: str
    recorded_at: int
    occurred_at: int
    who: Who
    text: str
    incident: str | None = None
    details: tuple[Detail, ...] = ()
    struck: str | None = None


class StampStory(Frozen, frozen=True, kw_only=True):
    """One time, or why there is none; `struck` and `conflicts` are the times that do not stand."""

    name: str
    at: int | None = None
    missing: MissingReason | None = None
    source: str = ""
    conflicts: tuple[int, ...] = ()
    struck: tuple[int, ...] = ()
    corrected: bool = False


class CallStory(Frozen, frozen=True, kw_only=True):
    """One call of the incident."""

    call: str
    channel: Channel
    mode: Mode
    received_at: int
    place: str | None = None
    words: str | None = None
    language: str | None = None
    unsafe_to_ring: bool = False
    external: str | None = None
    line: str | None = None
    related: tuple[str, ...] = ()
    stamps: tuple[StampStory, ...] = ()
    self_initiated: bool = False
    reconstructed: bool = False


class IncidentStory(Frozen, frozen=True, kw_only=True):
    """One of the incidents that the story is about; more than one after a merge or a split."""

    incident: str
    opened_at: int
    place: str | None = None
    alarm_level: int = 1
    staging: str | None = None
    external: str | None = None
    merged_into: str | None = None
    split_from: str | None = None
    related: tuple[str, ...] = ()
    reconstructed: bool = False


class NeedStory(Frozen, frozen=True, kw_only=True):
    """One need: what it was first and is now, and how it ended on what evidence; no outcome means open."""

    need: str
    call: str
    service: Service
    opened_at: int
    incident: str | None = None
    agency: str | None = None
    asked_for: str | None = None
    words: str | None = None
    first_type: str | None = None
    type: str | None = None
    first_priority: str | None = None
    priority: str | None = None
    priority_by: str = "nobody"
    outcome: OutcomeName | None = None
    evidence: str | None = None
    settled_at: int | None = None
    settled_by: str | None = None
    struck: tuple[str, ...] = ()
    cancellations: int = 0
    returns: int = 0
    self_initiated: bool = False
    reconstructed: bool = False


class ResponseStory(Frozen, frozen=True, kw_only=True):
    """One agency's response, with its plan and the rule and policy version that made it."""

    incident: str
    agency: str
    service: Service
    status: str
    rule: str
    policy: str
    plan: str
    opened_at: int
    priority: str | None = None
    closed_at: int | None = None
    waiting_since: int | None = None
    adjusted: bool = False
    over_objection: bool = False


class UnitStory(Frozen, frozen=True, kw_only=True):
    """One assignment with its own times."""

    assignment: str
    incident: str
    agency: str
    unit: str
    stamps: tuple[StampStory, ...] = ()
    stacked: bool = False
    by_report: bool = False
    ended: bool = False
    hospital: str | None = None


class Flag(Frozen, frozen=True, kw_only=True):
    """Something that whoever reads the story must not overlook."""

    code: str
    text: str


class Story(Frozen, frozen=True, kw_only=True):
    """All of it. `incidents` is empty for a call that is in none."""

    centre: str
    asked: str
    zone: str
    incidents: tuple[IncidentStory, ...] = ()
    calls: tuple[CallStory, ...] = ()
    needs: tuple[NeedStory, ...] = ()
    responses: tuple[ResponseStory, ...] = ()
    units: tuple[UnitStory, ...] = ()
    flags: tuple[Flag, ...] = ()
    lines: tuple[Line, ...] = ()
