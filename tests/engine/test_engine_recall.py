"""Tags and recall: every id finds its events, and what left memory comes back when it is named."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, get_args

import hostile
import msgspec
import pytest
from engine_centres import CentreUnderTest, MemoryCentre, adopting, check, command, do, envelopes, take
from engine_in_memory import MemoryLog
from floor_driver import Rules
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from everycall.core.acts import Act, Change
from everycall.core.assignments import Assign, Assignment, CorrectStamp, ReportStamp
from everycall.core.balance import open_in
from everycall.core.base import DAY, HOUR, SECOND
from everycall.core.calls import RecordCallBack, RelateCalls, StampCall, TakeCall, UpdateCall
from everycall.core.commands import Command
from everycall.core.events import AnyEvent
from everycall.core.facts import FactGiven
from everycall.core.floor import ChangeShift
from everycall.core.hand_overs import HandOver
from everycall.core.incidents import ChangeIncident
from everycall.core.instructions import CompleteInstruction, RecordInstruction
from everycall.core.linking import Link, Merge, Unlink
from everycall.core.needs import NeedAsked, Prioritise
from everycall.core.notes import AddNote
from everycall.core.outcomes import Declined, Duplicate, NoEmergency, Responded
from everycall.core.places import PlaceGiven
from everycall.core.refusals import Refusal
from everycall.core.retiring import Recalled, Retired
from everycall.core.reviews import CompleteReview, Review
from everycall.core.sealed import Private
from everycall.core.settling import CloseResponse, Reopen, Settle
from everycall.core.undo import Undo
from everycall.core.units import EnrolAgency, SignOn
from everycall.engine.answers import Done
from everycall.engine.tags import printable, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from everycall.core.acts import Table
    from everycall.core.commands import AnyCommand

TABLES: tuple[Table, ...] = ("calls", "needs", "incidents", "assignments")
MISDIAL = NoEmergency(kind="misdial", confirmed_by="caller")


def test_each_id_in_an_event_is_a_tag_of_it() -> None:
    """Ids are known by their shape, wherever in the body of an event they stand."""
    rng = random.Random(11)
    centre = MemoryCentre()
    kinds: set[str] = set()
    for number in range(6_000):
        group = rng.choice(sorted(hostile.GROUPS))
        actor, body, at = hostile.command(rng, centre.engine.state, centre.engine.now, group)
        centre.engine.handle(Command(id=f"t{number}", actor=actor, body=body, at=at))
        centre.clock.wait(rng.choice((1, 5, 60, 2_000)))
    state = centre.engine.state
    for sequence, envelope in enumerate(envelopes(centre), 1):
        event = envelope.body
        kinds.add(type(event).__name__)
        if isinstance(event, Recalled):
            continue  # it holds whole entities, by whose own events they are found
        tags = set(tags_of(event))
        assert all(sequence in centre.disk.tags[tag] for tag in tags)
        for name in event.__struct_fields__:
            if name in ("sets", "ends", "responses", "joins", "by", "said_by", "person", "subject"):
                continue
            value = getattr(event, name)
            for text in value if isinstance(value, tuple) else (value,):
                if not isinstance(text, str) or (type(event).__name__, name) == (
                    "ReportUnattached",
                    "incident",
                ):
                    continue  # the second holds whatever the sender took for an incident
                if name == "unit":
                    assert printable(f"unit:{text}") in tags
                elif text in state.calls and name != "external":
                    assert f"call:{text}" in tags, (type(event).__name__, name)
                elif text in state.needs:
                    assert f"call:{text.rsplit('-', 1)[0]}" in tags, (type(event).__name__, name)
                elif text in state.incidents:
                    assert f"incident:{text}" in tags, (type(event).__name__, name)
                elif text in state.assignments:
                    assert f"assignment:{text}" in tags, (type(event).__name__, name)
                elif text in state.hand_overs:
                    assert f"hand_over:{text}" in tags, (type(event).__name__, name)
                elif text in state.reviews:
                    assert f"review:{text}" in tags, (type(event).__name__, name)
                elif text in state.instructions:
                    assert f"instruction:{text}" in tags, (type(event).__name__, name)
                elif name == "act":
                    assert f"act:{text}" in tags
    assert len(kinds) > 0.8 * len(get_args(AnyEvent)), sorted(kinds)


EMPTY = Recalled(calls=(), needs=(), incidents=(), assignments=(), reviews=(), hand_overs=(), acts={}, at=0)
WORK = Assignment(id="A000001", incident="2020-000001", agency="PD", unit="U1")
REVIEW = Review(
    id="R000001",
    need="C000001-1",
    outcome="declined",
    ground="no_police_matter",
    persons=("D1",),
    agency="PD",
    opened_at=0,
)
OFFER = HandOver(id="H000001", needs=("C000001-1", "C000002-2"), to="county", ground="their_duty", offered_at=0)
MERGE = Act(
    kind="merge",
    changes=(
        Change(table="incidents", key="2020-000001", before=None, after=None),
        Change(table="needs", key="C000002-1", before=None, after=None),
    ),
)
PARTS: list[tuple[str, Recalled, set[str]]] = [
    ("work", replace(EMPTY, assignments=(WORK,)), {"assignment:A000001", "incident:2020-000001"}),
    ("a review", replace(EMPTY, reviews=(REVIEW,)), {"call:C000001"}),
    ("an offer", replace(EMPTY, hand_overs=(OFFER,)), {"call:C000001", "call:C000002"}),
    ("an act", replace(EMPTY, acts={"U000001": MERGE}), {"incident:2020-000001", "call:C000002"}),
]


@pytest.mark.parametrize(("part", "tags"), [part[1:] for part in PARTS], ids=[part[0] for part in PARTS])
def test_each_part_of_a_recall_is_found_by_whatever_it_holds(part: Recalled, tags: set[str]) -> None:
    """A part that nothing finds would be missing when the story is read again."""
    assert set(tags_of(part)) == tags


def floor(centre: CentreUnderTest) -> None:
    """An agency, a unit, and a call with an incident."""
    do(centre, EnrolAgency(agency="PD", services=("police",)))
    do(centre, SignOn(unit="U1", agency="PD", capabilities=("police",)))


def handled(centre: CentreUnderTest, outcome: str = "responded") -> None:
    """A call for the police from start to end; it becomes C000001 in incident …-000001 with A000001."""
    floor(centre)
    take(
        centre,
        channel="emergency_voice",
        open_incident=True,
        needs=(NeedAsked(service="police", type="burglary", priority="4"),),
        words=Private(value="they are in the house"),
    )
    incident = incident_of(centre)
    do(centre, Assign(incident=incident, units=("U1",)))
    centre.clock.wait(300)
    do(centre, ReportStamp(unit="U1", stamp="on_scene"))
    centre.clock.wait(300)
    do(centre, ReportStamp(unit="U1", stamp="clear"))
    if outcome == "responded":
        end = Responded(assignment="A000001", contact="yes")
        do(centre, CloseResponse(incident=incident, agency="PD", outcome=end))
    else:
        do(centre, Prioritise(need="C000001-1", priority="4", reason="over"))
        declined = Declined(ground="no_police_matter", authority="chief", caller_told="yes")
        do(centre, Settle(needs=("C000001-1",), outcome=declined))


def incident_of(centre: CentreUnderTest, call: str = "C000001") -> str:
    found = centre.engine.state.needs[f"{call}-1"].incident
    assert found is not None
    return found


def leave(centre: CentreUnderTest) -> None:
    """Let settled things leave memory."""
    centre.clock.wait(3 * DAY // SECOND)
    centre.engine.advance()


def retired(centre: CentreUnderTest) -> None:
    assert centre.engine.state.calls == {}
    assert centre.engine.state.incidents == {}
    check(centre)


NAMING: list[tuple[str, AnyCommand]] = [
    ("call", UpdateCall(call="C000001", facts=(FactGiven(name="weapon", value=True),))),
    ("call, a time", StampCall(call="C000001", stamp="answered", at=5)),
    ("call, called back", RecordCallBack(call="C000001", result="reached")),
    ("need", Reopen(needs=("C000001-1",), reason="mistake")),
    ("incident", ChangeIncident(incident="2020-000001", place=PlaceGiven(area="North"))),
    ("incident, a note", AddNote(about="2020-000001", text=Private(value="more"))),
    ("assignment", CorrectStamp(assignment="A000001", stamp="on_scene", at=9, reason="radio log")),
    ("assignment, a report", ReportStamp(unit="U1", assignment="A000001", stamp="contact_made", at=9)),
    ("act", Undo(act="U000001")),
    ("duplicate of", Settle(needs=("C000002-1",), outcome=Duplicate(of="2020-000001"))),
]


@pytest.mark.parametrize("way", ["at once", "as its deadline passes"])
@pytest.mark.parametrize(("name", "body"), NAMING, ids=[name for name, _ in NAMING])
def test_what_left_memory_is_worked_on_when_it_is_named(
    centre: CentreUnderTest, name: str, body: AnyCommand, way: str
) -> None:
    """Also by the very command before which it leaves: the deadline is due as the command comes."""
    handled(centre)
    before = centre.engine.state.calls["C000001"]
    if way == "at once":
        leave(centre)
        retired(centre)
    else:
        centre.clock.wait(3 * DAY // SECOND)
    if name == "duplicate of":
        take(centre, open_incident=True)
    answer = centre.engine.handle(command(body))
    assert any(isinstance(e.body, Retired) for e in envelopes(centre))
    assert any(isinstance(e.body, Recalled) for e in envelopes(centre))
    if name not in ("act", "incident", "duplicate of"):
        assert isinstance(answer, Done), answer
    if isinstance(answer, Refusal):
        assert not answer.code.startswith("unknown"), answer
    call = centre.engine.state.calls["C000001"]
    assert (call.words, call.place, call.received_at) == (before.words, before.place, before.received_at)
    check(centre)
    leave(centre)
    leave(centre)
    if name not in ("need", "act", "duplicate of"):
        retired(centre)
    centre.restart()
    check(centre)


def test_a_retired_call_is_found_while_its_retiring_is_not_durable_yet(memory: MemoryCentre) -> None:
    handled(memory)
    memory.clock.wait(3 * DAY // SECOND)
    memory.log.hold()
    threading.Timer(0.05, memory.log.release).start()
    answer = memory.engine.handle(command(StampCall(call="C000001", stamp="answered", at=5)))
    assert isinstance(answer, Done)
    check(memory)


def test_a_close_can_be_taken_back_after_it_left_memory(centre: CentreUnderTest) -> None:
    handled(centre)
    act = next(key for key, held in centre.engine.state.acts.items() if held.kind == "close")
    leave(centre)
    retired(centre)
    do(centre, Undo(act=act, reason="too early"))
    assert centre.engine.state.needs["C000001-1"].outcome is None
    assert open_in(centre.engine.state) == (1, 0)
    check(centre)


def test_a_review_keeps_its_call_and_one_that_is_done_is_found_by_its_id(centre: CentreUnderTest) -> None:
    administrator = replace(command(TakeCall()).actor, role="administrator")
    do(centre, adopting(centre, Rules()), actor=administrator)
    handled(centre, "declined")
    leave(centre)
    assert "C000001" in centre.engine.state.calls, "a declined call waits for its review"
    review = next(iter(centre.engine.state.reviews))
    outside = replace(command(TakeCall()).actor, person="O1", role="oversight", agency="")
    do(centre, CompleteReview(review=review, judgement="upheld"), actor=outside)
    leave(centre)
    retired(centre)
    answer = centre.engine.handle(command(CompleteReview(review=review, judgement="upheld"), actor=outside))
    assert isinstance(answer, Refusal)
    assert not answer.code.startswith("unknown"), "it is known, and judged already"
    assert review in centre.engine.state.reviews
    check(centre)


def settled(centre: CentreUnderTest, *calls: str) -> None:
    """Settle calls, and whatever response that leaves."""
    do(centre, Settle(needs=tuple(f"{call}-1" for call in calls), outcome=MISDIAL))


def test_calls_that_were_related_merged_and_parted_come_back_as_they_were(centre: CentreUnderTest) -> None:
    """Events that name several are read although the others are gone, or never were in memory together."""
    floor(centre)
    for _ in range(4):
        take(centre, open_incident=True, needs=(NeedAsked(service="police"),))
    one, two, three = (incident_of(centre, f"C00000{number}") for number in (1, 2, 3))
    take(centre)
    do(centre, RelateCalls(calls=("C000001", "C000002", "C000005")))
    do(centre, Link(call="C000005", incident=one))
    do(centre, Unlink(call="C000005", incident=one, reason="another matter"))
    do(centre, Merge(incident=two, into=one, reason="same"))
    merged = next(key for key, act in centre.engine.state.acts.items() if act.kind == "merge")
    do(centre, Undo(act=merged, reason="not the same"))
    do(centre, ChangeIncident(incident=one, related=(three,)))
    do(centre, ChangeShift(position="P2", to_position="P9", to_person="D9"))
    do(
        centre,
        RecordInstruction(said_by="chief", said_by_agency="PD", channel="telephone", calls=("C000004",)),
    )
    centre.clock.wait(60)
    do(centre, CompleteInstruction(instruction="I000001", calls=("C000001",)))
    for call in ("C000001", "C000002", "C000003", "C000005", "C000004"):
        settled(centre, call)
        centre.clock.wait(HOUR // SECOND)
    whole: dict[Table, dict[str, object]] = {table: dict(centre.engine.state.table(table)) for table in TABLES}
    leave(centre)
    retired(centre)
    for call in ("C000002", "C000004", "C000001", "C000005", "C000003"):
        do(centre, AddNote(about=incident_of_retired(whole, call) or call, text=Private(value="late")))
        check(centre)
    state = centre.engine.state
    for table, rows in whole.items():
        for key, before in rows.items():
            after = state.table(table)[key]
            if hasattr(after, "notes"):
                after = replace(after, notes=())
            assert after == before, key


def incident_of_retired(whole: Mapping[Table, Mapping[str, object]], call: str) -> str | None:
    found: str | None = getattr(whole["needs"][f"{call}-1"], "incident", None)
    return found


def test_an_incident_with_very_many_calls_comes_back_in_several_entries(memory: MemoryCentre) -> None:
    """Whole, but for acts that are larger than an entry may be."""
    floor(memory)
    take(memory, open_incident=True, needs=(NeedAsked(service="police", type="storm damage"),))
    incident = incident_of(memory)
    for number in range(2, 160):
        take(memory, facts=(FactGiven(name="line", value=number),))
        do(memory, Link(call=f"C{number:06d}", incident=incident))
    for number in range(1, 160):
        do(memory, Settle(needs=(f"C{number:06d}-1",), outcome=MISDIAL))
    before = memory.engine.state
    leave(memory)
    retired(memory)
    do(memory, AddNote(about="C000077", text=Private(value="claim")))
    assert memory.engine.failure is None
    back = [e for e in envelopes(memory) if isinstance(e.body, Recalled)]
    assert len(back) > 1
    assert all(len(data) <= memory.log.largest for data in memory.entries())
    state = memory.engine.state
    assert len(state.calls) == 159
    assert state.incidents[incident].calls == tuple(f"C{number:06d}" for number in range(1, 160))
    assert before is state
    check(memory)
    memory.restart()
    check(memory)
    leave(memory)
    retired(memory)


def test_a_merge_that_was_undone_after_a_recall_in_parts_stays_undone_at_the_next(memory: MemoryCentre) -> None:
    """A part that holds nothing but acts is found too when the story is read again."""
    floor(memory)
    for _ in range(2):
        take(memory, open_incident=True, needs=(NeedAsked(service="police"),))
    one, two = incident_of(memory), incident_of(memory, "C000002")
    do(memory, Merge(incident=two, into=one, reason="same"))
    merged = next(key for key, act in memory.engine.state.acts.items() if act.kind == "merge")
    size = len(msgspec.json.encode(memory.engine.state.acts[merged]))
    settled(memory, "C000001", "C000002")
    leave(memory)
    retired(memory)
    memory.log.largest = 4_200 + size  # the merge fills an entry, beside its envelope
    do(memory, AddNote(about="C000001", text=Private(value="late")))
    parts = [e.body for e in envelopes(memory) if isinstance(e.body, Recalled)]
    assert any(merged in part.acts and not part.calls and not part.incidents for part in parts), "as is tested here"
    do(memory, Undo(act=merged, reason="not the same"))
    whole: dict[Table, dict[str, object]] = {table: dict(memory.engine.state.table(table)) for table in TABLES}
    assert incident_of(memory, "C000002") == two
    leave(memory)
    leave(memory)
    retired(memory)
    do(memory, StampCall(call="C000001", stamp="disconnected", missing="withheld"))
    do(memory, StampCall(call="C000002", stamp="disconnected", missing="withheld"))
    state = memory.engine.state
    assert incident_of(memory, "C000002") == two
    for table in ("needs", "incidents", "assignments"):
        assert state.table(table) == whole[table]
    check(memory)


def test_a_call_with_very_many_notes_stays_in_memory_and_stops_nobody(centre: CentreUnderTest) -> None:
    """It would not fit into an entry; to bring it back would fail as if the log could not be written."""
    handled(centre)
    for _ in range(300):
        do(centre, AddNote(about="C000001", text=Private(value="more")))
    leave(centre)
    assert "C000001" in centre.engine.state.calls
    do(centre, AddNote(about="C000001", text=Private(value="late")))
    assert centre.engine.failure is None
    check(centre)


def test_what_is_too_large_to_come_back_is_refused_and_stops_nobody(
    memory: MemoryCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should it have left nevertheless, the log is not to blame."""
    monkeypatch.setattr("everycall.core.retiring.LARGEST", 1_000_000)
    handled(memory)
    for _ in range(350):
        do(memory, AddNote(about="C000001", text=Private(value="more")))
    leave(memory)
    retired(memory)
    answer = memory.engine.handle(command(AddNote(about="C000001", text=Private(value="late"))))
    assert isinstance(answer, Refusal)
    assert answer.code == "too_large"
    assert memory.engine.failure is None
    take(memory)
    check(memory)


