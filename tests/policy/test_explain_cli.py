"""`everycall policy explain`: the call that somebody writes, and what is said of it."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from everycall.policy.call_text import CallError, read_call
from everycall.policy.explain_cli import explain
from everycall.policy.text import read_policy

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"""
everycall_policy: 1
version: rivermouth-2027-01
title: Who gets what help
author: Office of the Chief
authority: City Code 3.20.030
reason: First written rules.
time_zone: America/Los_Angeles
attributes:
  type: {kind: choice, values: [robbery, theft], source: call_taker, unknown: triage}
  weapon: {kind: yes_no, source: call_taker, danger: true, unknown: no_less_than_absence}
  patients: {kind: number, from: 0, to: 20, unit: persons, source: caller, danger: true, unknown: no_less_than_absence}
  hazards:
    {kind: several, values: [chemicals, power_lines], source: caller, danger: true, unknown: no_less_than_absence}
zones:
  central: {service_area: true, premises: 8200, source: city map}
  federal_building: {inside: central, premises: 1, source: parcel map}
ladders:
  standard: [{tell: dispatcher, after: 0 s}, {tell: supervisor, after: 2 min}, {tell: duty_chief, after: 10 min}]
grants:
  later: {act: hold, roles: [dispatcher], grounds: [caller_asks_for_later], within: 1 h, ladder: standard}
plans:
  two: {priority: 1, send: {police: 2}, dispatch_within: 60 s, arrive_within: 8 min, ladder: standard, may: []}
  report: {priority: 4, send: {police: 1}, dispatch_within: 30 min, ladder: standard, may: [later]}
rules:
  - rule: robbery
    when: {service: police, type: robbery}
    plan: two
    because: The table of the state
  - rule: night_theft
    when: {type: theft, time: {during: [22:00, 06:00]}, weapon: {is: unknown}}
    plan: report
    because: Nobody is there at night
add:
  - rule: armed
    when: {weapon: yes}
    add: {priority: 1, forbid: [hold]}
    because: A weapon is danger
triage: {plan: {as: two, find_out_within: 2 min}, floor: {priority: 2, dispatch_within: 2 min, find_out_within: 2 min}}
default: {plan: report}
floor: {answer_within: 15 s, acknowledge_within: 60 s, call_back_within: 60 s, find_out_within: 2 min,
  hand_over_within: 3 min, hand_over_arrival_within: 30 min, welfare_every: 15 min, outcome_within: 30 min,
  review_within: 3 d, retire_after: 1 d, ladder: standard}
