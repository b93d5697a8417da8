"""The rules of the house as checks of a state and its events, written apart from the code that they check."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from floor_driver import TABLES

from everycall.core.base import DAY, HOUR
from everycall.core.outcomes import (
    Advised,
    CancelledByCaller,
    Declined,
    Duplicate,
    GoneOnArrival,
    HandedOver,
    NoEmergency,
    NotEstablished,
    NotReached,
    NotRecorded,
    Responded,
    Unfounded,
)
from everycall.core.versions import OverObjection, ReadsNothingProtected

if TYPE_CHECKING:
    from everycall.core.deadlines import Deadline
    from everycall.core.incidents import Incident, Response
    from everycall.core.needs import Need
    from everycall.core.outcomes import Outcome
    from everycall.core.settling import NeedsSettled
    from everycall.core.state import State

LARGEST: Final = 64 * 1024
THERE: Final = {"on_scene", "contact_made", "at_patient", "transporting", "at_hospital"}


def only_integers_and_text(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and only_integers_and_text(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(only_integers_and_text, value))
    return value is None or isinstance(value, bool | int | str)


def check_bytes(data: bytes, canary: str) -> None:
    """Rule 11, and what may be in an event: integers, text and booleans, within its size."""
    assert len(data) < LARGEST, f"{len(data)} bytes"
    assert canary.split(maxsplit=1)[0].encode() not in data, f"a personal value in clear: {data!r}"
    assert only_integers_and_text(json.loads(data)), data


def working_on(state: State, incident: str, agency: str) -> list[str]:
    return [
        key
        for key, held in state.assignments.items()
        if held.incident == incident and held.agency == agency and not held.ended and not held.stacked
    ]


def brings_it_back(state: State, need: Need) -> bool:
    """Whether something stands that will bring an open need back to mind."""
    if need.hand_over is not None:
        offered = state.hand_overs[need.hand_over]
        if offered.pending and f"hand_over:{need.hand_over}" in state.deadlines:
            return True
    if need.incident is None:
        return any(f"{kind}:{need.call}" in state.deadlines for kind in ("answer", "call_back", "find_out"))
    subject = f"{need.incident}/{need.agency}"
    if any(f"{kind}:{subject}" in state.deadlines for kind in ("dispatch", "arrive", "hold", "outcome")):
        return True
    return bool(working_on(state, need.incident, need.agency or ""))


def check_needs(state: State) -> None:
    """No way off the board."""
    for need in state.needs.values():
        assert need.call in state.calls, need
        assert need.id in state.calls[need.call].needs, need
        if need.incident is not None:
            incident = state.incidents.get(need.incident)
            assert incident is not None, f"{need.id} is in {need.incident}, which does not exist"
            assert incident.merged_into is None, f"{need.id} is in {need.incident}, which was merged away"
            response = incident.responses.get(need.agency or "")
            assert response is not None, f"{need.id} has no response of {need.agency} in {need.incident}"
            assert need.id in response.needs, f"the response does not list {need.id}"
            if need.outcome is None:
                assert response.closed_at is None, f"{need.id} is open in a closed response"
        if need.outcome is None:
            if not need.reconstructed:
                assert brings_it_back(state, need), f"nothing brings {need.id} back to mind: {need}"
        else:
            assert need.hand_over is None, need


def check_incidents(state: State) -> None:
    """Membership is told once: by the need and the assignment; the lists agree."""
    needs: Counter[str] = Counter()
    assignments: Counter[str] = Counter()
    for key, incident in state.incidents.items():
        assert incident.id == key
        listed: set[str] = set()
        for agency, response in incident.responses.items():
            assert response.agency == agency
            check_response(state, incident, response)
            needs.update(response.needs)
            assignments.update(response.assignments)
            listed.update(state.needs[need].call for need in response.needs)
        assert len(set(incident.calls)) == len(incident.calls), incident
        assert set(incident.calls) == listed, (key, incident.calls, listed)
        if incident.merged_into is not None:
            assert not incident.responses, incident
            assert incident.merged_into in state.incidents, incident
    assert all(count == 1 for count in needs.values()), needs
    assert all(count == 1 for count in assignments.values()), assignments
    assert set(assignments) == set(state.assignments)
    patients = Counter(patient.id for incident in state.incidents.values() for patient in incident.patients)
    assert all(count == 1 for count in patients.values()), patients


def check_response(state: State, incident: Incident, response: Response) -> None:
    where = (incident.id, response.agency)
    for key in response.needs:
        need = state.needs[key]
        assert (need.incident, need.agency) == where, (need, where)
    for key in response.assignments:
        assignment = state.assignments[key]
        assert (assignment.incident, assignment.agency) == where, (assignment, where)
    unsettled = [key for key in response.needs if state.needs[key].outcome is None]
    engaged = [key for key in response.assignments if not state.assignments[key].ended]
    if response.closed_at is None:
        assert unsettled or engaged, f"{where} is open with nothing open in it"
    else:
        assert not unsettled, f"{where} is closed over {unsettled}"
        assert not engaged, f"{where} is closed over the work of {engaged}"
        assert response.hold is None, where
        assert response.waiting_since is None, where
    subject = "/".join(where)
    assert (response.hold is not None) == (f"hold:{subject}" in state.deadlines), (where, response.hold)
    live = [key for key in unsettled if not state.needs[key].reconstructed]
    if not live or response.hold is not None or working_on(state, *where):
        assert f"dispatch:{subject}" not in state.deadlines, f"{where} waits for a dispatch that is no use"
        assert f"outcome:{subject}" not in state.deadlines, where
    if not live:
        assert f"arrive:{subject}" not in state.deadlines, where
    check_offers(state, response, subject, live)


def check_offers(state: State, response: Response, subject: str, live: list[str]) -> None:
    """Our own dispatch rests only while a rule waits for another agency, for all that is asked; never longer."""
    offer = response.plan.offer
    offers = [state.hand_overs.get(state.needs[key].hand_over or "") for key in live]
    waits = [held is not None and held.pending and held.by_rule and held.meanwhile == "wait" for held in offers]
    rests = bool(live) and offer is not None and offer.meanwhile == "wait" and all(waits)
    there = [a for key in response.assignments if key not in response.earlier for a in (state.assignments[key],)]
    came = any(THERE.intersection(name for name, s in a.stamps.items() if s.at is not None) for a in there)
    pending = live and response.hold is None and not working_on(state, *subject.split("/", 1)) and not came
    if rests:
        assert f"dispatch:{subject}" not in state.deadlines, f"{subject} is hurried while an offer is waited for"
    elif pending and response.plan.dispatch_within is not None:
        assert f"dispatch:{subject}" in state.deadlines, f"{subject} is pending and no dispatch is due"


def check_policies(state: State) -> None:
    """Versions that wait stand in order, each with its day; one over objection has an end."""
    beginnings = [version.effective_from for version in state.next_policies]
    assert beginnings == sorted(set(beginnings), key=lambda instant: instant or 0), beginnings
    assert len({version.policy for version in state.next_policies}) == len(state.next_policies)
    expected = {f"policy:from/{version.policy}": version.effective_from for version in state.next_policies}
    if state.policy is not None and state.policy.ends_at is not None:
        expected["policy:policy"] = state.policy.ends_at
    found = {key: deadline.due for key, deadline in state.deadlines.items() if deadline.kind == "policy"}
    assert found == expected
    for version in (state.policy, *state.next_policies):
        if version is not None:
            assert not isinstance(version.standing, ReadsNothingProtected), version
        if version is not None and isinstance(version.standing, OverObjection):
            alone = len({person.casefold() for person in version.standing.persons}) == 1
            longest = 12 * HOUR if alone else 30 * DAY
            assert version.standing.ends_at <= version.adopted_at + longest, version


def check_waiting(state: State) -> None:
    """A response waits exactly while it is pending and no unit that could go is free."""
    for key, incident in state.incidents.items():
        for agency, response in incident.responses.items():
            if response.closed_at is not None:
                continue
            wanted = {requirement.capability for requirement in response.plan.send}
            able = [
                unit.id
                for unit in state.units.values()
                if unit.agency == agency and free(state, unit.id) and wanted.intersection(unit.capabilities)
            ]
            units = [state.assignments[a] for a in response.assignments if a not in response.earlier]
            pending = (
                response.hold is None
                and not any(not a.ended and not a.stacked for a in units)
                and not any(THERE.intersection(name for name, s in a.stamps.items() if s.at is not None) for a in units)
            )
            waits = pending and bool(wanted) and not able
            assert (response.waiting_since is not None) == waits, (key, agency, pending, wanted, able, response)


def free(state: State, unit: str) -> bool:
    """Whether a unit can be sent, told from the tables alone."""
    held = state.units[unit]
    if held.signed_on_at is None or held.out_of_service is not None:
        return False
    if held.vehicle is not None and state.vehicles[held.vehicle].out_of_service is not None:
        return False
    crew = {unit} if held.crew is None else {u.id for u in state.units.values() if u.crew == held.crew} | {unit}
    return not any(a.unit in crew and not a.ended for a in state.assignments.values())


def check_units(state: State) -> None:
    """Nobody is lost or doubled."""
    for key, unit in state.units.items():
        mine = [a.id for a in state.assignments.values() if a.unit == key and not a.ended]
        assert sorted(unit.assignments) == sorted(mine), (unit, mine)
        assert len(set(unit.assignments)) == len(unit.assignments)
        working = [a for a in unit.assignments if not state.assignments[a].stacked]
        assert list(unit.assignments[: len(working)]) == working, "stacked work stands before work under way"


def check_indexes(state: State) -> None:
    """What is derived equals what is built again."""
    kept = {agency: set(units) for agency, units in state.free.items() if units}
    unserved = {agency: set(keys) for agency, keys in state.unserved.items() if keys}
    live = live_heap(state)
    acts = {key: sorted(held) for key, held in state.acts_about.items() if held}
    again = type(state)()
    for name in TABLES:
        getattr(again, name).update(getattr(state, name))
    again.rebuild_indexes()
    rebuilt_free = {agency: set(units) for agency, units in again.free.items() if units}
    assert kept == rebuilt_free, f"free: {kept} rather than {rebuilt_free}"
    rebuilt = {agency: set(keys) for agency, keys in again.unserved.items() if keys}
    assert unserved == rebuilt, f"unserved: {unserved} rather than {rebuilt}"
    assert live == live_heap(again)
    assert acts == {key: sorted(held) for key, held in again.acts_about.items() if held}


def live_heap(state: State) -> set[tuple[int, str]]:
    live = {
        (due, key)
        for due, key in state.deadline_heap
        if (held := state.deadlines.get(key)) is not None and held.due == due and not held.exhausted
    }
    assert live == {(d.due, d.key) for d in state.deadlines.values() if not d.exhausted}
    return live


def check_deadlines(state: State) -> None:
    """Each is about something that exists."""
    for key, deadline in state.deadlines.items():
        assert key == deadline.key
        assert about_something(state, deadline), f"{key} is about nothing"


def about_something(state: State, deadline: Deadline) -> bool:
    subject = deadline.subject
    if deadline.kind in ("answer", "call_back", "find_out"):
        return subject in state.calls
    if deadline.kind in ("dispatch", "arrive", "hold", "outcome"):
        incident, _, agency = subject.partition("/")
        return incident in state.incidents and agency in state.incidents[incident].responses
    if deadline.kind in ("acknowledge", "welfare"):
        return subject in state.assignments and not state.assignments[subject].ended
    if deadline.kind in ("hand_over", "hand_over_arrival"):
        return subject in state.hand_overs
    if deadline.kind == "review":
        return subject in state.reviews and state.reviews[subject].judgement is None
    if deadline.kind == "retire":
        return subject in state.calls or subject in state.incidents
    if deadline.kind == "policy":
        return state.policy is not None or bool(state.next_policies)
    return deadline.kind == "emergency"


def check_state(state: State) -> None:
    """All of it."""
    check_needs(state)
    check_incidents(state)
    check_waiting(state)
    check_units(state)
    check_indexes(state)
    check_deadlines(state)
    check_policies(state)


def evidence(state: State, need: Need, outcome: Outcome, role_may_decline: Any) -> bool:
    """The evidence of each outcome, restated from the design: `state` is that before the outcome was given."""
    if need.reconstructed and (outcome.export is not None or isinstance(outcome, NotRecorded)):
        return True
    if outcome.export is not None:
        return False
    match outcome:
        case Responded() | GoneOnArrival() | Unfounded():
            held = state.assignments.get(outcome.assignment or "")
            there = held is not None and any(
                name in THERE and stamp.at is not None for name, stamp in held.stamps.items()
            )
            return held is not None and held.incident == need.incident and there
        case HandedOver():
            return outcome.hand_over is not None and bool(outcome.accepted_by)
        case CancelledByCaller():
            duress = False
            if need.incident is not None:
                plan = state.incidents[need.incident].responses[need.agency or ""].plan
                duress = not plan.cancellation_closes
            return outcome.confirmed not in (None, "not_said") and not duress
        case Advised():
            return outcome.caller_agreed
        case Duplicate():
            other = state.incidents.get(outcome.of or "")
            return (
                other is not None
                and other.id != need.incident
                and any(
                    need.service in ("unknown", state.needs[key].service)
                    and (state.needs[key].outcome is None or working_on(state, other.id, response.agency))
                    for response in other.responses.values()
                    for key in response.needs
                )
            )
        case NoEmergency():
            return outcome.confirmed_by not in (None, "export")
        case NotEstablished():
            call = state.calls[need.call]
            return bool(outcome.tried) and bool(call.call_backs or call.unsafe_to_ring)
        case Declined():
            return (
                need.priority not in ("0", "1", None)
                and bool(outcome.ground)
                and bool(outcome.authority)
                and outcome.rule is not None
                and bool(role_may_decline(outcome.ground))
            )
        case NotReached():
            return bool(outcome.why) and bool(outcome.by)
        case NotRecorded():
            return False


def check_evidence(state: State, event: NeedsSettled, role_may_decline: Any) -> None:
    """No outcome without evidence, and a named person."""
    assert event.by
    for key in event.needs:
        need = state.needs[key]
        assert need.outcome is None
        assert evidence(state, need, event.outcome, role_may_decline), (need, event.outcome)
