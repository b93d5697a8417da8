"""Settled calls leave memory in time, nothing open ever does, and what left comes back as it was."""

from __future__ import annotations

import pytest
from core_machine import HouseMachine
from floor_driver import CREW, OVERSIGHT, Floor, attended, raw, request, staffed
from test_machine import walk

from everycall.core import commands as c
from everycall.core.base import DAY, SECOND
from everycall.core.decide import decide
from everycall.core.escalation import DeadlinePassed
from everycall.core.evolve import evolve
from everycall.core.given import Given
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import Advised, NotReached, Responded
from everycall.core.policies import HOUSE_FLOOR
from everycall.core.refusals import Refusal
from everycall.core.retiring import Recalled, Retired, component
from everycall.core.state import State

KEPT = HOUSE_FLOOR.retire_after // SECOND
POLICE = NeedAsked(service="police")


def settled() -> tuple[Floor, str]:
    floor = staffed()
    incident = request(floor)
    key = attended(floor, incident)
    floor.do(c.Settle(needs=("C000001-1",), outcome=Responded(assignment=key)))
    return floor, incident


def leave(floor: Floor) -> None:
    floor.wait(KEPT)


def test_what_is_settled_leaves_memory_after_its_time_with_all_that_hangs_on_it() -> None:
    floor, incident = settled()
    floor.wait(KEPT - 1)
    assert incident in floor.state.incidents
    floor.wait(1)
    gone = floor.last(Retired)
    assert (gone.calls, gone.incidents) == (("C000001",), (incident,))
    held = raw(floor.state)
    for table in ("calls", "needs", "incidents", "assignments", "deadlines"):
        assert held[table] == {}
    assert floor.state.acts == {}
    assert floor.state.acts_about == {}
    assert floor.balance.holds(floor.state)
    assert floor.balance.requests.outcomes["responded"] == 1


@pytest.mark.parametrize("largest", [100, 300])
def test_what_could_not_come_back_in_one_entry_stays(monkeypatch: pytest.MonkeyPatch, largest: int) -> None:
    """Be it the event by which it leaves that is too large, or a part."""
    monkeypatch.setattr("everycall.core.retiring.LARGEST", largest)
    floor, incident = settled()
    leave(floor)
    assert floor.all(Retired) == []
    assert incident in floor.state.incidents
    assert not any(key.startswith("retire:") for key in floor.state.deadlines), "it is not tried again at every tick"


def test_what_was_settled_without_an_incident_leaves_too() -> None:
    floor = staffed()
    floor.do(c.TakeCall(needs=(POLICE,)))
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    leave(floor)
    assert floor.state.calls == {}


def test_what_hangs_together_with_something_open_stays() -> None:
    floor, incident = settled()
    floor.do(c.TakeCall(needs=(POLICE,)))
    floor.do(c.Link(call="C000002", incident=incident))
    leave(floor)
    assert floor.all(Retired) == []
    floor.do(c.Settle(needs=("C000002-1",), outcome=Advised(caller_agreed=True)))
    leave(floor)
    assert floor.last(Retired).calls == ("C000001", "C000002")


def test_a_call_with_one_need_open_elsewhere_keeps_both_incidents() -> None:
    floor = staffed()
    first = request(floor, POLICE)
    floor.do(c.AddNeed(call="C000001", need=NeedAsked(service="ems")))
    floor.do(c.OpenIncident(call="C000001"))
    second = list(floor.state.incidents)[-1]
    floor.do(c.CloseResponse(incident=first, agency="PD", outcome=Advised(caller_agreed=True)))
    leave(floor)
    assert {first, second} <= set(floor.state.incidents)
    put_off = [event for event in floor.all(DeadlinePassed) if event.kind == "retire"]
    assert [(event.subject, event.role) for event in put_off] == [(first, None)], "nobody is told"
    assert f"retire:{first}" not in floor.state.deadlines
    floor.do(c.CloseResponse(incident=second, agency="FD", outcome=Advised(caller_agreed=True)))
    leave(floor)
    assert floor.last(Retired).incidents == (first, second)


def test_a_review_keeps_its_need_until_it_is_judged() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.CloseResponse(incident=incident, agency="PD", outcome=NotReached(why="storm")))
    leave(floor)
    assert incident in floor.state.incidents
    floor.do(c.CompleteReview(review="R000001", judgement="upheld"), OVERSIGHT)
    leave(floor)
    assert floor.state.incidents == {}
    assert floor.state.reviews == {}


