"""Scenes at the desk: silent and abandoned calls, interpreters, refusals, instructions, reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.assignments import Assign, UnitAssigned
from everycall.core.base import MINUTE
from everycall.core.calls import (
    AbandonCall,
    AddNeed,
    AnswerCall,
    NeedAdded,
    RecordCallBack,
    RelateCalls,
    StampCall,
    UpdateCall,
)
from everycall.core.facts import FactGiven
from everycall.core.holding import HoldResponse, ReleaseHold
from everycall.core.incidents import IncidentOpened, OpenIncident
from everycall.core.instructions import (
    CompleteInstruction,
    InstructionRecorded,
    RecordInstruction,
    StrikeInstruction,
)
from everycall.core.linking import Link, Unlink
from everycall.core.needs import Classify, NeedAsked, Prioritise
from everycall.core.notes import AddNote, NoteAdded, StrikeNote
from everycall.core.outcomes import (
    Advised,
    CancelledByCaller,
    Declined,
    Duplicate,
    NoEmergency,
    NotEstablished,
    NotReached,
)
from everycall.core.recommending import Recommend, UnitsRecommended
from everycall.core.reviews import CompleteReview, ReviewOpened
from everycall.core.sealed import Private
from everycall.core.settling import NeedsSettled, Reopen, Settle
from everycall.core.undo import Undo
from everycall.simulate import town
from everycall.simulate.floor import OVERSIGHT, Asked
from everycall.simulate.taking import asked_out, rung, take
from everycall.simulate.work import called_back, send, serve_all, served, worked

if TYPE_CHECKING:
    from collections.abc import Callable

    from everycall.core.vocabulary import CallStampName
    from everycall.simulate.driver import Process
    from everycall.simulate.floor import Floor


def silent(floor: Floor) -> Process:
    """Nobody speaks; the call-back is not answered twice; what was tried is listed."""
    asked = Asked("silent", "emergency_voice", (("unknown", "unknown"),), (3_000, 2_000))
    d = floor.driver
    call = rung(floor, asked)
    yield 6
    taker = floor.taker()
    d.do(taker, AnswerCall(call=call))
    yield 20
    # Without a call-back there is no evidence that anybody tried.
    tried = NotEstablished(tried=("asked_to_press_a_key", "listened_20_s"))
    d.do(taker, Settle(needs=(f"{call}-1",), outcome=tried), refused="nothing_tried")
    d.do(taker, AbandonCall(call=call))
    for result in ("no_answer", "busy"):
        yield 35
        d.do(taker, RecordCallBack(call=call, result=result))
    yield 15
    d.do(taker, AddNote(about=call, text=Private(value="Line open, a radio in the background.")))
    tried = NotEstablished(tried=("asked_to_press_a_key", "listened_20_s", "called_back_twice"))
    d.do(taker, Settle(needs=(f"{call}-1",), outcome=tried))


def abandoned(floor: Floor) -> Process:
    """Nobody answers in time and the caller gives up; called back, it was a misdial."""
    asked = Asked("abandoned", "emergency_voice", (("unknown", "unknown"),), (6_200, 2_100))
    d = floor.driver
    call = rung(floor, asked)
    yield 22
    d.do(floor.taker(), AbandonCall(call=call))
    yield 40
    taker = floor.taker()
    d.do(taker, RecordCallBack(call=call, result="reached"))
    d.do(taker, UpdateCall(call=call, facts=(FactGiven(name="caller.in_danger", value=False),)))
    d.do(taker, Settle(needs=(f"{call}-1",), outcome=NoEmergency(kind="misdial", confirmed_by="caller")))


def whispered(floor: Floor) -> Process:
    """A whispered call breaks off and must not be rung back; police go, and a cancellation closes nothing."""
    asked = Asked(
        "whispered",
        "emergency_voice",
        (("police", "domestic_violence"),),
        (2_400, 6_100),
        unsafe=True,
        minutes=31,
    )
    d = floor.driver
    taken = yield from take(floor, asked)
    taker = floor.taker()
    d.do(taker, AbandonCall(call=taken.call))
    d.do(taker, RecordCallBack(call=taken.call, result="not_rung_unsafe"))
    serve_all(floor, asked, taken.incident)
    yield 170
    floor.worth_a_look["a whispered call whose cancellation closed nothing"] = taken.incident
    # Another voice calls and says that all is well. For this type that closes nothing.
    d.do(
        floor.taker(),
        Settle(needs=taken.needs, outcome=CancelledByCaller(confirmed="same_voice_on_the_line")),
    )
    yield 60
    d.do(
        floor.taker(),
        AddNote(about=taken.incident, text=Private(value="A man says it is settled; a child cries.")),
    )


def in_writing(floor: Floor) -> Process:
    """A text while somebody is in the house; words follow, and the mode stays silent."""
    asked = Asked("texted", "text", (("police", "burglary_in_progress"),), (7_100, 7_300), minutes=18)
    d = floor.driver
    taken = yield from take(floor, asked)
    serve_all(floor, asked, taken.incident)
    for seconds, what in ((25, "he is downstairs"), (40, "i am in the bathroom"), (90, "i hear police")):
        yield seconds
        d.do(floor.taker(), UpdateCall(call=taken.call, words=Private(value=what)))


def interpreted(floor: Floor) -> Process:
    """A caller who needs an interpreter gets one; another does not, and is understood well enough."""
    d = floor.driver
    cases: tuple[tuple[str, str, CallStampName, int], ...] = (
        ("interpreter-1", "es", "interpreter_connected", 45),
        ("interpreter-2", "so", "interpreter_failed", 120),
    )
    for key, language, result, gap in cases:
        asked = Asked(key, "emergency_voice", (("ems", "breathing"),), (5_100, 1_900), language=language)
        call = rung(floor, asked)
        yield 5
        taker = floor.taker()
        d.do(taker, AnswerCall(call=call))
        yield 12
        d.do(taker, StampCall(call=call, stamp="interpreter_asked"))
        yield gap
        d.do(taker, StampCall(call=call, stamp=result))
        taken = yield from asked_out(floor, asked, call, taker, floor.dice(key))
        serve_all(floor, asked, taken.incident)
        yield 1_500


def mended(floor: Floor) -> Process:
    """What sounded like a sick person is a heart that has stopped: the plan grows, more units go."""
    asked = Asked("mended", "emergency_voice", (("ems", "cardiac_arrest"),), (4_700, 6_400), first_type="sick_person")
    d = floor.driver
    taken = yield from take(floor, asked)
    d.spawn(f"{asked.key}/first", served(floor, asked, taken.incident, town.EMS))
    yield 75
    d.do(floor.taker(), Classify(call=taken.call, type="cardiac_arrest"))
    d.do(
        floor.taker(),
        AddNeed(call=taken.call, need=NeedAsked(service="fire", type="cardiac_arrest", priority="1")),
    )
    yield 5
    d.do(floor.taker(), Link(call=taken.call, incident=taken.incident))
    d.spawn(f"{asked.key}/more", _more_units(floor, asked, taken.incident))
    d.spawn(f"{asked.key}/engine", served(floor, asked, taken.incident, town.FIRE))


def _more_units(floor: Floor, asked: Asked, incident: str) -> Process:
    """Units for what the plan asks now and nobody has been sent for."""
    d = floor.driver
    yield 8
    made = d.do(floor.dispatcher(town.EMS), Recommend(incident=incident, agency=town.EMS))
    more = [c.unit for c in made.one(UnitsRecommended).candidates if c.taken_for is not None]
    if more:
        sent = d.do(floor.dispatcher(town.EMS), Assign(incident=incident, units=tuple(more), agency=town.EMS))
        for event in sent.all(UnitAssigned):
            d.spawn(f"{asked.key}/{event.assignment}", worked(floor, asked, event.assignment, leads=False))


def less_after_all(floor: Floor) -> Process:
    """Less is sent only with a reason: the first try without one is refused."""
    asked = Asked("less", "emergency_voice", (("ems", "fall"),), (3_900, 3_100), first_type="chest_pain")
    d = floor.driver
    taken = yield from take(floor, asked)
    serve_all(floor, asked, taken.incident)
    yield 50
    taker = floor.taker()
    d.do(taker, Classify(call=taken.call, type="fall"), refused="less_without_reason")
    d.do(taker, Classify(call=taken.call, type="fall", reason="caller_examined_again"))
    d.do(taker, Prioritise(need=taken.needs[0], priority="5"), refused="less_without_reason")
    d.do(taker, Prioritise(need=taken.needs[0], priority="2"))


def held(floor: Floor) -> Process:
    """Noise can wait, at the caller's wish and under a rule; on a ground that no rule knows it cannot."""
    asked = Asked("held", "ten_digit_line", (("police", "noise"),), (6_600, 3_300), finds="gone_on_arrival")
    d = floor.driver
    taken = yield from take(floor, asked)
    desk = floor.dispatcher(town.POLICE)
    until = d.now + 20 * MINUTE
    unheard = HoldResponse(incident=taken.incident, agency=town.POLICE, ground="too_far", until=until)
    d.do(desk, unheard, refused="hold_not_allowed")
    wish = HoldResponse(incident=taken.incident, agency=town.POLICE, ground="caller_asks_for_later", until=until)
    d.do(desk, wish)
    yield 11 * 60
    d.do(desk, ReleaseHold(incident=taken.incident, agency=town.POLICE))
    serve_all(floor, asked, taken.incident)


