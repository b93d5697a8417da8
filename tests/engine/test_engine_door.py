"""The door: whatever bytes come, a call is taken, and everything else is read exactly or refused clearly."""

from __future__ import annotations

import json

import pytest
from engine_centres import MemoryCentre
from hypothesis import given, settings
from hypothesis import strategies as st

from everycall.core.actors import Actor
from everycall.core.calls import AnswerCall, TakeCall
from everycall.core.commands import Command
from everycall.core.refusals import Refusal
from everycall.core.sealed import Private
from everycall.engine.answers import Done
from everycall.engine.door import LARGEST, read_command
from everycall.engine.salvage import MALFORMED

ME = Actor(person="T7", role="call_taker", position="P1", agency="PD")


def read(data: bytes | str | dict[str, object]) -> Command | Refusal:
    if isinstance(data, dict):
        data = json.dumps(data)
    return read_command(data.encode() if isinstance(data, str) else data, ME, "fallback")


def taken(data: bytes | str | dict[str, object]) -> TakeCall:
    found = read(data)
    assert isinstance(found, Command)
    assert found.actor == ME
    assert isinstance(found.body, TakeCall)
    return found.body


def test_a_command_is_read_as_it_is() -> None:
    found = read({"id": "a1", "at": 5, "body": {"do": "answer_call", "call": "C000001"}})
    assert found == Command(id="a1", actor=ME, body=AnswerCall(call="C000001"), at=5)


@pytest.mark.parametrize(
    "actor",
    [
        {"person": "chief", "role": "duty_chief"},
        {"person": "system", "role": "system"},
        "chief",
        None,
        [],
        {"role": "nonsense"},
    ],
)
def test_who_acts_cannot_be_forged(actor: object) -> None:
    """Whatever the sender says of itself, it is who it is known to be; and saying nothing is no fault."""
    found = read({"id": "a1", "actor": actor, "body": {"do": "answer_call", "call": "C000001"}})
    assert isinstance(found, Command)
    assert found.actor == ME
    assert taken({"id": "a2", "actor": actor, "body": {"do": "take_call", "channel": "text"}}).channel == "text"


MALFORMED_CALLS: list[tuple[str, bytes]] = [
    ("cut off", b'{"id":"m","body":{"do":"take_call","channel":"te'),
    ("no JSON", b"take_call please come quick"),
    ("a word", b'"take_call"'),
    ("a list", b'["take_call"]'),
    ("body is text", b'{"id":"m","body":"take_call"}'),
    ("unknown field", b'{"id":"m","body":{"do":"take_call","colour":"red"}}'),
    ("unknown channel", b'{"id":"m","body":{"do":"take_call","channel":"smoke"}}'),
    ("time as text", b'{"id":"m","body":{"do":"take_call","received_at":"noon"}}'),
    ("time too far", b'{"id":"m","body":{"do":"take_call","received_at":99999999999999999999}}'),
    ("a float", b'{"id":"m","body":{"do":"take_call","received_at":1.5}}'),
    ("wrong time of the command", b'{"id":"m","at":"now","body":{"do":"take_call"}}'),
    ("id as number", b'{"id":7,"body":{"do":"take_call"}}'),
    ("id too long", b'{"id":"' + b"x" * 300 + b'","body":{"do":"take_call"}}'),
    ("empty id", b'{"id":"","body":{"do":"take_call"}}'),
    ("two bodies", b'{"id":"m","body":{"do":"take_call"}}{"id":"n"}'),
    ("not UTF-8", b'{"id":"m","body":{"do":"take_call","language":"\xff\xfe"}}'),
    ("half a surrogate", b'{"id":"m","body":{"do":"take_call","language":"\\ud800"}}'),
    ("UTF-16", '{"id":"m","body":{"do":"take_call"}}'.encode("utf-16")),
    ("deep", b'{"id":"m","body":{"do":"take_call","place":' + b"[" * 5_000 + b"]" * 5_000 + b"}}"),
    (
        "large",
        b'{"id":"m","body":{"words":{"is":"private","value":"' + b"w" * LARGEST + b'"},"do":"take_call"}}',
    ),
    (
        "a seal from outside",
        b'{"id":"m","body":{"do":"take_call","words":{"is":"sealed","reference":"r","commitment":"c"}}}',
    ),
]


@pytest.mark.parametrize(("name", "data"), MALFORMED_CALLS, ids=[name for name, _ in MALFORMED_CALLS])
def test_what_was_meant_to_take_a_call_takes_one_whatever_it_looks_like(name: str, data: bytes) -> None:
    del name
    body = taken(data)
    assert isinstance(body.words, Private)
    assert any(fact.name == MALFORMED for fact in body.facts)
    centre = MemoryCentre()
    command = read(data)
    assert isinstance(command, Command)
    answer = centre.engine.handle(command)
    assert isinstance(answer, Done)
    assert centre.engine.handle(command) == answer