def test_an_incident_that_nobody_knows_is_unknown_and_recalls_nothing(centre: CentreUnderTest) -> None:
    for key in ("2020-000009", "C000009", "9", "é", "C", "A000009", "A٣", "U1", "H000001", "R1"):
        answer = centre.engine.handle(command(AddNote(about=key, text=Private(value="x"))))
        assert isinstance(answer, Refusal)
        answer = centre.engine.handle(command(Undo(act=key)))
        assert isinstance(answer, Refusal)
    assert not any(isinstance(e.body, Recalled) for e in envelopes(centre))


LARGEST = st.sampled_from((9_000, 12_000, 16_000, MemoryLog.largest))
"""Where entries are small, what comes back does so in several, as otherwise only very large incidents do."""


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), largest=LARGEST)
def test_what_comes_back_is_what_left(seed: int, largest: int) -> None:
    """Over random floors: every retired call, named once, stands as it stood."""
    comes_back(seed, 150, largest)


@pytest.mark.soak
@settings(max_examples=800, deadline=None)
@given(seed=st.integers(0, 2**32), largest=LARGEST)
def test_what_comes_back_is_what_left_for_long(seed: int, largest: int) -> None:
    comes_back(seed, 400, largest)


def comes_back(seed: int, length: int, largest: int) -> None:
    rng = random.Random(seed)
    centre = MemoryCentre()
    centre.log.largest = largest
    left: dict[str, bytes] = {}
    encode = msgspec.json.Encoder(order="deterministic").encode

    def before(event: object) -> None:
        if isinstance(event, Retired):
            for call in event.calls:
                left[call] = _story(call)
        elif isinstance(event, Recalled):
            for held in event.calls:
                assert held.id in left, "it comes back once"

    def _story(call: str) -> bytes:
        state = centre.engine.state
        needs = [state.needs[need] for need in state.calls[call].needs]
        incidents = [state.incidents[need.incident] for need in needs if need.incident in state.incidents]
        units = [
            state.assignments[key]
            for incident in incidents
            for response in incident.responses.values()
            for key in response.assignments
        ]
        reviews = [held for _, held in sorted(state.reviews.items()) if held.need in state.calls[call].needs]
        # `disconnected` is the stamp by which the call is named again below.
        held = state.calls[call]
        stamps = {name: stamp for name, stamp in held.stamps.items() if name != "disconnected"}
        return encode([replace(held, stamps=stamps), needs, incidents, units, reviews])

    centre.engine.observe(before)
    for number in range(length):
        group = rng.choice(sorted(hostile.GROUPS))
        actor, body, at = hostile.command(rng, centre.engine.state, centre.engine.now, group)
        centre.engine.handle(Command(id=f"r{number}", actor=actor, body=body, at=at))
        centre.clock.wait(rng.choice((1, 30, 600, 20_000)))
        for need in list(centre.engine.state.needs.values()):
            if need.outcome is None and rng.random() < 0.1:
                end = NoEmergency(kind="test", confirmed_by="caller")
                centre.engine.handle(command(Settle(needs=(need.id,), outcome=end)))
    leave(centre)
    assert centre.engine.failure is None
    check(centre)
    for call in rng.sample(sorted(left), min(12, len(left))):
        if call in centre.engine.state.calls:
            continue
        expected = left[call]
        sent = Command(id=f"back-{call}", actor=command(TakeCall()).actor, body=StampCall(call="?", stamp="answered"))
        body = StampCall(call=call, stamp="disconnected", missing="withheld")
        centre.engine.handle(replace(sent, body=body))
        assert call in centre.engine.state.calls
        assert _story(call) == expected
        centre.restart()
        centre.log.largest = largest
        check(centre)
        centre.engine.observe(before)