def held_out(floor: Floor) -> Process:
    """A hold that nobody releases ends by itself."""
    asked = Asked("held out", "web_form", (("police", "vandalism"),), (1_300, 4_200))
    taken = yield from take(floor, asked)
    until = floor.driver.now + 25 * MINUTE
    ground = "same_unit_follows_up"
    hold = HoldResponse(incident=taken.incident, agency=town.POLICE, ground=ground, until=until)
    floor.driver.do(floor.dispatcher(town.POLICE), hold)
    yield 25 * 60 + 4
    serve_all(floor, asked, taken.incident)


def declined(floor: Floor) -> Process:
    """Guarding a shop is declined by one who may, on a ground that a rule knows; oversight looks at it."""
    asked = Asked("declined", "ten_digit_line", (("police", "guard_private_property"),), (4_900, 5_100))
    d = floor.driver
    taken = yield from take(floor, asked)
    ground = Declined(ground="not_a_public_duty", authority="town code 4-12", caller_told="yes")
    yield 40
    d.do(
        floor.dispatcher(town.POLICE),
        Settle(needs=taken.needs, outcome=ground),
        refused="decline_not_allowed",
    )
    yield 55
    supervisor = floor.supervisor()
    made = d.do(supervisor, Settle(needs=taken.needs, outcome=ground))
    review = made.one(ReviewOpened).review
    yield 2 * 3_600
    d.do(supervisor, CompleteReview(review=review, judgement="upheld"), refused="inside_the_chain")
    yield 3_600
    why = Private(value="No danger was named; the owner was given the number of a guard service.")
    d.do(OVERSIGHT, CompleteReview(review=review, judgement="upheld", words=why))