"""
POLICY = read_policy(TEXT)
NIGHT = b'"received_at": "2027-01-03T22:10:00-08:00"'


def call(more: bytes = b"", when: bytes = NIGHT) -> bytes:
    return b'{"service": "police", "type": "theft", ' + when + more + b"}"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "policy.yaml").write_bytes(TEXT)
    (tmp_path / "call.json").write_bytes(call())
    return tmp_path / "policy.yaml", tmp_path / "call.json"


def test_the_terminal_says_which_rule_and_why(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(*files) == 0
    said = capsys.readouterr().out
    for line in (
        "Rule night_theft decides (line 30).",
        "Nobody is there at night",
        "✓ time from 22:00 to 06:00: time is 22:10",
        "a dispatcher may hold this back on the ground caller_asks_for_later for 1 h",
        "nobody may hand this over or decline this",
        "if weapon were yes: rule default raised by armed; priority 4 → 1; nobody may hold this back",
        f"rivermouth-2027-01, SHA-256 {POLICY.hash}",
    ):
        assert line in said


def test_the_same_as_json(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(*files, json=True) == 0
    told = msgspec.json.decode(capsys.readouterr().out)
    assert told["decided"]["rule"] == "night_theft"
    assert told["plan"]["dispatch_within"] == 1800
    assert {known["variable"] for known in told["if_known"]} == {"weapon"}


def test_a_call_can_come_from_the_input(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path  # noqa: PLC0415 -- elsewhere it is a type alone

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(call(b', "facts": {"weapon": true}'))))
    assert explain(files[0], Path("-")) == 0
    said = capsys.readouterr().out
    assert "Rule armed raises it (line " in said
    assert "nobody may hold this back: forbidden by rule armed" in said
    assert "night_theft (line 30), comes first: it would decide: lacks weapon is unknown (here weapon is yes)" in said


def test_what_cannot_be_read_is_told_with_what_to_do(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(files[0], tmp_path / "missing.json") == 2
    assert "Name a file that can be read." in capsys.readouterr().err
    assert explain(files[1], files[1]) == 2
    assert "Remedy:" in capsys.readouterr().err
    files[1].write_bytes(b"{")
    assert explain(*files) == 2
    assert "no JSON" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "known"),
    [
        (b"", {}),
        (b', "facts": {"weapon": true}', {"weapon": True}),
        (b', "facts": {"weapon": "yes", "patients": 20}', {"weapon": True, "patients": 20}),
        (b', "facts": {"weapon": "no", "hazards.chemicals": "yes"}', {"weapon": False, "hazards.chemicals": True}),
        (b', "facts": {"weapon": "unknown", "patients": null, "hazards.chemicals": "unknown"}', {}),
        (b', "facts": {"zone.federal_building": true, "zone.central": true}', {
            "zone.federal_building": True, "zone.central": True}),
    ],
)  # fmt: skip
def test_what_is_told_is_known_and_the_rest_is_unknown(more: bytes, known: dict[str, object]) -> None:
    always = {"service": "police", "type": "theft", "time.of_day": 1330, "time.weekday": "sunday"}
    assert read_call(POLICY, call(more)) == always | known


def test_service_and_type_may_be_left_out_or_unknown() -> None:
    assert read_call(POLICY, b'{"time": "22:10", "type": "unknown", "service": null}') == {"time.of_day": 1330}
    told = read_call(POLICY, b'{"time": "00:00", "weekday": "monday"}')
    assert told == {"time.of_day": 0, "time.weekday": "monday"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "no JSON"),
        (b"\xff", "UTF-8"),
        (b"[]", "no JSON object"),
        (b"3", "no JSON object"),
        (b"[" * 100_000, "nested too deep"),
        (b" " * ((1 << 20) + 1), "longer than any call"),
        (b'{"time": "22:10", "time": "22:11"}', "'time' is given twice."),
        (call(b', "facts": {"patients": NaN}'), "NaN is no number of a call."),
        (call(b', "facts": {"patients": ' + b"9" * 5000 + b"}"), "Give each value once"),
        (call(b', "fact": {}'), "A call has no 'fact'. Did you mean 'facts'?"),
        (call(b', "facts": []'), '"facts" is no object'),
        (call(b', "facts": {"weapn": true}'), "The policy declares no 'weapn'. Did you mean 'weapon'?"),
        (call(b', "facts": {"zone.centrl": true}'), "Did you mean 'zone.central'?"),
        (call(b', "facts": {"hazards": "chemicals"}'), "Write any of: hazards.chemicals, hazards.power_lines."),
        (call(b', "facts": {"type": "theft"}'), "'type' stands beside the facts"),
        (call(b', "facts": {"time.of_day": 3}'), "'time.of_day' is no fact."),
        (call(b', "facts": {"weapon": 1}'), "weapon is yes, no or unknown, and not 1."),
        (call(b', "facts": {"weapon": "maybe"}'), "weapon is yes, no or unknown, and not 'maybe'."),
        (call(b', "facts": {"weapon": []}'), "weapon is yes, no or unknown, and not []."),
        (call(b', "facts": {"patients": 21}'), "patients is a whole number from 0 to 20, and not 21."),
        (call(b', "facts": {"patients": -1}'), "patients is a whole number from 0 to 20, and not -1."),
        (call(b', "facts": {"patients": "3"}'), "patients is a whole number from 0 to 20, and not '3'."),
        (call(b', "facts": {"patients": 1.5}'), "patients is a whole number from 0 to 20, and not 1.5."),
        (call(b', "facts": {"patients": true}'), "patients is a whole number from 0 to 20, and not true."),
        (b'{"time": "22:10", "type": "robery"}', "type has no value 'robery'. Did you mean 'robbery'?"),
        (b'{"time": "22:10", "type": 3}', "type has no value 3."),
        (b'{"time": "22:10", "service": "polce"}', "service has no value 'polce'. Did you mean 'police'?"),
        (call(b', "facts": {"zone.federal_building": true, "zone.central": "no"}'), "No place is like that"),
        (b'{"type": "theft"}', 'The rules ask for the time. Give "received_at", or "time".'),
        (b'{"time": "24:00"}', '"time" is no time of the day'),
        (b'{"time": "7:00"}', '"time" is no time of the day'),
        (b'{"time": 1330}', '"time" is no time of the day'),
        (b'{"time": "22:10", "weekday": "sonday"}', "Did you mean 'sunday'?"),
        (b'{"time": "22:10", "weekday": 7}', '"weekday" is no day'),
        (b'{"received_at": "2027-01-03T22:10:00"}', '"received_at" is no instant with its offset'),
        (b'{"received_at": "yesterday"}', '"received_at" is no instant with its offset'),
        (b'{"received_at": 1}', '"received_at" is no instant with its offset'),
        (call(b', "time": "22:10"'), "Leave out one or the other."),
    ],
)
def test_what_is_no_call_of_this_policy_is_refused_with_the_remedy(text: bytes, said: str) -> None:
    with pytest.raises(CallError) as caught:
        read_call(POLICY, text)
    assert said in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(CallError) as caught:
        read_call(POLICY, b'{"tipe": 1, "service": "x", "facts": {"weapon": 3, "y": 1}}')
    assert len(caught.value.problems) == 5
