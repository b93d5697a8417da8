"""The story of an incident: every event has its sentence, nothing is lost, what was wrong is struck."""

from __future__ import annotations

import re
import typing
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest
from rich.console import Console

from everycall.centre.embedded import EmbeddedCentre
from everycall.centre.show_cli import story_in
from everycall.centre.story import tell
from everycall.centre.story_find import NothingFoundError, gathered, subjects_of
from everycall.centre.story_telling import SENTENCES, line_of
from everycall.centre.story_view import show_story
from everycall.centre.story_words import CHANNEL_WORDS, DEADLINE_WORDS, STAMP_WORDS, Times, span
from everycall.core.actors import SYSTEM, Actor
from everycall.core.assignments import (
    Assign,
    CorrectStamp,
    MarkStampMissing,
    ReportStamp,
    UnitAssigned,
)
from everycall.core.base import DAY, HOUR, MINUTE, SECOND
from everycall.core.calls import CallTaken, TakeCall, UpdateCall
from everycall.core.certificates import REQUIRED_PROPERTIES, CertificateSummary, PropertyVerdict
from everycall.core.commands import Command
from everycall.core.deadlines import DeadlineKind
from everycall.core.events import AnyEvent, Envelope, decode_event
from everycall.core.evolve import evolve
from everycall.core.facts import FactGiven
from everycall.core.floor import ChangeShift
from everycall.core.hand_overs import AnswerHandOver, HandOverOffered, OfferHandOver
from everycall.core.holding import HoldResponse
from everycall.core.incidents import IncidentOpened
from everycall.core.linking import IncidentsMerged, Merge
from everycall.core.needs import NeedAsked
from everycall.core.notes import AddNote, NoteAdded, StrikeNote
from everycall.core.outcomes import CancelledByCaller, Declined, Responded
from everycall.core.places import PlaceGiven
from everycall.core.retiring import Recalled, Retired
from everycall.core.sealed import Private
from everycall.core.settling import CloseResponse, Reopen, Settle
from everycall.core.state import State
from everycall.core.undo import Undo
from everycall.core.units import EnrolAgency, SignOn
from everycall.core.versions import (
    AdoptPolicy,
    Certified,
    OverObjection,
    PolicyCameIntoForce,
    PolicyCountersigned,
    PolicyLapsed,
)
from everycall.core.vocabulary import CHANNELS, STAMP_NAMES
from everycall.engine.answers import Done
from everycall.engine.ports import OneEvaluator
from everycall.policy.evaluator import PolicyEvaluator
from everycall.policy.text import read_policy
from everycall.record import SqliteRecord
from everycall.simulate.day import run_day
from everycall.simulate.town_policy import policy_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from everycall.centre.story_parts import Line, Story
from everycall.core.base import CommandBody

START = 1_800_000_000_000_000
UTC = ZoneInfo("UTC")
DESK = Actor(person="D-1", role="dispatcher", position="PD1", agency="RCC")
IMPORTER = Actor(person="importer", role="importer")
CHIEF = Actor(person="CH-1", role="duty_chief", agency="RPD")


class Clock:
    time = START

    def now(self) -> int:
        return self.time


CERTIFIED = Certified(certificate="full")


class Certificates:
    """A full certificate of one policy."""

    def __init__(self, evaluator: PolicyEvaluator) -> None:
        self.evaluator = evaluator

    def find(self, certificate: str) -> CertificateSummary:
        return CertificateSummary(
            certificate=certificate,
            policy=self.evaluator.policy,
            version=self.evaluator.version,
            authority="chief",
            properties=tuple(PropertyVerdict(name=name, verdict="holds") for name in REQUIRED_PROPERTIES),
            engines=("one", "another"),
        )