def urgent_never_declined(floor: Floor) -> Process:
    """What has the highest priority cannot be declined by anybody."""
    asked = Asked(
        "never declined", "emergency_voice", (("police", "assault"),), (5_300, 4_400), finds="gone_on_arrival"
    )
    d = floor.driver
    taken = yield from take(floor, asked)
    ground = Declined(ground="not_a_public_duty", authority="S-A", caller_told="no")
    d.do(floor.supervisor(), Settle(needs=taken.needs, outcome=ground), refused="highest_priority_declined")
    serve_all(floor, asked, taken.incident)


def instructed(floor: Floor) -> Process:
    """The floor is told by telephone not to send to a building; one key enters it, no chief removes it."""
    d = floor.driver
    desk = floor.dispatcher(town.POLICE)
    made = d.do(desk, RecordInstruction())
    instruction = made.one(InstructionRecorded).instruction
    asked = Asked("instructed", "emergency_voice", (("police", "trespass"),), (4_450, 4_950))
    taken = yield from take(floor, asked)
    d.do(
        desk,
        CompleteInstruction(
            instruction=instruction,
            said_by="RPD-LT2",
            said_by_agency=town.POLICE,
            channel="telephone",
            words=Private(value="Nobody goes to the office tower for trespass calls until I say so."),
            calls=(taken.call,),
        ),
    )
    yield 600
    d.do(
        floor.supervisor(),
        StrikeInstruction(instruction=instruction, reason="not_needed"),
        refused="inside_the_chain",
    )
    yield 2_400
    nobody = NotReached(why="instruction_not_to_send", instruction=instruction)
    made = d.do(desk, Settle(needs=taken.needs, outcome=nobody))
    review = made.one(ReviewOpened).review
    yield 4 * 3_600
    said = Private(value="The caller had said that somebody was hurt.")
    d.do(OVERSIGHT, CompleteReview(review=review, judgement="not_upheld", words=said))
    d.do(desk, CompleteInstruction(instruction=instruction, ended=True))
    floor.worth_a_look["a call that nobody went to, under an instruction by telephone"] = taken.incident


