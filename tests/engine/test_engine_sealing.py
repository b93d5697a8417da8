"""No personal value enters an event (rule 11), and each opens again through the record's sealer."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, get_args

import hostile
import msgspec
import pytest
from engine_centres import MemoryCentre, RecordCentre, check, command, envelopes, take

from everycall.core.calls import AddNeed, LocateCall, TakeCall, UpdateCall
from everycall.core.commands import AnyCommand, Command
from everycall.core.facts import FactGiven
from everycall.core.needs import NeedAsked
from everycall.core.places import PlaceGiven
from everycall.core.sealed import Private, Sealed
from everycall.engine.answers import Done
from everycall.engine.door import read_command
from everycall.engine.sealing import holds_sealed, sealed_command

if TYPE_CHECKING:
    from everycall.core.actors import Actor

SECRET = "CANARY Jane Roe +1 555 0100"
PRIVATE = Private(value=SECRET)
EXACT = PlaceGiven(latitude_e7=449_778_123, longitude_e7=-932_650_456)

CARRIERS: list[AnyCommand] = [
    TakeCall(words=PRIVATE),
    TakeCall(needs=(NeedAsked(words=PRIVATE), NeedAsked(words=Private(value=SECRET, searchable=True)))),
    TakeCall(place=PlaceGiven(exact=PRIVATE)),
    TakeCall(facts=(FactGiven(name="caller.name", value=SECRET),)),
    TakeCall(facts=(FactGiven(name="caller.name", value=PRIVATE),)),
    TakeCall(facts=(FactGiven(name="patient.age_words", value=SECRET), FactGiven(name="odd", value=SECRET))),
    TakeCall(facts=(FactGiven(name="caller.employer", value=SECRET),)),
    TakeCall(facts=(FactGiven(name="group.beat", value="612-555-0100 CANARY"),)),
    UpdateCall(call="C000001", words=PRIVATE, facts=(FactGiven(name="person.plate", value=SECRET),)),
    LocateCall(call="C000001", place=PlaceGiven(exact=PRIVATE)),
    AddNeed(call="C000001", need=NeedAsked(words=PRIVATE)),
]


def stored(centre: RecordCentre) -> bytes:
    centre.entries()
    return b"".join(path.read_bytes() for path in centre.path.parent.iterdir() if path.is_file())


def references(value: object) -> list[Sealed]:
    """All sealed values in what an event holds."""
    if isinstance(value, Sealed):
        return [value]
    if isinstance(value, (tuple, list)):
        return [found for item in value for found in references(item)]
    if isinstance(value, dict):
        return [found for item in value.values() for found in references(item)]
    if isinstance(value, msgspec.Struct):
        return [found for name in value.__struct_fields__ for found in references(getattr(value, name))]
    return []


@pytest.mark.parametrize("body", CARRIERS, ids=[str(number) for number in range(len(CARRIERS))])
def test_a_personal_value_is_sealed_wherever_it_stands_and_opens_again(
    on_record: RecordCentre, body: AnyCommand
) -> None:
    take(on_record)
    assert isinstance(on_record.engine.handle(command(body)), Done)
    assert b"CANARY" not in stored(on_record), "not in the events, not in the tags, nowhere in the file"
    sealer = on_record.embedded.record.sealer()
    seals = [sealed for envelope in envelopes(on_record) for sealed in references(envelope.body)]
    assert seals
    for sealed in seals:
        row = on_record.embedded.record.seal_row(sealed.reference)
        assert row is not None
        assert "CANARY" in sealer.open(row, sealed.commitment)


def test_every_command_that_can_carry_a_personal_value_is_sealed_in_every_such_field() -> None:
    """By the declared types, so that a field that is added later is covered without a line here."""
    seals = MemoryCentre().engine._seals
    rng = random.Random(3)
    state = MemoryCentre().engine.state
    seen: set[str] = set()
    for _ in range(4_000):
        group = rng.choice(sorted(hostile.GROUPS))
        actor, body, at = hostile.command(rng, state, 0, group)
        sent = Command(id="x", actor=actor, body=body, at=at)
        plain = msgspec.json.encode(sent)
        sealed, rows = sealed_command(sent, seals)
        assert b"CANARY" not in msgspec.json.encode(sealed), type(body).__name__
        assert bool(rows) == holds_sealed(sealed.body)
        if b"CANARY" in plain:
            seen.add(type(body).__name__)
    carrying = {kind.__name__ for kind in get_args(AnyCommand) if "Private" in str(msgspec.inspect.type_info(kind))}
    assert carrying - seen == set(), "the hostile stream fills every one of them"


def test_an_exact_position_is_sealed_and_the_coarse_one_stays(on_record: RecordCentre) -> None:
    take(on_record, place=EXACT)
    place = on_record.engine.state.calls["C000001"].place
    assert place is not None
    assert (place.latitude_e7, place.longitude_e7) == (449_780_000, -932_650_000)
    assert b"449778123" not in stored(on_record)
    assert b"932650456" not in stored(on_record)
    assert place.exact is not None
    row = on_record.embedded.record.seal_row(place.exact.reference)
    assert row is not None
    opened = on_record.embedded.record.sealer().open(row, place.exact.commitment)
    assert opened == "449778123 -932650456"


def test_an_address_and_an_exact_position_are_both_kept(on_record: RecordCentre) -> None:
    take(on_record, place=msgspec.structs.replace(EXACT, exact=Private(value="12 Elm Street")))
    place = on_record.engine.state.calls["C000001"].place
    assert place is not None
    assert place.exact is not None
    row = on_record.embedded.record.seal_row(place.exact.reference)
    assert row is not None
    opened = on_record.embedded.record.sealer().open(row, place.exact.commitment)
    assert opened == "12 Elm Street [449778123 -932650456]"


def test_equal_values_have_equal_tokens_only_where_search_was_asked_for(on_record: RecordCentre) -> None:
    phone = Private(value="+1 (612) 555-0100", searchable=True)
    take(on_record, facts=(FactGiven(name="caller.number", value=phone),))
    take(
        on_record,
        facts=(FactGiven(name="caller.number", value=Private(value="16125550100", searchable=True)),),
    )
    take(on_record, facts=(FactGiven(name="caller.number", value=Private(value="16125550100")),))
    tokens = [
        call.facts[0].value.token
        for call in on_record.engine.state.calls.values()
        if isinstance(call.facts[0].value, Sealed)
    ]
    assert tokens[0] == tokens[1] is not None
    assert tokens[2] is None


@pytest.mark.parametrize(
    "data",
    [
        b'{"do":"take_call" CANARY Jane Roe',
        b'{"id":"m1","body":{"do":"take_call","channel":"smoke","words":"CANARY Jane Roe"}}',
        b'{"id":"m2","body":{"do":"take_call","place":{"exact":"CANARY 12 Elm"}}}',
        b'{"id":"m3","body":{"do":"take_call","facts":[{"name":"caller.name","value":["CANARY"]}]}}',
        b'{"id":"m4","body":{"do":"take_call","words":{"is":"sealed","reference":"CANARY","commitment":"c"}}}',
        b'{"body":{"do":"take_call","facts":[{"name":"a","value":%s}]}}'
        % b'{"is":"sealed","reference":"CANARY","commitment":"c"}',
        b'{"id":"CANARY\\n","actor":"CANARY","body":{"do":"take_call"},"note":"CANARY"}',
        '{"id":"m6","body":{"do":"take_call"},"CANARY":1}'.encode("utf-16-le"),
        b"\xff\xfe take_call CANARY \x00",
    ],
)
def test_a_malformed_call_holds_its_words_sealed_and_nothing_in_clear(on_record: RecordCentre, data: bytes) -> None:
    actor: Actor = command(TakeCall()).actor
    read = read_command(data, actor, "fallback-1")
    assert isinstance(read, Command)
    assert isinstance(on_record.engine.handle(read), Done)
    assert b"CANARY" not in stored(on_record)
    assert b"C\x00A\x00N\x00A\x00R\x00Y" not in stored(on_record)
    check(on_record)
