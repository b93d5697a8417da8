"""Commands are read strictly: what is unknown, of the wrong kind or out of bounds is refused at the door."""

from __future__ import annotations

import json
import random
from typing import Any, get_args

import hostile
import msgspec
import pytest
from floor_driver import START, Floor, request, staffed
from hypothesis import given, settings
from hypothesis import strategies as st

from everycall.core import commands as c
from everycall.core.actors import Actor
from everycall.core.base import FARTHEST, snake
from everycall.core.commands import AnyCommand, Command, decode_command, encode_command
from everycall.core.facts import FactGiven
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import NotReached
from everycall.core.places import PlaceGiven
from everycall.core.policies import Requirement
from everycall.core.sealed import Private
from everycall.core.versions import OverObjection

ACTOR = {"person": "D1", "role": "dispatcher"}


def read(body: dict[str, Any], **more: Any) -> Command:
    return decode_command(json.dumps({"id": "x", "actor": ACTOR, "body": body, **more}).encode())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9), group=st.sampled_from(sorted(hostile.GROUPS)))
def test_a_command_comes_back_as_it_went_and_its_bytes_are_the_same_every_time(seed: int, group: str) -> None:
    floor = staffed()
    request(floor)
    actor, body, at = hostile.command(random.Random(seed), floor.state, floor.now, group)
    command = Command(id="x", actor=actor, body=body, at=at)
    data = encode_command(command)
    assert decode_command(data) == command
    assert encode_command(decode_command(data)) == data


def test_every_command_has_its_own_word() -> None:
    words = [snake(kind.__name__) for kind in get_args(AnyCommand)]
    assert len(set(words)) == len(words)
    assert read({"do": "take_call"}).body == c.TakeCall()