class Centre:
    """A small centre: commands a second apart, and the story of what they made."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.evaluator = PolicyEvaluator(read_policy(policy_text()))
        self.embedded = EmbeddedCentre.create(
            path,
            centre="smalltown",
            facts={"zone": "Europe/Berlin"},
            clock=self.clock,
            evaluators=OneEvaluator(self.evaluator),
            certificates=Certificates(self.evaluator),
        )
        self.commands = 0
        for agency, service in (("RPD", "police"), ("REMS", "ems")):
            self.do(EnrolAgency(agency=agency, services=(service,)))  # type: ignore[arg-type]  # both are services
        self.do(SignOn(unit="P1", agency="RPD", capabilities=("police",)))
        self.do(SignOn(unit="P2", agency="RPD", capabilities=("police",)))
        self.do(SignOn(unit="M1", agency="REMS", capabilities=("als", "ambulance", "ems")))

    def do(self, body: CommandBody, *, actor: Actor = DESK, after: int = 1, at: int | None = None) -> list[AnyEvent]:
        self.clock.time += after * SECOND
        self.commands += 1
        command = Command(id=f"c{self.commands}", actor=actor, body=body, at=at)  # type: ignore[arg-type]  # in the union
        answer = self.embedded.engine.handle(command)
        assert isinstance(answer, Done), answer
        found = [decode_event(data) for _, data in self.embedded.record.read(answer.first, answer.last)]
        return [envelope.body for envelope in found]

    def call(self, kind: str = "theft", **more: typing.Any) -> tuple[str, str]:  # any field of TakeCall
        made = self.do(
            TakeCall(
                channel="emergency_voice",
                needs=(NeedAsked(service="police", type=kind),),
                open_incident=True,
                **more,
            ),
            actor=IMPORTER if more.get("reconstructed") else DESK,
        )
        return one(made, CallTaken).call, one(made, IncidentOpened).incident

    def story(self, asked: str) -> Story:
        return story_in(self.embedded.record, asked)[0]


def one(events: list[AnyEvent], kind: type[typing.Any]) -> typing.Any:
    return next(event for event in events if isinstance(event, kind))


def shown(story: Story, width: int = 100) -> str:
    console = Console(width=width, record=True, file=open("/dev/null", "w"), highlight=False)  # noqa: SIM115, PTH123
    with console.file:
        show_story(story, console, ZoneInfo(story.zone))
        return console.export_text()


def line(story: Story, event: str) -> Line:
    return next(found for found in story.lines if found.event == event)


def details(found: Line, kind: str) -> list[str]:
    return [detail.text for detail in found.details if detail.kind == kind]


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = Centre(tmp_path / "small.record")
    yield made
    made.embedded.close()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteRecord]:
    path = tmp_path_factory.mktemp("story") / "day.record"
    run_day(path)
    with SqliteRecord.open(path, read_only=True) as record:
        yield record


def test_every_event_has_its_sentence_and_no_sentence_is_without_event() -> None:
    assert set(SENTENCES) == set(typing.get_args(AnyEvent))


def test_every_code_that_a_sentence_may_meet_has_its_word() -> None:
    assert set(CHANNEL_WORDS) == set(CHANNELS)
    assert set(STAMP_WORDS) == set(STAMP_NAMES)
    assert set(DEADLINE_WORDS) == set(typing.get_args(DeadlineKind))


def test_every_event_of_a_whole_day_becomes_a_line_that_says_something(day: SqliteRecord) -> None:
    state = State()
    times = Times(state, UTC)
    kinds = set()
    for _, data in day.read():
        envelope = decode_event(data)
        told = line_of(times, envelope, envelope.body)
        assert told.text.strip()
        assert told.text[0].isupper() or told.text[0].isdigit() or told.text[0] == "“"
        assert "None" not in told.text
        assert all(detail.text and "None" not in detail.text for detail in told.details)
        evolve(state, envelope.body)
        kinds.add(type(envelope.body))
    lacking = set(typing.get_args(AnyEvent)) - kinds
    assert lacking == {PolicyCameIntoForce, PolicyCountersigned, PolicyLapsed, Retired, Recalled}


@pytest.mark.parametrize(
    "event",
    [
        PolicyLapsed(policy="p", version="v9", at=START),
        Retired(calls=("C000001",), incidents=(), at=START),
        Recalled(calls=(), needs=(), incidents=(), assignments=(), reviews=(), hand_overs=(), acts={}, at=START),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_takes_longer_than_a_day_has_its_line_too(event: AnyEvent) -> None:
    envelope = Envelope(
        centre="c",
        sequence=1,
        command="tick:1",
        command_hash="",
        occurred_at=START,
        recorded_at=START,
        actor=SYSTEM,
        version=1,
        body=event,
    )
    assert line_of(Times(State(), UTC), envelope, event).text


def test_each_story_of_a_day_ends_as_the_whole_record_does(day: SqliteRecord) -> None:
    state = State()
    for _, data in day.read():
        evolve(state, decode_event(data).body)
    assert len(state.incidents) > 200
    for key in state.incidents:
        story = story_in(day, key)[0]
        for need in story.needs:
            held = state.needs[need.need]
            assert (need.type, need.priority, need.first_type, need.settled_at) == (
                held.type,
                held.priority,
                held.first_type,
                held.settled_at,
            )
            assert (need.outcome is None) == (held.outcome is None)
        for unit in story.units:
            stamps = state.assignments[unit.assignment].stamps
            assert {stamp.name: stamp.at for stamp in unit.stamps} == {n: s.at for n, s in stamps.items()}
        incident = state.incidents[key]
        if incident.merged_into is None:
            there = {a for response in incident.responses.values() for a in response.assignments}
            assert there <= {unit.assignment for unit in story.units}


def test_a_story_holds_every_event_that_names_its_incident(day: SqliteRecord) -> None:
    for tag in day.find_tags("incident:"):
        key = tag.partition(":")[2]
        sequences = {sequence for sequence, _ in day.by_tag(tag)}
        assert sequences <= {told.sequence for told in story_in(day, key)[0].lines}


def test_a_story_says_which_rule_of_which_version_decided_and_what_was_considered(day: SqliteRecord) -> None:
    text = read_policy(policy_text())
    policy = f"{text.heading.version} ({text.hash[:12]})"
    found = [
        told for tag in list(day.find_tags("incident:"))[:20] for told in story_in(day, tag.partition(":")[2])[0].lines
    ]
    opened = [told for told in found if told.event == "incident_opened"]
    assert any(policy in text for told in opened for text in details(told, "rule"))
    proposed = [told for told in found if told.event == "units_recommended"]
    assert any(
        re.search(r"[A-Z]+\d+ already assigned \(\d", text) for p in proposed for text in details(p, "considered")
    )


def test_deadlines_are_told_when_set_when_ended_and_when_passed(centre: Centre) -> None:
    _, incident = centre.call("burglary_in_progress")
    centre.do(Assign(incident=incident, units=("P1",)), after=20)
    centre.do(ReportStamp(unit="P1", stamp="acknowledged"), after=90)
    story = centre.story(incident)
    assert any("dispatch (RPD) by" in text for text in details(line(story, "incident_opened"), "due"))
    assert details(line(story, "unit_assigned"), "ended") == ["dispatch (RPD) (40 s to spare)"]
    passed = line(story, "deadline_passed")
    assert passed.text.startswith("OVERDUE: acknowledgement by P1, due ")
    assert "dispatcher to be told" in passed.text
    assert "recorded 30 s later" in passed.text


def test_a_struck_note_stays_and_says_who_struck_it_and_why(centre: Centre) -> None:
    _, incident = centre.call()
    note = one(centre.do(AddNote(about=incident, text=Private(value="wrong words"))), NoteAdded).note
    centre.do(StrikeNote(about=incident, note=note, reason="wrong_incident"), actor=CHIEF)
    story = centre.story(incident)
    struck = line(story, "note_added").struck
    assert struck is not None
    assert "CH-1" in struck
    assert "wrong incident" in struck
    assert "~~Note N000001" in shown(story)
    assert "wrong words" not in shown(story)


def test_corrected_and_missing_times_are_shown_with_what_stood_before_and_why(centre: Centre) -> None:
    _, incident = centre.call()
    assigned = one(centre.do(Assign(incident=incident, units=("P1",))), UnitAssigned)
    centre.do(ReportStamp(unit="P1", stamp="on_scene"), after=300)
    right = centre.clock.time - 65 * SECOND
    centre.do(CorrectStamp(assignment=assigned.assignment, stamp="on_scene", at=right, reason="pressed_late"))
    centre.do(MarkStampMissing(assignment=assigned.assignment, stamp="en_route", reason="equipment_failed"))
    story = centre.story(incident)
    stamps = {stamp.name: stamp for stamp in story.units[0].stamps}
    assert stamps["on_scene"].at == right
    assert stamps["on_scene"].struck == (centre.clock.time - 2 * SECOND,)
    assert stamps["en_route"].missing == "equipment_failed"
    assert line(story, "stamp_reported").struck is not None
    assert details(line(story, "stamp_corrected"), "why") == ["pressed late"]
    text = " ".join(shown(story).replace("\u00a0", " ").split())
    assert "en route missing (equipment failed)" in text
    assert re.search(r"on scene \d\d:\d\d:\d\d ~~\d\d:\d\d:\d\d~~", text)


def test_a_late_entry_shows_when_it_happened_and_when_it_was_entered(centre: Centre) -> None:
    _, incident = centre.call()
    centre.do(Assign(incident=incident, units=("P1",)))
    there = centre.clock.time + 240 * SECOND
    centre.do(ReportStamp(unit="P1", stamp="on_scene", at=there), after=1_000)
    told = line(centre.story(incident), "stamp_reported")
    assert told.occurred_at == there
    assert told.recorded_at == there + 760 * SECOND
    assert details(told, "late") == ["happened at 09:04:07, entered 12 min 40 s later"]


def test_two_reports_of_one_time_are_both_shown(centre: Centre) -> None:
    _, incident = centre.call()
    centre.do(Assign(incident=incident, units=("P1",)))
    first = centre.clock.time + 10 * SECOND
    centre.do(ReportStamp(unit="P1", stamp="on_scene", at=first + 40 * SECOND), after=60)
    centre.do(ReportStamp(unit="P1", stamp="on_scene", at=first), after=1)
    story = centre.story(incident)
    assert [flag.code for flag in story.flags if flag.code == "conflict"] == ["conflict"]
    assert "also reported" in shown(story)


def test_a_report_against_the_board_is_flagged(centre: Centre) -> None:
    _, first = centre.call()
    _, second = centre.call()
    centre.do(Assign(incident=first, units=("P1",)))
    centre.do(ReportStamp(unit="P1", stamp="on_scene", incident=second))
    assert any("already assigned" in flag.text for flag in centre.story(second).flags if flag.code == "conflict")
    assert not [flag for flag in centre.story(first).flags if flag.code == "conflict"]


def test_an_undone_close_and_a_reopened_need_show_what_was_struck(centre: Centre) -> None:
    call, incident = centre.call()
    key = one(centre.do(Assign(incident=incident, units=("P1",))), UnitAssigned).assignment
    centre.do(ReportStamp(unit="P1", stamp="on_scene"))
    close = CloseResponse(incident=incident, agency="RPD", outcome=Responded(assignment=key))
    act = centre.do(close)[0]
    centre.do(Undo(act=act.act, reason="too_soon"), actor=CHIEF)  # type: ignore[union-attr]  # it settled
    centre.do(close)
    centre.do(Reopen(needs=(f"{call}-1",), reason="caller_rang_again"))
    story = centre.story(incident)
    settled = [told.struck for told in story.lines if told.event == "needs_settled"]
    assert "taken back by CH-1" in (settled[0] or "")
    assert "reopened by D-1" in (settled[1] or "")
    assert story.needs[0].outcome is None
    assert story.needs[0].struck == ("responded: P1 on scene at 09:00:08, contact made: not said",)
    assert {"open", "reopened"} <= {flag.code for flag in story.flags}


def test_a_merge_is_followed_from_both_sides_and_one_that_was_undone_is_not(centre: Centre) -> None:
    one_call, first = centre.call()
    other_call, second = centre.call()
    act = one(centre.do(Merge(incident=second, into=first)), IncidentsMerged).act
    for asked in (first, second):
        story = centre.story(asked)
        assert {incident.incident for incident in story.incidents} == {first, second}
        assert {call.call for call in story.calls} == {one_call, other_call}
        assert f"{second} was merged into {first}" in shown(story)
    centre.do(Undo(act=act))
    story = centre.story(second)
    assert [incident.incident for incident in story.incidents] == [second]
    assert [call.call for call in story.calls] == [other_call]
    merged = line(story, "incidents_merged")
    assert merged.struck is not None
    assert not any(told.text.startswith(f"Call {one_call} came in") for told in story.lines)


def test_a_shift_change_that_touched_many_calls_is_told_in_each_story_without_the_others(
    centre: Centre,
) -> None:
    _, first = centre.call()
    centre.call()
    centre.do(ChangeShift(position="PD1", to_position="PD2", to_person="D-9"))
    assert "passed to D-9 at PD2" in line(centre.story(first), "shift_changed").text


def test_whether_a_hand_over_arrived_is_unknown_until_somebody_says(centre: Centre) -> None:
    call, incident = centre.call()
    offered = centre.do(OfferHandOver(needs=(f"{call}-1",), to="County", ground="their_area"))
    key = one(offered, HandOverOffered).hand_over
    centre.do(AnswerHandOver(hand_over=key, answer="accepted", by="desk 4"))
    story = centre.story(incident)
    assert any(flag.code == "hand_over_arrival" and "UNKNOWN" in flag.text for flag in story.flags)
    assert "accepted by County (desk 4) at 09:00:08" in (story.needs[0].evidence or "")


def test_unsafe_to_ring_over_objection_and_reconstructed_are_flagged(centre: Centre) -> None:
    standing = OverObjection(
        persons=("CH-1", "CH-2"),
        reason="parade",
        objection="reads who owns the place",
        ends_at=START + 2 * DAY,
    )
    text = centre.evaluator
    centre.do(
        AdoptPolicy(policy=text.policy, version=text.version, authority="chief", reason="parade", standing=standing),
        actor=CHIEF,
    )
    _, unsafe = centre.call(unsafe_to_ring=True)
    _, rebuilt = centre.call(reconstructed=True)
    flags = {flag.code for flag in centre.story(unsafe).flags}
    assert {"unsafe_to_ring", "over_objection", "open"} <= flags
    assert "OVER OBJECTION" in shown(centre.story(unsafe))
    assert "reconstructed" in {flag.code for flag in centre.story(rebuilt).flags}
    assert "over_objection" not in {flag.code for flag in centre.story(rebuilt).flags}
    centre.do(
        AdoptPolicy(policy=text.policy, version=text.version, authority="chief", reason="over", standing=CERTIFIED),
        actor=CHIEF,
    )
    assert "over_objection" not in {flag.code for flag in centre.story(centre.call()[1]).flags}


def test_what_is_held_waits_or_is_under_review_is_flagged_and_so_is_a_cancellation_that_closed_nothing(
    centre: Centre,
) -> None:
    text = centre.evaluator
    centre.do(
        AdoptPolicy(policy=text.policy, version=text.version, authority="chief", reason="first", standing=CERTIFIED),
        actor=CHIEF,
    )
    _, noise = centre.call("noise")
    until = centre.clock.time + 10 * MINUTE
    centre.do(HoldResponse(incident=noise, agency="RPD", ground="caller_asks_for_later", until=until))
    assert any("caller asks for later" in f.text for f in centre.story(noise).flags if f.code == "held")
    told = line(centre.story(noise), "response_held")
    assert any(rule.startswith("nuisance of policy") for rule in details(told, "rule"))
    home, violence = centre.call("domestic_violence")
    by_voice = CancelledByCaller(confirmed="same_voice_on_the_line")
    centre.do(Settle(needs=(f"{home}-1",), outcome=by_voice))
    story = centre.story(violence)
    assert {"open", "cancellation"} == {flag.code for flag in story.flags}
    guard, declined = centre.call("guard_private_property")
    no = Declined(ground="not_a_public_duty", authority="town code", caller_told="yes")
    centre.do(Settle(needs=(f"{guard}-1",), outcome=no), actor=CHIEF)
    story = centre.story(declined)
    assert "review_open" in {flag.code for flag in story.flags}
    assert "rule property_guard of rivermouth-1" in (story.needs[0].evidence or "")
    centre.do(Assign(incident=violence, units=("P1", "P2")))
    _, waiting = centre.call("theft")
    assert "waiting" in {flag.code for flag in centre.story(waiting).flags}
    assert details(line(centre.story(waiting), "response_waiting"), "missing") == ["wanted: police"]


def test_personal_values_are_shown_as_sealed_with_a_short_reference(centre: Centre) -> None:
    exact = PlaceGiven(district="North", exact=Private(value="12 Hidden Lane"))
    call, incident = centre.call(words=Private(value="he has a knife"), place=exact)
    centre.do(UpdateCall(call=call, facts=(FactGiven(name="caller.phone", value="+49 30 5550100"),)))
    story = centre.story(incident)
    text = shown(story) + msgspec.json.encode(story).decode()
    assert re.search(r"words sealed [0-9a-f]{8}\b", text)
    assert re.search(r"exact place sealed [0-9a-f]{8}\b", text)
    assert re.search(r"caller.phone: sealed [0-9a-f]{8}\b", text)
    for secret in ("Hidden", "knife", "5550100"):
        assert secret not in text


def test_a_retired_incident_has_its_whole_story_before_and_after_somebody_names_it_again(
    centre: Centre,
) -> None:
    call, incident = centre.call()
    key = one(centre.do(Assign(incident=incident, units=("P1",))), UnitAssigned).assignment
    centre.do(ReportStamp(unit="P1", stamp="on_scene"))
    centre.do(CloseResponse(incident=incident, agency="RPD", outcome=Responded(assignment=key)))
    centre.do(ReportStamp(unit="P1", stamp="clear"))
    centre.do(ReportStamp(unit="P2", stamp="on_scene"), after=2 * DAY // SECOND)
    story = centre.story(incident)
    assert line(story, "retired").text
    assert story.needs[0].outcome == "responded"
    centre.do(Reopen(needs=(f"{call}-1",), reason="appeal"))
    story = centre.story(incident)
    assert line(story, "recalled").text
    assert story.needs[0].outcome is None


def test_it_is_found_by_incident_by_call_by_need_by_outside_number_and_in_small_letters(
    centre: Centre,
) -> None:
    call, incident = centre.call(external="MP 2020/77", incident_external="INC-9")
    for asked in (incident, call, call.lower(), f"{call}-1", "MP 2020/77", "INC-9", f" {incident} "):
        story = centre.story(asked)
        assert [found.incident for found in story.incidents] == [incident]


def test_a_number_that_several_incidents_bear_shows_one_and_names_the_others(centre: Centre) -> None:
    _, first = centre.call(external="77")
    centre.call(external="77")
    story = centre.story("77")
    assert [incident.incident for incident in story.incidents] == [first]
    assert [flag.code for flag in story.flags if flag.code == "same_number"] == ["same_number"]


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("2027-000009", "2027-000001"),
        ("1", "C000001"),
        ("C1", "C000001"),
        ("#1", "2027-000001"),
        ("INC-8", "INC-9"),
    ],
)
def test_what_is_not_there_is_told_with_what_is_near(centre: Centre, asked: str, near: str) -> None:
    centre.call(incident_external="INC-9")
    with pytest.raises(NothingFoundError, match=re.escape(near)):
        subjects_of(centre.embedded.record, asked)


@pytest.mark.parametrize("asked", ["", " ", "\x00", "'; drop table entry", "9" * 300, "ü", "-", "C"])
def test_any_words_can_be_asked_for(centre: Centre, asked: str) -> None:
    centre.call()
    with pytest.raises(NothingFoundError, match="There is no incident or call"):
        subjects_of(centre.embedded.record, asked)


def test_a_call_in_no_incident_has_a_story_too(centre: Centre) -> None:
    call = one(centre.do(TakeCall(channel="text")), CallTaken).call
    story = centre.story(call)
    assert story.incidents == ()
    assert [told.event for told in story.lines] == ["call_taken"]
    assert f"Call {call}" in shown(story)


def test_times_are_those_of_the_records_zone_and_the_date_is_told_when_it_changes(centre: Centre) -> None:
    _, incident = centre.call()
    centre.do(Assign(incident=incident, units=("P1",)), after=16 * 3_600)
    text = shown(centre.story(incident))
    assert "times in Europe/Berlin" in text
    assert "Fri 15 Jan 2027" in text
    assert "Sat 16 Jan 2027" in text


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_word_is_broken_and_no_line_is_longer_than_the_screen(day: SqliteRecord, width: int) -> None:
    for tag in list(day.find_tags("incident:"))[180:195]:
        story = story_in(day, tag.partition(":")[2])[0]
        wide = set(shown(story, 400).split())
        narrow = shown(story, width)
        assert max(len(found) for found in narrow.splitlines()) <= width
        assert set(narrow.split()) - wide == set()


def test_a_story_of_an_empty_selection_of_events_is_an_empty_story() -> None:
    story = tell([], "x", [], zone=UTC, zone_name="UTC")
    assert story.lines == ()
    assert shown(story)


def test_the_events_are_gathered_in_their_order_and_each_once(day: SqliteRecord) -> None:
    envelopes, _ = gathered(day, ["2026-000186"])
    sequences = [envelope.sequence for envelope in envelopes]
    assert sequences == sorted(set(sequences))


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, "0 s"),
        (1, "under 1 s"),
        (-5 * SECOND, "5 s"),
        (59 * SECOND + 999_999, "59 s"),
        (MINUTE, "1 min"),
        (MINUTE + SECOND, "1 min 1 s"),
        (HOUR, "1 h"),
        (HOUR + 61 * SECOND, "1 h 1 min"),
        (2 * DAY, "2 days"),
        (3 * DAY + 4 * HOUR, "3 days 4 h"),
    ],
)
def test_lengths_of_time_are_told_in_the_two_units_that_matter(length: int, words: str) -> None:
    assert span(length) == words


def test_words_from_outside_do_not_steer_the_readers_terminal(centre: Centre) -> None:
    _, incident = centre.call(line="trunk \x1b]0;title\x07 \x1b[31m3", language="\x9bes")
    text = shown(centre.story(incident))
    assert "trunk" in text
    assert not [letter for letter in text if ord(letter) < 32 and letter != "\n"]
    assert "\x9b" not in text
