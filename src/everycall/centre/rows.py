"""From a record's events to the rows of the calls table and the assignments table.

The rows of a call are made when it leaves memory, or at the end. A call that was recalled is made anew: the
last
rows count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.evolve import evolve
from everycall.core.facts import GROUP_PREFIX
from everycall.core.outcomes import GoneOnArrival, Responded, apco_code_of, audit_code_of, name_of
from everycall.core.retiring import Retired
from everycall.core.sealed import Sealed
from everycall.core.settling import NeedsReopened
from everycall.core.state import State
from everycall.core.vocabulary import STAMP_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from everycall.core.assignments import Assignment
    from everycall.core.calls import Call
    from everycall.core.event import Event
    from everycall.core.incidents import Response
    from everycall.core.needs import Need
    from everycall.core.outcomes import Outcome
    from everycall.core.stamps import Stamp
    from everycall.core.vocabulary import CallStampName, StampName

Cell = str | int | bool | list[str] | None
TableRow = dict[str, Cell]

RECEIVED_MISSING: Final = "export.received_missing"
"""The fact by which a rebuilt call says that the time it entered at is not that of its receipt."""

SELF_INITIATED_NOT_SAID: Final = "export.self_initiated_not_said"
"""The fact by which a rebuilt call says that its export does not tell requests from a unit's own activity."""

AGENCY_NOT_SAID: Final = "export.agency_not_said"
"""The fact by which a rebuilt call says that its export does not name the agency."""

NOTHING_SAID: Final = "the export says nothing"
"""The evidence of a rebuilt outcome for which the export has no word."""

UNITS: Final = "export.units"
"""The fact that holds how many units the export counts."""

EXPORT_ROW: Final = "export.row"
"""The fact that says from which line or row of its export a rebuilt call was read."""

EXPORT_FLAG: Final = "export.flag"
"""The facts that say what was odd about that row, in the words of docs/calls-table.md, one each."""

FIRST_UNIT_STAMPS: Final[dict[CallStampName, StampName]] = {
    "first_dispatched": "assigned",
    "first_en_route": "en_route",
    "first_on_scene": "on_scene",
    "first_cleared": "clear",
}
_SEVERAL: Final = "arrived_although"
_CALL_STAMPS: Final[tuple[CallStampName, ...]] = ("answered", "call_taking_ended", "queued", "reopened")
Instants = tuple[int | None, str | None]


