"""Taking an act back: what each entity is without it, and what has to follow so that nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.assignments import Assignment
from everycall.core.clocks import RESPONSE_KINDS
from everycall.core.incidents import Incident, Response, arrived
from everycall.core.needs import Need
from everycall.core.undo import ActUndone, reverted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.core.acts import Act, AnyEntity, Table
    from everycall.core.handlers import EvolveTable
    from everycall.core.state import State


class Back:
    """The state as it is without one act, beside the state as it is."""

    def __init__(self, state: State, key: str, act: Act) -> None:
        """Nothing is reverted yet."""
        self.state = state
        self.key = key
        self.act = act
        self.changed: dict[tuple[Table, str], AnyEntity | None] = {}
        self.incidents: tuple[str, ...] = ()

    def need(self, key: str) -> Need | None:
        """A need as it will be."""
        held = self.changed.get(("needs", key), self.state.needs.get(key))
        return held if isinstance(held, Need) else None

    def assignment(self, key: str) -> Assignment | None:
        """An assignment as it will be."""
        held = self.changed.get(("assignments", key), self.state.assignments.get(key))
        return held if isinstance(held, Assignment) else None

    def incident(self, key: str) -> Incident | None:
        """An incident as it will be."""
        if ("incidents", key) in self.changed:
            held = self.changed["incidents", key]
            return held if isinstance(held, Incident) else None
        return self.state.incidents.get(key)

    def surviving(self, key: str | None) -> str | None:
        """The incident into which one went, if it was merged away."""
        while key is not None:
            held = self.incident(key)
            if held is None or held.merged_into is None:
                return key
            key = held.merged_into
        return None

    def is_open(self, response: Response) -> bool:
        """Whether a need taken here is open in a response, as they will be."""
        return any(
            (need := self.need(key)) is not None and need.outcome is None and not need.reconstructed
            for key in response.needs
        )

    def anything_open(self, response: Response) -> bool:
        """Whether any need is open in it, rebuilt ones too."""
        return any((need := self.need(key)) is not None and need.outcome is None for key in response.needs)

    def engaged(self, response: Response) -> bool:
        """Whether a unit of it is not clear yet."""
        return any((a := self.assignment(key)) is not None and not a.ended for key in response.assignments)

    def at_work(self, response: Response) -> bool:
        """Whether a unit is at work on it."""
        return any((a := self.assignment(key)) is not None and a.working for key in response.assignments)

    def attended(self, response: Response) -> bool:
        """Whether a unit was there, in the round that counts."""
        return any(
            (a := self.assignment(key)) is not None and a.there
            for key in response.assignments
            if key not in response.earlier
        )

    def write(self) -> None:
        """Put it into the state."""
        for (table, key), value in self.changed.items():
            if value is None:
                self.state.table(table).pop(key, None)
            else:
                self.state.table(table)[key] = value


def taken_back(state: State, key: str, act: Act) -> Back:
    """Revert an act, entity by entity; then let the lists follow where each need and assignment belongs."""
    back = Back(state, key, act)
    for change in act.changes:
        if change.table == "incidents":
            held = state.incidents.get(change.key)
            back.changed["incidents", change.key] = reverted(change.before, change.after, held)
    for change in act.changes:
        if change.table == "needs":
            _need_back(back, change.key, change.before, change.after)
        elif change.table == "assignments":
            _assignment_back(back, change.key, change.before, change.after)
    back.incidents = _places(back)
    for place in back.incidents:
        _lists_follow(back, place)
    _patients_follow(back)
    return back


def _places(back: Back) -> tuple[str, ...]:
    """The incidents that have to do with an act, by what it changed and by where that is now."""
    places: dict[str, None] = {}
    for change in back.act.changes:
        if change.table == "incidents":
            places[change.key] = None
        elif change.table == "deadlines":
            # A deadline may come back to a response that the act did not change otherwise.
            kind, _, subject = change.key.partition(":")
            place = subject.partition("/")[0]
            if kind in RESPONSE_KINDS and place in back.state.incidents:
                places[place] = None
    for change in back.act.changes:
        if change.table in ("needs", "assignments"):
            now = back.state.table(change.table).get(change.key)
            for held in (now, back.changed.get((change.table, change.key))):
                if isinstance(held, (Need, Assignment)) and held.incident is not None:
                    places[held.incident] = None
    return tuple(places)


def _need_back(back: Back, key: str, before: object, after: object) -> None:
    now = back.state.needs.get(key)
    if now is None or not isinstance(before, Need) or not isinstance(after, Need):
        return
    value = now
    if (before.incident, before.agency) != (after.incident, after.agency) and (
        (now.incident, now.agency) == (after.incident, after.agency)
    ):
        value = replace(value, incident=back.surviving(before.incident), agency=before.agency)
    if now.outcome is not None and now.settled_with == back.key:
        value = replace(value, outcome=None, settled_at=None, settled_by=None, settled_with=None)
        offered = back.state.hand_overs.get(before.hand_over or "")
        if offered is not None and offered.pending:
            value = replace(value, hand_over=offered.id)
    back.changed["needs", key] = value


def _assignment_back(back: Back, key: str, before: object, after: object) -> None:
    now = back.state.assignments.get(key)
    if now is None or not isinstance(before, Assignment) or not isinstance(after, Assignment):
        return
    value = now
    if before.incident != after.incident == now.incident:
        value = replace(now, incident=back.surviving(before.incident) or now.incident)
    back.changed["assignments", key] = value


def _members(back: Back, place: str, table: Table, agency: str, listed: Iterable[str]) -> tuple[str, ...]:
    """Those that belong to a response, those listed first, in their order."""
    moved = [key for kind, key in back.changed if kind == table]
    found: dict[str, None] = {}
    for key in (*listed, *moved):
        held: Need | Assignment | None = back.need(key) if table == "needs" else back.assignment(key)
        if held is not None and held.incident == place and held.agency == agency:
            found[key] = None
    return tuple(found)


def _lists_follow(back: Back, place: str) -> None:
    # What the act made goes, unless something else belongs to it by now.
    incident = back.incident(place) or back.state.incidents.get(place)
    if incident is None:
        return
    back.changed["incidents", place] = incident
    change = next((c for c in back.act.changes if c.table == "incidents" and c.key == place), None)
    before = change.before if change is not None and isinstance(change.before, Incident) else None
    current = back.state.incidents.get(place)
    agencies = dict.fromkeys(incident.responses)
    for kind, key in back.changed:
        held = back.changed[kind, key]
        if isinstance(held, (Need, Assignment)) and held.incident == place and held.agency is not None:
            agencies[held.agency] = None
    responses: dict[str, Response] = {}
    for agency in agencies:
        response = incident.responses.get(agency) or _remembered(back, agency)
        if response is None:
            continue
        there = None if current is None else current.responses.get(agency)
        needs = response.needs if there is None else (*response.needs, *there.needs)
        units = response.assignments if there is None else (*response.assignments, *there.assignments)
        response = replace(
            response,
            needs=_members(back, place, "needs", agency, needs),
            assignments=_members(back, place, "assignments", agency, units),
        )
        earlier = (*response.earlier, *_elsewhere_before(back, place, there))
        if earlier:
            kept = tuple(key for key in dict.fromkeys(earlier) if key in response.assignments)
            response = replace(response, earlier=kept)
        made_by_it = change is not None and (before is None or agency not in before.responses)
        if response.needs or response.assignments or not made_by_it:
            responses[agency] = _consistent(back, response)
    wanted = dict.fromkeys(
        [need.call for r in responses.values() for key in r.needs if (need := back.need(key)) is not None]
    )
    calls = tuple(call for call in incident.calls if call in wanted)
    calls += tuple(call for call in wanted if call not in calls)
    value: Incident | None = replace(incident, calls=calls, responses=responses)
    if change is not None and before is None and not responses and _nothing_added(change.after, incident):
        value = None
    back.changed["incidents", place] = value


def _elsewhere_before(back: Back, place: str, there: Response | None) -> list[str]:
    """Ended work that comes to an incident into which its own was merged, where help is still wanted.

    That a unit was there for the other does not answer it.
    """
    if there is None or not back.anything_open(there) or arrived(back.state, there):
        return []
    return [
        change.key
        for change in back.act.changes
        if isinstance(change.before, Assignment)
        and change.before.incident != place
        and (held := back.assignment(change.key)) is not None
        and held.incident == place
        and held.ended
    ]


def _consistent(back: Back, response: Response) -> Response:
    """A response without a hold or a wait that its units and needs leave no room for."""
    if not (back.anything_open(response) or back.engaged(response)):
        return replace(response, hold=None, waiting_since=None)
    if back.at_work(response):
        return replace(response, hold=None, waiting_since=None)
    if response.hold is not None or back.attended(response):
        return replace(response, waiting_since=None)
    return response


def _remembered(back: Back, agency: str) -> Response | None:
    """A response that is gone since, as the act knew it."""
    for change in back.act.changes:
        for held in (change.before, change.after):
            if isinstance(held, Incident) and agency in held.responses:
                return replace(held.responses[agency], needs=(), assignments=(), earlier=(), hold=None)
    return None


def _nothing_added(after: object, now: Incident) -> bool:
    return (
        isinstance(after, Incident)
        and now.notes == after.notes
        and now.patients == after.patients
        and now.related == after.related
        and not now.absorbed
    )


def _patients_follow(back: Back) -> None:
    """Patients that go back with their incident keep what became of them since."""
    latest = {
        patient.id: patient
        for place in back.incidents
        if (held := back.state.incidents.get(place)) is not None
        for patient in held.patients
    }
    home: dict[str, str] = {}
    for change in back.act.changes:
        if isinstance(change.before, Incident) and isinstance(change.after, Incident):
            stayed = {patient.id for patient in change.after.patients}
            place = back.surviving(change.key) or change.key
            home.update({patient.id: place for patient in change.before.patients if patient.id not in stayed})
    for key in back.incidents:
        incident = back.incident(key)
        if incident is None or not incident.patients:
            continue
        patients = tuple(
            latest.get(patient.id, patient) for patient in incident.patients if home.get(patient.id, key) == key
        )
        if patients != incident.patients:
            back.changed["incidents", key] = replace(incident, patients=patients)


def _undone(state: State, event: ActUndone) -> None:
    act = state.acts.get(event.act)
    if act is None:
        return
    back = taken_back(state, event.act, act)
    back.write()
    for named in event.reopens:
        state.change_response(named.incident, named.agency, closed_at=None)
    for named in event.closes:
        state.change_response(named.incident, named.agency, closed_at=event.at)
    state.acts[event.act] = replace(act, undone=True)
    state.refresh_after(back.incidents)


EVOLVE: Final[EvolveTable] = {ActUndone: _undone}