def mistaken_instruction(floor: Floor) -> Process:
    """The instruction key was pressed by mistake: who pressed it strikes it, and it stays readable."""
    d = floor.driver
    desk = floor.dispatcher(town.FIRE)
    asked = Asked("mistaken", "emergency_voice", (("fire", "outdoor_fire"),), (3_100, 700), minutes=14)
    taken = yield from take(floor, asked)
    made = d.do(desk, RecordInstruction(calls=(taken.call,)))
    serve_all(floor, asked, taken.incident)
    yield 40
    d.do(desk, StrikeInstruction(instruction=made.one(InstructionRecorded).instruction, reason="wrong_key"))


def reached_after_all(floor: Floor) -> Process:
    """Closed with nobody there, found wrong by oversight, taken back, and gone to."""
    asked = Asked("after all", "other_agency", (("police", "welfare_check"),), (1_500, 1_600), minutes=12)
    d = floor.driver
    taken = yield from take(floor, asked)
    sent = yield from send(floor, asked, taken.incident, town.POLICE)
    yield 50
    if sent:
        called_back(floor, taken.incident, town.POLICE, "needed_elsewhere")
    yield 1_800
    desk = floor.dispatcher(town.POLICE)
    made = d.do(desk, Settle(needs=taken.needs, outcome=NotReached(why="no_unit_came_free")))
    yield 5_400
    d.do(OVERSIGHT, CompleteReview(review=made.one(ReviewOpened).review, judgement="not_upheld"))
    d.do(floor.supervisor(), Reopen(needs=taken.needs, reason="review_not_upheld"))
    serve_all(floor, asked, taken.incident)