class RowMaker:
    """Folds a record's events into rows.

    Attributes:
        calls: the rows of the calls table, by call.
        assignments: the rows of the assignments table, by call.
    """

    def __init__(self, centre: str, facts: Mapping[str, str]) -> None:
        """`facts` are the record's: a rebuilt one says which stamps its export has columns for."""
        self._centre = centre
        self._known = frozenset(facts["stamps"].split()) if "stamps" in facts else None
        self._known_of_units = frozenset(facts["unit_stamps"].split()) if "unit_stamps" in facts else None
        self._reopened: dict[str, int] = {}
        self._state = State()
        self.calls: dict[str, list[TableRow]] = {}
        self.assignments: dict[str, list[TableRow]] = {}

    def add(self, event: Event) -> None:
        """Fold one event in, after making the rows of what it takes out of memory."""
        if isinstance(event, Retired):
            self._make(event.calls)
        elif isinstance(event, NeedsReopened):
            for struck in event.struck:
                self._reopened.setdefault(struck.need, event.at)
        evolve(self._state, event)

    def finish(self) -> None:
        """Make the rows of what is still in memory."""
        self._make(list(self._state.calls))

    def _make(self, calls: Iterable[str]) -> None:
        for key in calls:
            call = self._state.calls[key]
            needs = [self._state.needs[need] for need in call.needs]
            self.calls[key] = [self._call_row(call, need, number) for number, need in enumerate(needs, 1)]
            self.assignments[key] = [self._assignment_row(call, held) for held in self._units_at(needs)]

    def _units_at(self, needs: list[Need]) -> list[Assignment]:
        """Every unit's work at the incidents of these needs, that of an agency that joined by itself too."""
        found: dict[str, Assignment] = {}
        for need in needs:
            incident = self._state.incidents.get(need.incident or "")
            for response in () if incident is None else incident.responses.values():
                found |= {key: self._state.assignments[key] for key in response.assignments}
        return list(found.values())

    def _response(self, need: Need) -> Response | None:
        if need.incident is None or need.agency is None:
            return None
        incident = self._state.incidents.get(need.incident)
        return None if incident is None else incident.responses.get(need.agency)

    def _assignments_of(self, need: Need) -> list[Assignment]:
        response = self._response(need)
        return [] if response is None else [self._state.assignments[key] for key in response.assignments]

    def _absent(self, name: str, *, of_unit: bool = False) -> str:
        known = self._known_of_units if of_unit else self._known
        if known is None:
            return "not_reported"
        return "blank" if name in known else "not_in_export"

    def _read(self, stamp: Stamp | None, name: str, *, of_unit: bool = False) -> Instants:
        if stamp is not None and stamp.at is not None:
            return stamp.at, None
        if stamp is not None and stamp.missing is not None:
            return None, stamp.missing
        return None, self._absent(name, of_unit=of_unit)

    def _received(self, call: Call) -> Instants:
        for fact in call.facts:
            if fact.name == RECEIVED_MISSING:
                return None, str(fact.value)
        for name in ("received", "ringing"):
            held = call.stamps.get(name)
            if held is not None and held.at is not None:
                return held.at, None
        return call.received_at, None

    def _first(self, name: CallStampName, call: Call, units: list[Assignment]) -> Instants:
        """The first unit's time: the earliest of the need's assignments, else what was said of the call."""
        stamp = FIRST_UNIT_STAMPS[name]
        times = [at for unit in units if (at := unit.time(stamp)) is not None]
        if times:
            return min(times), None
        held = call.stamps.get(name)
        if held is not None or not units:
            return self._read(held, name)
        reasons = [found.missing for unit in units if (found := unit.stamps.get(stamp)) and found.missing]
        return None, reasons[0] if reasons else self._absent(name)

    def _closed(self, call: Call, need: Need) -> Instants:
        held = call.stamps.get("closed")
        if held is not None or call.reconstructed:
            return self._read(held, "closed")
        response = self._response(need)
        if need.outcome is None:
            return None, "does_not_apply"
        if response is not None and response.closed_at is not None:
            return max(response.closed_at, need.settled_at or response.closed_at), None
        return need.settled_at, None

    def _reopening(self, call: Call, need: Need) -> Instants:
        at = self._reopened.get(need.id)
        if at is not None:
            return at, None
        held = call.stamps.get("reopened")
        if held is None and not call.reconstructed:
            return None, "does_not_apply"
        return self._read(held, "reopened")

    def _call_row(self, call: Call, need: Need, number: int) -> TableRow:
        units = self._assignments_of(need)
        stamps: dict[str, Instants] = {"received": self._received(call)}
        for name in _CALL_STAMPS:
            stamps[name] = self._read(call.stamps.get(name), name)
        for name in FIRST_UNIT_STAMPS:
            stamps[name] = self._first(name, call, units)
        stamps["closed"] = self._closed(call, need)
        stamps["reopened"] = self._reopening(call, need)
        outcome = need.outcome
        said = {fact.name: fact.value for fact in call.facts if not isinstance(fact.value, Sealed)}
        row: TableRow = {
            "centre": self._centre,
            "call": call.id,
            "need": number,
            "incident": need.incident or call.id,
            "original_id": call.external,
            "export_row": said.get(EXPORT_ROW),
            "service": need.service,
            "channel": call.channel,
            "self_initiated": None if SELF_INITIATED_NOT_SAID in said else call.self_initiated,
            "reconstructed": call.reconstructed,
            "first_type": need.first_type,
            "last_type": need.type if need.classified or not call.reconstructed else None,
            "first_priority": need.first_priority,
            "last_priority": need.priority if need.prioritised or not call.reconstructed else None,
            "agency": None if AGENCY_NOT_SAID in said else need.agency,
            "outcome": None if outcome is None else name_of(outcome),
            "outcome_basis": None if outcome is None else basis_of(outcome),
            "contact_made": contact_of(outcome),
            "audit_code": audit_code_of(outcome),
            "apco_code": None if outcome is None else apco_code_of(outcome),
            "units": said.get(UNITS, None if call.reconstructed else len({unit.unit for unit in units})),
            "flags": list(dict.fromkeys([*flags_said(call), *flags_of(call, need, units, self._response(need))])),
        }
        place = call.place
        for part in ("district", "area", "neighbourhood", "postal_code", "latitude_e7", "longitude_e7"):
            row[part] = None if place is None else getattr(place, part)
        for key, (at, missing) in stamps.items():
            row[f"{key}_at"] = at
            row[f"{key}_at_missing"] = missing
        for fact in call.facts:
            if fact.name.startswith(GROUP_PREFIX) and isinstance(fact.value, str):
                row[f"group_{fact.name.removeprefix(GROUP_PREFIX)}"] = fact.value
        return row

    def _assignment_row(self, call: Call, held: Assignment) -> TableRow:
        row: TableRow = {
            "centre": self._centre,
            "call": call.id,
            "incident": held.incident,
            "assignment": held.id,
            "unit": held.unit,
            "agency": held.agency,
        }
        for name in STAMP_NAMES:
            row[f"{name}_at"], row[f"{name}_at_missing"] = self._read(held.stamps.get(name), name, of_unit=True)
        return row


