"""Instructions: what somebody told the floor stays, whoever would like it gone."""

from __future__ import annotations

import pytest
from floor_driver import DISPATCHER, OVERSIGHT, SUPERVISOR, Floor, staffed

from everycall.core import commands as c
from everycall.core.actors import Actor
from everycall.core.instructions import InstructionCompleted, InstructionStruck
from everycall.core.sealed import Sealed

SEAL = Sealed(reference="L1", commitment="c")
OTHER = Sealed(reference="L2", commitment="c")
CHIEF = Actor(person="chief", role="duty_chief", agency="PD")


def told() -> Floor:
    """The chief has told the floor something, and a dispatcher entered it."""
    floor = staffed()
    floor.do(c.TakeCall())
    floor.do(
        c.RecordInstruction(words=SEAL, said_by="chief", said_by_agency="PD", channel="radio", calls=("C000001", "C9"))
    )
    return floor


def test_one_key_enters_it_and_the_rest_is_added_later_by_anybody() -> None:
    floor = staffed()
    floor.do(c.RecordInstruction())
    held = floor.state.instructions["I000001"]
    assert (held.said_by, held.channel, held.words, held.entered_by) == ("", "not_said", None, "D1")
    floor.do(c.TakeCall())
    floor.do(
        c.CompleteInstruction(
            instruction="I000001", said_by="chief", said_by_agency="PD", channel="radio", words=SEAL, calls=("C000001",)
        ),
        SUPERVISOR,
    )
    held = floor.state.instructions["I000001"]
    assert (held.said_by, held.said_by_agency, held.channel, held.words) == ("chief", "PD", "radio", SEAL)
    assert held.calls == ("C000001",)


def test_calls_that_are_not_known_are_no_reason_to_refuse_it() -> None:
    assert told().state.instructions["I000001"].calls == ("C000001",)


@pytest.mark.parametrize("actor", [CHIEF, SUPERVISOR, Actor(person="D2", role="dispatcher", agency="PD")])
def test_nobody_of_the_chain_and_nobody_else_strikes_it(actor: Actor) -> None:
    floor = told()
    refusal = floor.refused(c.StrikeInstruction(instruction="I000001", reason="never said"), actor)
    assert refusal.code == "inside_the_chain"
    assert floor.state.instructions["I000001"].struck_because is None


def test_not_even_oversight_strikes_what_it_said_itself() -> None:
    floor = staffed()
    floor.do(c.RecordInstruction(said_by="O1"))
    assert floor.refused(c.StrikeInstruction(instruction="I000001", reason="x"), OVERSIGHT).code == "inside_the_chain"


@pytest.mark.parametrize("actor", [DISPATCHER, OVERSIGHT])
def test_who_entered_it_by_mistake_or_oversight_strikes_it_and_it_stays_readable(actor: Actor) -> None:
    floor = told()
    floor.do(c.StrikeInstruction(instruction="I000001", reason="typed twice"), actor)
    held = floor.state.instructions["I000001"]
    assert (held.struck_because, held.words, floor.last(InstructionStruck).by) == ("typed twice", SEAL, actor.person)
    again = c.StrikeInstruction(instruction="I000001", reason="again")
    assert floor.refused(again, actor).code == "already_struck"


@pytest.mark.parametrize(
    "change",
    [
        {"said_by": "somebody else"},
        {"said_by_agency": "FD"},
        {"channel": "email"},
        {"words": OTHER},
    ],
)
def test_what_it_says_is_changed_only_by_who_entered_it_or_by_oversight(change: dict[str, object]) -> None:
    floor = told()
    body = c.CompleteInstruction(instruction="I000001", **change)  # type: ignore[arg-type]  # one field of it
    for actor in (CHIEF, SUPERVISOR):
        assert floor.refused(body, actor).code == "already_said"
    floor.do(body, OVERSIGHT)
    field, value = next(iter(change.items()))
    assert getattr(floor.state.instructions["I000001"], field) == value


def test_to_say_the_same_again_or_to_add_a_call_or_its_end_is_no_change() -> None:
    floor = told()
    floor.do(c.TakeCall())
    body = c.CompleteInstruction(
        instruction="I000001", said_by="chief", calls=("C000002", "C000001", "C000002"), ended=True
    )
    floor.do(body, CHIEF)
    assert floor.last(InstructionCompleted).calls == ("C000002",)
    held = floor.state.instructions["I000001"]
    assert (held.calls, held.ended_at) == (("C000001", "C000002"), floor.now)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (c.CompleteInstruction(instruction="I9"), "unknown_instruction"),
        (c.StrikeInstruction(instruction="I9", reason="x"), "unknown_instruction"),
        (c.CompleteInstruction(instruction="I000001", calls=("C9",)), "unknown_call"),
    ],
)
def test_what_is_not_there_is_named(body: c.AnyCommand, code: str) -> None:
    assert told().refused(body).code == code


def test_a_supervisor_cannot_strike_even_what_was_entered_without_a_name() -> None:
    floor = staffed()
    supervisor = Actor(person="S1", role="supervisor", agency="PD")
    floor.do(c.RecordInstruction(), supervisor)
    refused = floor.refused(c.StrikeInstruction(instruction="I000001", reason="mistake"), supervisor)
    assert refused.code == "inside_the_chain"