def test_what_can_be_read_of_a_malformed_call_is_kept_in_its_fields() -> None:
    body = taken(
        {
            "id": "m9",
            "at": 77,
            "body": {
                "do": "take_call",
                "channel": "emergency_voice",
                "place": {"area": "North", "exact": {"is": "private", "value": "12 Elm"}},
                "needs": [{"service": "ems"}],
                "unsafe_to_ring": True,
                "facts": [{"name": "weapon", "value": True}],
                "language": 7,
                "colour": "red",
            },
        }
    )
    assert (body.channel, body.needs[0].service, body.unsafe_to_ring) == ("emergency_voice", "ems", True)
    assert body.place is not None
    assert isinstance(body.place.exact, Private)
    assert body.language is None
    assert [fact.name for fact in body.facts] == ["weapon", MALFORMED]
    assert isinstance(body.words, Private)
    assert "colour" in body.words.value
    command = read({"id": "m9", "at": 77, "body": {"do": "take_call", "colour": 1}})
    assert isinstance(command, Command)
    assert (command.id, command.at) == ("m9", 77), "so that a retry is known"


def test_a_call_without_an_id_is_taken_whole_under_the_fallback() -> None:
    command = read({"body": {"do": "take_call", "channel": "alarm"}})
    assert command == Command(id="fallback", actor=ME, body=TakeCall(channel="alarm"))


REFUSED: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("no JSON", b"please close it"),
    ("not UTF-8", b"\xff\xff"),
    ("a number", b"7"),
    ("no body", b'{"id":"a"}'),
    ("no id", b'{"body":{"do":"answer_call","call":"C000001"}}'),
    ("an id that cannot be printed", b'{"id":"a\\nb","body":{"do":"answer_call","call":"C000001"}}'),
    ("unknown command", b'{"id":"a","body":{"do":"forget_call","call":"C000001"}}'),
    ("no call named", b'{"id":"a","body":{"do":"answer_call"}}'),
    ("empty call", b'{"id":"a","body":{"do":"answer_call","call":""}}'),
    ("a field too many", b'{"id":"a","body":{"do":"answer_call","call":"C000001","why":"x"}}'),
    ("a field too many outside", b'{"id":"a","sudo":true,"body":{"do":"answer_call","call":"C000001"}}'),
    ("wrong type", b'{"id":"a","body":{"do":"answer_call","call":1}}'),
    ("time as text", b'{"id":"a","at":"9:00","body":{"do":"answer_call","call":"C000001"}}'),
    ("time too far", b'{"id":"a","at":9007199254740993,"body":{"do":"answer_call","call":"C000001"}}'),
    ("large", b'{"id":"a","body":{"do":"answer_call","call":"' + b"C" * LARGEST + b'"}}'),
    ("deep", b"[" * 100_000),
    ("outcome without its kind", b'{"id":"a","body":{"do":"settle","needs":["C000001-1"],"outcome":{}}}'),
    (
        "a seal from outside",
        b'{"id":"a","body":{"do":"add_note","about":"C000001","text":'
        b'{"is":"sealed","reference":"r","commitment":"c"}}}',
    ),
]


@pytest.mark.parametrize(("name", "data"), REFUSED, ids=[name for name, _ in REFUSED])
def test_anything_else_that_is_malformed_is_refused_with_what_to_do(name: str, data: bytes) -> None:
    del name
    found = read(data)
    assert isinstance(found, Refusal)
    assert found.code == "malformed"
    assert len(found.because) > 30
    assert "take_call" in found.instead


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400), call=st.booleans())
def test_no_bytes_make_the_door_fail(data: bytes, *, call: bool) -> None:
    found = read(data + b"take_call" if call else data)
    assert isinstance(found, Command if call else (Command, Refusal))


PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    fields=st.dictionaries(st.sampled_from(TakeCall.__struct_fields__), PARTS, max_size=5),
    rest=st.dictionaries(st.sampled_from(["id", "at", "actor", "more"]), PARTS, max_size=3),
)
def test_no_fields_make_a_call_be_refused(fields: dict[str, object], rest: dict[str, object]) -> None:
    data = {"id": "f", **rest, "body": {**fields, "do": "take_call"}}
    body = taken(data)
    assert isinstance(body, TakeCall)
    centre = MemoryCentre()
    command = read(data)
    assert isinstance(command, Command)
    assert isinstance(centre.engine.handle(command), Done)