def contact_of(outcome: Outcome | None) -> str | None:
    """Whether the unit that came met somebody; nothing where none is known to have come."""
    if isinstance(outcome, Responded):
        return outcome.contact
    if isinstance(outcome, GoneOnArrival):
        return "no"
    return "not_said" if outcome is not None and name_of(outcome) == "unfounded" else None


def basis_of(outcome: Outcome) -> str | None:
    """What shows that it ended so: the export's words if it has any, or the evidence of this record."""
    if outcome.export is not None:
        return None if outcome.export == NOTHING_SAID else outcome.export
    said = [
        f"{name}={value}"
        for name in outcome.__struct_fields__
        if (value := getattr(outcome, name)) not in (None, "", ()) and name != "export"
    ]
    return "; ".join(said) or name_of(outcome)


def facts_of_flags(flags: Iterable[str]) -> list[str]:
    """Flags as values of facts: words of a code's shape, or they would be sealed as free text."""
    return [
        f"{flag.partition(':')[0]}:{word}" if "," in flag else flag
        for flag in flags
        for word in flag.partition(":")[2].split(",")
    ]


def flags_said(call: Call) -> list[str]:
    """What was odd about the row that a rebuilt call was read from: `facts_of_flags` undone."""
    found: dict[str, list[str]] = {}
    for fact in call.facts:
        if fact.name == EXPORT_FLAG and isinstance(fact.value, str):
            name, _, word = fact.value.partition(":")
            several = name if name == _SEVERAL else fact.value
            found.setdefault(several, []).append(word)
    return [f"{name}:{','.join(words)}" if name == _SEVERAL else name for name, words in found.items()]


def flags_of(call: Call, need: Need, units: list[Assignment], response: Response | None) -> list[str]:
    """What is odd about a row, in the words of docs/calls-table.md."""
    flags: list[str] = []
    known: list[tuple[str, Stamp]] = [*call.stamps.items()]
    for unit in units:
        known += unit.stamps.items()
    for name, stamp in known:
        if stamp.conflicts:
            flags.append(f"conflict:{name}")
        if stamp.struck:
            flags.append(f"corrected:{name}")
    if call.unsafe_to_ring:
        flags.append("unsafe_to_ring")
    if response is not None and response.over_objection:
        flags.append("over_objection")
    if need.struck:
        flags.append("outcome_struck")
    if need.cancellations:
        flags.append("cancellation_closed_nothing")
    if need.returns:
        flags.append("came_back_from_hand_over")
    return sorted(set(flags))