def several_callers(floor: Floor) -> Process:
    """One collision, four callers: two are duplicates; one, linked by mistake, is taken out again."""
    first = Asked(
        "collision",
        "emergency_voice",
        (("police", "collision_injury"), ("ems", "collision_injury"), ("fire", "collision_trapped")),
        (4_600, 2_700),
        minutes=36,
        patients=2,
    )
    d = floor.driver
    taken = yield from take(floor, first)
    serve_all(floor, first, taken.incident)
    for number in (1, 2):
        yield 35
        again = Asked(f"collision again {number}", "emergency_voice", (("police", "collision_injury"),), first.spot)
        other = yield from take(floor, again, open_incident=False)
        d.do(floor.taker(), Settle(needs=other.needs, outcome=Duplicate(of=taken.incident)))
    yield 30
    near = Asked("near the collision", "emergency_voice", (("police", "traffic_hazard"),), (4_900, 2_900))
    third = yield from take(floor, near, open_incident=False)
    taker = floor.taker()
    d.do(taker, Link(call=third.call, incident=taken.incident))
    yield 25
    d.do(taker, Unlink(call=third.call, incident=taken.incident, reason="another_crossing"))
    opened = d.do(taker, OpenIncident(call=third.call)).one(IncidentOpened)
    floor.known(opened.incident, near)
    d.do(taker, RelateCalls(calls=(taken.call, third.call)))
    serve_all(floor, near, opened.incident)


def settled_by_phone(floor: Floor) -> Process:
    """Advice settles only when the caller agrees. A note goes to the wrong call and is struck."""
    asked = Asked("advised", "emergency_voice", (("ems", "injury_minor"),), (2_800, 3_800))
    d = floor.driver
    taken = yield from take(floor, asked)
    taker = floor.taker()
    yield 60
    d.do(
        taker,
        Settle(needs=taken.needs, outcome=Advised(advice="cool_the_burn")),
        refused="caller_did_not_agree",
    )
    note = d.do(taker, AddNote(about=taken.call, text=Private(value="Blue car, went north.")))
    yield 20
    d.do(taker, StrikeNote(about=taken.call, note=note.one(NoteAdded).note, reason="wrong_call"))
    d.do(taker, Settle(needs=taken.needs, outcome=Advised(advice="cool_the_burn", caller_agreed=True)))


def too_soon_closed(floor: Floor) -> Process:
    """A close under the wrong code is undone; only its own effect goes."""
    asked = Asked("undone", "emergency_voice", (("police", "dispute"),), (6_900, 5_900))
    d = floor.driver
    taken = yield from take(floor, asked)
    taker = floor.taker()
    yield 20
    done = d.do(taker, Settle(needs=taken.needs, outcome=CancelledByCaller(confirmed="same_voice_on_the_line")))
    yield 30
    d.do(taker, Undo(act=done.one(NeedsSettled).act, reason="caller_meant_the_noise"))
    d.do(taker, Undo(act=done.one(NeedsSettled).act), refused="already_undone")
    serve_all(floor, asked, taken.incident)


def left_open(floor: Floor) -> Process:
    """An e-mail that asks for a visit tomorrow is still open when the day ends."""
    asked = Asked("left open", "email", (("other", "animal_on_road"),), (8_200, 700))
    taken = yield from take(floor, asked)
    yield 300
    floor.driver.do(
        floor.taker(), AddNeed(call=taken.call, need=NeedAsked(service="police", asked_for="officer_to_ring"))
    ).one(NeedAdded)


Scene = tuple[int, str, "Callable[[Floor], Process]"]

SCENES: Final[tuple[Scene, ...]] = (
    (38, "silent", silent),
    (64, "abandoned", abandoned),
    (95, "settled by phone", settled_by_phone),
    (130, "several callers", several_callers),
    (185, "declined", declined),
    (215, "held", held),
    (250, "interpreted", interpreted),
    (290, "less after all", less_after_all),
    (335, "reached after all", reached_after_all),
    (410, "instructed", instructed),
    (455, "held out", held_out),
    (495, "mistaken instruction", mistaken_instruction),
    (520, "mended", mended),
    (640, "too soon closed", too_soon_closed),
    (820, "whispered", whispered),
    (905, "never declined", urgent_never_declined),
    (1_205, "in writing", in_writing),
    (1_392, "left open", left_open),
)
"""Minute of the day, name, process."""