BAD: dict[str, dict[str, Any]] = {
    "no command": {"do": "fly"},
    "no word for it": {},
    "the word in capitals": {"do": "TakeCall"},
    "a field that nobody knows": {"do": "take_call", "colour": "red"},
    "a field inside that nobody knows": {"do": "take_call", "needs": [{"service": "police", "colour": "red"}]},
    "a service that nobody has": {"do": "take_call", "needs": [{"service": "plumbing"}]},
    "a channel that nobody has": {"do": "take_call", "channel": "pigeon"},
    "a yes that is a number": {"do": "take_call", "ringing": 1},
    "a yes in words": {"do": "take_call", "ringing": "yes"},
    "an instant with a point": {"do": "take_call", "received_at": 1.5},
    "an instant in words": {"do": "take_call", "received_at": "now"},
    "an instant after the last": {"do": "take_call", "received_at": FARTHEST + 1},
    "an instant before the first": {"do": "take_call", "received_at": -FARTHEST - 1},
    "a position beyond every reader": {"do": "take_call", "place": {"latitude_e7": 2**60}},
    "a fact beyond every reader": {"do": "take_call", "facts": [{"name": "x", "value": 2**60}]},
    "a fact with a point": {"do": "take_call", "facts": [{"name": "x", "value": 1.5}]},
    "a fact without a name": {"do": "take_call", "facts": [{"value": 1}]},
    "a fact that is nothing": {"do": "take_call", "facts": [{"name": "x", "value": None}]},
    "a word that is too long": {"do": "take_call", "line": "x" * 241},
    "a sealed value without its commitment": {"do": "take_call", "words": {"is": "sealed", "reference": "x"}},
    "a private value without its value": {"do": "take_call", "words": {"is": "private"}},
    "words in clear": {"do": "take_call", "words": "help"},
    "no call": {"do": "answer_call"},
    "an empty id": {"do": "answer_call", "call": ""},
    "an id that is too long": {"do": "answer_call", "call": "C" * 121},
    "an id that is a number": {"do": "answer_call", "call": 1},
    "an id that is nothing": {"do": "answer_call", "call": None},
    "a stamp that nobody takes": {"do": "report_stamp", "unit": "U1", "stamp": "coffee"},
    "a level below the first": {"do": "raise_alarm", "incident": "I", "level": 0},
    "a level above the last": {"do": "raise_alarm", "incident": "I", "level": 21},
    "a reason for missing that is none": {
        "do": "mark_stamp_missing",
        "assignment": "A",
        "stamp": "clear",
        "reason": "lazy",
    },
    "an outcome that is none": {"do": "settle", "needs": ["C1-1"], "outcome": {"outcome": "fine"}},
    "an outcome of another's fields": {
        "do": "settle",
        "needs": ["C1-1"],
        "outcome": {"outcome": "advised", "assignment": "A1"},
    },
    "an outcome without its ground": {"do": "settle", "needs": ["C1-1"], "outcome": {"outcome": "declined"}},
    "no needs at all": {"do": "settle", "outcome": {"outcome": "advised"}},
    "too many needs": {"do": "settle", "needs": ["C1-1"] * 501, "outcome": {"outcome": "advised"}},
    "a count below nothing": {
        "do": "change_plan",
        "incident": "I",
        "agency": "PD",
        "send": [{"capability": "x", "count": -1}],
    },
    "a count beyond all units": {
        "do": "change_plan",
        "incident": "I",
        "agency": "PD",
        "send": [{"capability": "x", "count": 10**9}],
    },
    "more capabilities than a plan has": {
        "do": "change_plan",
        "incident": "I",
        "agency": "PD",
        "send": [{"capability": str(n)} for n in range(11)],
    },
    "officers below nothing": {"do": "sign_on", "unit": "U1", "agency": "PD", "officers": -1},
    "a policy without authority": {"do": "adopt_policy", "policy": "p", "version": "1", "reason": "x"},
    "a standing that is none": {
        "do": "adopt_policy",
        "policy": "p",
        "version": "1",
        "authority": "a",
        "reason": "x",
        "standing": {"standing": "trust me"},
    },
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_what_is_no_command_is_refused_and_the_message_names_where(body: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        read(body)
    assert "$" in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [
        {"id": ""},
        {"id": 7},
        {"actor": {}},
        {"actor": {"person": "D1", "role": "king"}},
        {"actor": {"person": "", "role": "unit"}},
        {"at": 1.5},
        {"at": FARTHEST + 1},
        {"colour": "red"},
    ],
)
def test_the_envelope_of_a_command_is_read_as_strictly(more: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read({"do": "take_call"}, **more)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff", b'{"id":"x"}', b"{}" * 2])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode_command(data)


# -- the largest ------------------------------------------------------------------------------------------


WIDE = "\u0001" * 240
"""The longest word, of letters that take most room."""
LONG_ID = "\u0001" * 120
LONG_CODE = "D" * 120
"""Who signs has a staff code."""


def test_the_largest_of_everything_is_an_entry_that_can_be_read_back() -> None:
    """`Floor.record` reads each entry back; names of full length must not make a deadline unreadable."""
    floor = Floor()
    agency, unit = "a" * 120, "u" * 120
    floor.do(c.EnrolAgency(agency=agency, services=("police",)))
    floor.do(
        c.SignOn(
            unit=unit, agency=agency, capabilities=(WIDE,) * 20, members=(LONG_ID,) * 20, station=WIDE, crew=LONG_ID
        )
    )
    place = PlaceGiven(area=WIDE, district=WIDE, neighbourhood=WIDE, postal_code=WIDE, source=WIDE)
    actor = Actor(person=LONG_ID, role="supervisor", position=WIDE, agency=WIDE)
    needs = (NeedAsked(service="police", type=WIDE, asked_for=WIDE, priority=WIDE),) * 2
    facts = (FactGiven(name=LONG_ID, value=1, source=WIDE),) * 2
    floor.do(
        c.TakeCall(
            needs=needs,
            facts=facts,
            place=place,
            language=WIDE,
            line=WIDE,
            external=WIDE,
            open_incident=True,
            incident_external=WIDE,
        ),
        actor,
    )
    incident = list(floor.state.incidents)[-1]
    send = tuple(Requirement(capability=f"{n}{WIDE}"[:240], count=9) for n in range(10))
    floor.do(c.ChangePlan(incident=incident, agency=agency, send=send, reason=WIDE), actor)
    floor.do(c.ChangePlan(incident=incident, agency=agency, send=(), reason=WIDE), actor)
    floor.do(c.Recommend(incident=incident, agency=agency), actor)
    floor.do(c.Assign(incident=incident, units=(unit,)), actor)
    floor.do(c.ReportStamp(unit=unit, stamp="on_scene", hospital=WIDE), actor)
    floor.do(c.SignalEmergency(unit=unit), actor)
    floor.wait(10**5)
    standing = OverObjection(
        persons=(LONG_CODE,) * 10,
        reason=WIDE,
        objection=WIDE,
        ends_at=floor.now + 60 * 10**6,
        certificate=LONG_ID,
        failing=("x" * 240,) * 50,
    )
    floor.do(
        c.AdoptPolicy(
            policy=LONG_ID, version=LONG_ID, reads=("x" * 80,) * 300, authority=WIDE, reason=WIDE, standing=standing
        ),
        Actor(person=LONG_CODE, role="supervisor", position=WIDE, agency=WIDE),
    )
    floor.do(c.LocateCall(call="C000001", place=place), actor)
    floor.do(c.LocateCall(call="C000001", place=place), actor)
    floor.do(c.OfferHandOver(needs=("C000001-1",), to=LONG_ID, ground=LONG_ID), actor)
    floor.do(c.Settle(needs=("C000001-2",), outcome=NotReached(why=WIDE, by=WIDE)), actor)
    assert max(map(len, floor.log)) < 64 * 1024
    assert floor.now > START
    assert floor.replayed().encoded() == floor.state.encoded()


def test_a_private_value_shows_itself_nowhere() -> None:
    command = Command(id="x", actor=Actor(person="D1", role="dispatcher"), body=c.TakeCall(words=Private(value="Jane")))
    assert "Jane" not in repr(command)