def test_a_hand_over_keeps_its_need_until_somebody_says_whether_they_arrived() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.OfferHandOver(needs=("C000001-1",), to="county", ground="x"))
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk"))
    leave(floor)
    assert incident in floor.state.incidents
    floor.do(c.ReportHandOverArrival(hand_over="H000001", arrived="yes"))
    leave(floor)
    assert floor.state.incidents == {}
    assert floor.state.hand_overs == {}


def test_an_offer_that_is_still_out_keeps_its_need() -> None:
    floor = staffed()
    floor.state.deadlines.clear()
    incident = request(floor)
    floor.do(c.OfferHandOver(needs=("C000001-1",), to="county", ground="x"))
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    floor.wait(600)
    assert floor.state.hand_overs["H000001"].status == "timed_out"
    leave(floor)
    assert incident not in floor.state.incidents


def test_a_unit_that_reports_to_a_closed_incident_keeps_it() -> None:
    floor, incident = settled()
    floor.do(c.ReportStamp(unit="U2", stamp="on_scene", incident=incident), CREW)
    assert floor.state.incidents[incident].responses["PD"].closed_at is None, "where a unit is at work it is open"
    leave(floor)
    assert incident in floor.state.incidents
    floor.do(c.ReportStamp(unit="U2", stamp="clear"), CREW)
    leave(floor)
    assert floor.state.incidents == {}


def test_merged_and_merged_again_they_go_together() -> None:
    floor = staffed()
    one, two, three = request(floor), request(floor), request(floor)
    floor.do(c.Merge(incident=one, into=two))
    floor.do(c.Merge(incident=two, into=three))
    floor.do(c.CloseResponse(incident=three, agency="PD", outcome=Advised(caller_agreed=True)))
    leave(floor)
    assert floor.last(Retired).incidents == (one, two, three)
    assert floor.state.incidents == {}


def test_they_hang_together_even_where_the_act_of_merging_did_not_come_back() -> None:
    floor = staffed()
    one, two = request(floor), request(floor)
    floor.do(c.Unlink(call="C000001", incident=one))
    floor.do(c.Merge(incident=one, into=two))
    floor.state.acts.clear()
    floor.state.acts_about.clear()
    assert component(floor.state, two) == ({"C000002"}, {one, two})
    assert component(floor.state, one) == ({"C000002"}, {one, two})


def test_an_incident_that_is_left_without_anything_leaves_with_its_call() -> None:
    floor = staffed()
    one, other = request(floor), request(floor)
    floor.do(c.Unlink(call="C000001", incident=one))
    floor.do(c.Link(call="C000001", incident=other))
    floor.do(c.CloseResponse(incident=other, agency="PD", outcome=Advised(caller_agreed=True)))
    leave(floor)
    assert floor.state.incidents == {}


def test_a_retired_call_is_unknown_until_it_is_recalled() -> None:
    floor, incident = settled()
    leave(floor)
    assert floor.refused(c.Undo(act="U000001")).code == "unknown_act"
    assert floor.refused(c.OpenIncident(call="C000001")).code == "unknown_call"
    assert component(floor.state, incident) == (set(), set())


def recalled(past: State, subject: str, at: int) -> Recalled:
    """What the engine makes of the events of what left, here straight from the state before it left."""
    calls, incidents = component(past, subject)
    needs = {need for call in calls for need in past.calls[call].needs}
    return Recalled(
        calls=tuple(past.calls[key] for key in sorted(calls)),
        needs=tuple(past.needs[key] for key in sorted(needs)),
        incidents=tuple(past.incidents[key] for key in sorted(incidents)),
        assignments=tuple(a for a in past.assignments.values() if a.incident in incidents),
        reviews=tuple(r for r in past.reviews.values() if r.need in needs),
        hand_overs=tuple(h for h in past.hand_overs.values() if needs.intersection(h.needs)),
        acts={k: a for k, a in past.acts.items() if (calls | incidents).intersection(a.subjects())},
        at=at,
    )


