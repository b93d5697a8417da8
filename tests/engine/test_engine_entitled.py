"""Only an importer rebuilds calls: nobody else can slip past evidence and deadlines by saying so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine_centres import command
from msgspec.structs import replace

from everycall.core.actors import Actor
from everycall.core.calls import TakeCall
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import NotRecorded, Responded
from everycall.core.refusals import Refusal
from everycall.core.settling import Settle
from everycall.engine.answers import Done

if TYPE_CHECKING:
    from engine_centres import CentreUnderTest

CALL_TAKER = Actor(person="T1", role="call_taker")
SHOOTING = TakeCall(
    channel="emergency_voice",
    needs=(NeedAsked(service="police", type="shooting", priority="1"),),
    reconstructed=True,
)


def test_a_call_taker_who_calls_a_call_rebuilt_takes_an_ordinary_one(centre: CentreUnderTest) -> None:
    assert isinstance(centre.engine.handle(replace(command(SHOOTING), actor=CALL_TAKER)), Done)
    assert not centre.engine.state.needs["C000001-1"].reconstructed
    assert "find_out:C000001" in centre.engine.state.deadlines
    for outcome in (NotRecorded(), Responded(export="because I say so")):
        answer = centre.engine.handle(command(Settle(needs=("C000001-1",), outcome=outcome)))
        assert isinstance(answer, Refusal), answer


def test_an_importer_rebuilds_calls(centre: CentreUnderTest) -> None:
    importer = Actor(person="importer", role="importer")
    assert isinstance(centre.engine.handle(replace(command(SHOOTING), actor=importer)), Done)
    assert centre.engine.state.needs["C000001-1"].reconstructed


def test_an_agency_with_the_longest_name_can_be_read_back(centre: CentreUnderTest) -> None:
    opened = TakeCall(needs=(NeedAsked(service="ems"),), open_incident=True, agency="a" * 120)
    assert isinstance(centre.engine.handle(command(opened)), Done)
    assert len(list(centre.engine.state.deadlines)) > 0
