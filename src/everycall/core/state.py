"""The state: a mutable table of frozen entities, changed by events only.

The tables are the state; the indexes beside them (deadline heap, free units, responses that nobody serves)
are derived and can be built again from the tables
at any time. `encoded` gives the tables as bytes, so that two states can be compared byte for byte.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from everycall.core.acts import Act, Change
from everycall.core.incidents import Incident, change_response, status_of
from everycall.core.units import Agency, Crew, Unit, Vehicle, why_not_free

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from everycall.core.acts import AnyEntity, Table
    from everycall.core.assignments import Assignment
    from everycall.core.calls import Call
    from everycall.core.deadlines import Deadline
    from everycall.core.hand_overs import HandOver
    from everycall.core.instructions import Instruction
    from everycall.core.needs import Need
    from everycall.core.reviews import Review
    from everycall.core.undo import ActKind
    from everycall.core.versions import PolicyInForce

_encoder: Final = msgspec.json.Encoder(order="deterministic")


class State:
    """Everything that `decide` reads and `evolve` changes."""

    __slots__ = (
        "acts",
        "acts_about",
        "agencies",
        "assignments",
        "calls",
        "counters",
        "crews",
        "deadline_heap",
        "deadlines",
        "free",
        "hand_overs",
        "incidents",
        "instructions",
        "needs",
        "next_policies",
        "objected_alone_at",
        "policy",
        "reviews",
        "units",
        "unserved",
        "vehicles",
    )

    def __init__(self) -> None:
        """An empty centre."""
        self.calls: dict[str, Call] = {}
        self.needs: dict[str, Need] = {}
        self.incidents: dict[str, Incident] = {}
        self.assignments: dict[str, Assignment] = {}
        self.units: dict[str, Unit] = {}
        self.crews: dict[str, Crew] = {}
        self.vehicles: dict[str, Vehicle] = {}
        self.agencies: dict[str, Agency] = {}
        self.hand_overs: dict[str, HandOver] = {}
        self.instructions: dict[str, Instruction] = {}
        self.reviews: dict[str, Review] = {}
        self.deadlines: dict[str, Deadline] = {}
        self.acts: dict[str, Act] = {}
        self.policy: PolicyInForce | None = None
        self.next_policies: tuple[PolicyInForce, ...] = ()
        self.objected_alone_at: int | None = None
        self.counters: defaultdict[str, int] = defaultdict(int)
        # Derived; see `rebuild_indexes`.
        self.deadline_heap: list[tuple[int, str]] = []
        self.free: dict[str, set[str]] = {}
        self.unserved: dict[str, dict[str, None]] = {}
        self.acts_about: dict[str, list[str]] = {}

    def table(self, name: Table) -> dict[str, Any]:
        """One of the tables that an act can change, by its name; its entities differ by table."""
        table: dict[str, Any] = getattr(self, name)
        return table

    def keep_act(
        self,
        act: str,
        kind: ActKind,
        changes: Iterable[tuple[tuple[Table, str], AnyEntity | None, AnyEntity | None]],
    ) -> None:
        """Keep what an act changed, so that it can be taken back."""
        kept = Act(
            kind=kind,
            changes=tuple(
                [Change(table=table, key=key, before=b, after=a) for (table, key), b, a in changes if b != a]
            ),
        )
        self.acts[act] = kept
        self._index_act(act, kept)

    def _index_act(self, key: str, act: Act) -> None:
        for subject in act.subjects():
            self.acts_about.setdefault(subject, []).append(key)

    def restore_acts(self, acts: Mapping[str, Act]) -> None:
        """Acts come back with the entities that they are about."""
        for key, act in acts.items():
            if key not in self.acts:
                self.acts[key] = act
                self._index_act(key, act)

    def forget_acts(self, subjects: Iterable[str]) -> None:
        """Calls and incidents left memory, and their acts with them."""
        for subject in subjects:
            for key in self.acts_about.pop(subject, ()):
                act = self.acts.pop(key, None)
                for other in () if act is None else act.subjects():
                    if other != subject and (held := self.acts_about.get(other)) is not None:
                        held.remove(key)

    def change_response(self, incident: str, agency: str, **changes: object) -> None:
        """Replace one response of an incident by a changed copy."""
        change_response(self, incident, agency, **changes)

    def refresh_unit(self, key: str) -> None:
        """Bring the index of free units up to date for a unit and those that share its crew."""
        unit = self.units[key]
        crew = self.crews.get(unit.crew) if unit.crew is not None else None
        for other in (key,) if crew is None else (*crew.units, key):
            held = self.units.get(other)
            if held is None:
                continue
            free = self.free.setdefault(held.agency, set())
            if why_not_free(self, held) is None:
                free.add(other)
            else:
                free.discard(other)

    def refresh_response(self, incident: str, agency: str) -> None:
        """Bring the index of responses that nobody serves up to date for one response."""
        held = self.incidents.get(incident)
        response = None if held is None else held.responses.get(agency)
        if response is not None and status_of(self, response) in ("pending", "waiting"):
            self.unserved.setdefault(agency, {})[incident] = None
        else:
            self.forget_response(incident, agency)

    def forget_response(self, incident: str, agency: str) -> None:
        """A response left memory, or is served."""
        waiting = self.unserved.get(agency)
        if waiting is not None:
            waiting.pop(incident, None)

    def refresh_after(self, incidents: Iterable[str]) -> None:
        """Bring the index up to date for whole incidents, whose responses may have gone."""
        for key in incidents:
            agencies = list(self.unserved)
            held = self.incidents.get(key)
            if held is not None:
                agencies += held.responses
            for agency in dict.fromkeys(agencies):
                self.refresh_response(key, agency)

    def with_own_fleet(self) -> State:
        """The same state with units, crews and vehicles of its own: to see what would follow for them."""
        after = State()
        for name in self.__slots__:
            setattr(after, name, getattr(self, name))
        after.units = dict(self.units)
        after.crews = dict(self.crews)
        after.vehicles = dict(self.vehicles)
        after.free = {agency: set(units) for agency, units in self.free.items()}
        return after

    def rebuild_indexes(self) -> None:
        """Build the derived indexes again from the tables."""
        self.free = {}
        self.unserved = {}
        self.acts_about = {}
        for key, act in self.acts.items():
            self._index_act(key, act)
        for key in self.units:
            self.refresh_unit(key)
        for key, incident in self.incidents.items():
            for agency in incident.responses:
                self.refresh_response(key, agency)
        self.deadline_heap = [(d.due, d.key) for d in self.deadlines.values() if not d.exhausted]
        heapq.heapify(self.deadline_heap)

    def encoded(self) -> bytes:
        """The tables as bytes; equal states give equal bytes."""
        return _encoder.encode(
            {
                name: getattr(self, name)
                for name in (
                    "calls",
                    "needs",
                    "incidents",
                    "assignments",
                    "units",
                    "crews",
                    "vehicles",
                    "agencies",
                    "hand_overs",
                    "instructions",
                    "reviews",
                    "deadlines",
                    "acts",
                    "policy",
                    "next_policies",
                    "objected_alone_at",
                )
            }
            | {"counters": {name: count for name, count in self.counters.items() if count}}
        )