def test_what_comes_back_is_what_left_and_can_be_undone() -> None:
    floor, incident = settled()
    before = raw(floor.state)
    acts = dict(floor.state.acts)
    back = recalled(floor.state, incident, floor.now)
    leave(floor)
    floor.record([back], CREW, floor.now)
    after = raw(floor.state)
    for table in ("calls", "needs", "incidents", "assignments"):
        assert after[table] == before[table]
    assert floor.state.acts == acts
    assert floor.balance.holds(floor.state)
    floor.do(c.Undo(act="U000001"))
    assert floor.state.needs["C000001-1"].outcome is None
    assert floor.balance.requests.open == 1
    assert floor.replayed().encoded() == floor.state.encoded()


@pytest.mark.parametrize("seed", range(12))
def test_what_left_in_a_hostile_walk_is_made_again_by_its_own_events(seed: int) -> None:
    """Only the events that name something of it, or what it was ever joined with, and nothing else."""
    machine = Recording()
    walk(seed, 150, machine)
    assert machine.retirements
    for subjects, sequence, entities in machine.retirements:
        past = State()
        names = connected(machine, set(subjects), sequence)
        for event, text in machine.texts[:sequence]:
            if names & set(text):
                tolerant(past, event)
        for table, key, entity in entities:
            assert past.table(table).get(key) == entity, (seed, key)  # type: ignore[arg-type]


class Recording(HouseMachine):
    """Keeps what left memory, as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.retirements: list[tuple[tuple[str, ...], int, list[tuple[str, str, object]]]] = []
        self.texts: list[tuple[object, tuple[str, ...]]] = []

    def check_event(self, event: object) -> None:
        super().check_event(event)  # type: ignore[arg-type]
        state = self.floor.state
        if isinstance(event, Retired):
            entities: list[tuple[str, str, object]] = [("calls", key, state.calls[key]) for key in event.calls]
            entities += [("incidents", key, state.incidents[key]) for key in event.incidents]
            for call in event.calls:
                entities += [("needs", key, state.needs[key]) for key in state.calls[call].needs]
            for key, held in state.assignments.items():
                if held.incident in event.incidents:
                    entities.append(("assignments", key, held))
            self.retirements.append(((*event.calls, *event.incidents), len(self.texts), entities))
        self.texts.append((event, subjects_of(event)))


def subjects_of(event: object) -> tuple[str, ...]:
    """The calls and incidents that an event names anywhere."""
    import re  # noqa: PLC0415

    from everycall.core.instructions import InstructionCompleted, InstructionRecorded  # noqa: PLC0415

    if isinstance(event, (InstructionRecorded, InstructionCompleted)):
        return ()
    return tuple(dict.fromkeys(re.findall(r"\bC\d{6,}|\b20\d\d-\d{6,}", str(event))))


def connected(machine: Recording, names: set[str], sequence: int) -> set[str]:
    """What was ever named together with these."""
    while True:
        more = {
            other
            for event, text in machine.texts[:sequence]
            if names & set(text) and type(event).__name__ != "ShiftChanged"
            for other in text
        }
        if more <= names:
            return names
        names |= more


def tolerant(past: State, event: object) -> None:
    from msgspec.structs import replace  # noqa: PLC0415

    from everycall.core.floor import ShiftChanged  # noqa: PLC0415

    if isinstance(event, ShiftChanged):
        event = replace(
            event,
            calls=tuple(key for key in event.calls if key in past.calls),
            incidents=tuple(key for key in event.incidents if key in past.incidents),
        )
    evolve(past, event)  # type: ignore[arg-type]


def test_nothing_open_ever_leaves_however_long_it_waits() -> None:
    floor = staffed()
    request(floor)
    floor.do(c.TakeCall(ringing=True))
    floor.wait(100 * DAY // SECOND)
    assert floor.all(Retired) == []
    assert set(floor.state.calls) == {"C000001", "C000002"}


def test_a_call_back_that_is_still_due_is_taken_off_with_the_call_it_was_for() -> None:
    floor = staffed()
    floor.do(c.TakeCall(needs=(POLICE,)))
    floor.do(c.AbandonCall(call="C000001"))
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    assert set(floor.state.deadlines) == {"retire:C000001"}


def test_a_command_about_what_left_is_refused_and_not_an_error() -> None:
    floor, incident = settled()
    leave(floor)
    body = c.Link(call="C000001", incident=incident)
    decided = decide(floor.state, c.Command(id="x", actor=CREW, body=body), Given(now=floor.now, at=floor.now))
    assert isinstance(decided, Refusal)
