"""The bytes of each event version stay readable for ever, and what is no event is refused with one error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from golden_entries import EVENTS, examples_of, tag_of
from make_golden import GOLDEN

from everycall.core.events import UPCASTS, VERSION, UnreadableEventError, Upcast, decode_event, encode_event

if TYPE_CHECKING:
    from pathlib import Path

    from everycall.core.event import Event

NOW = GOLDEN / f"v{VERSION}"
REMEDY = "a changed event takes a new version and an upcast, or before a release tests/core/make_golden.py"
FILES = sorted(GOLDEN.glob("v*/*.jsonl"))
DEADLINE = {"entity": "deadline", "subject": "x", "due": 1}
ENTRY = (GOLDEN / "v1" / "alarm_raised.jsonl").read_bytes().splitlines()[0]


def entries(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(ENTRY), **fields}).encode()


def with_body(**fields: Any) -> bytes:
    return changed(body={**json.loads(ENTRY)["body"], **fields})


def without(field: str) -> bytes:
    return json.dumps({name: value for name, value in json.loads(ENTRY).items() if name != field}).encode()


@pytest.mark.parametrize("event", EVENTS, ids=tag_of)
def test_bytes_written_today_are_the_golden_ones(event: type[Event]) -> None:
    assert examples_of(event) == entries(NOW / f"{tag_of(event)}.jsonl"), REMEDY


def test_every_event_has_a_file_and_every_file_an_event() -> None:
    assert {tag_of(event) for event in EVENTS} == {file.stem for file in NOW.iterdir()}, REMEDY


def test_every_version_up_to_now_is_kept() -> None:
    assert {folder.name for folder in GOLDEN.glob("v*")} == {f"v{number}" for number in range(1, VERSION + 1)}


@pytest.mark.parametrize("event", EVENTS, ids=tag_of)
def test_an_example_shows_every_field_of_its_event(event: type[Event]) -> None:
    shown: set[str] = set()
    for data in entries(NOW / f"{tag_of(event)}.jsonl"):
        shown |= set(json.loads(data)["body"])
    assert shown == {"event", *event.__struct_fields__}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_old_bytes_are_read_and_the_newest_are_written_again_as_they_were(file: Path) -> None:
    for data in entries(file):
        read = decode_event(data)
        assert read.version == VERSION
        if file.parent == NOW:
            assert tag_of(type(read.body)) == file.stem
            assert encode_event(read) == data


def test_an_entry_holds_integers_and_text_only() -> None:
    def look(value: object) -> None:
        assert not isinstance(value, float)
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            look(part)

    for file in FILES:
        for data in entries(file):
            look(json.loads(data))


UNREADABLE = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "garbage": b"\x00\xff\x93garbage",
    "text": b"hello",
    "no JSON, well begun": b'{"version":1,',
    "two entries": ENTRY + ENTRY,
    "something after it": ENTRY + b"x",
    "an empty object": b"{}",
    "a newer version": changed(version=VERSION + 1),
    "a much newer version": changed(version=10**30),
    "version 0": changed(version=0),
    "a version below zero": changed(version=-1),
    "a version in words": changed(version="1"),
    "a version that is true": changed(version=True),
    "a version with a point": ENTRY.replace(b'"version":1', b'"version":1.0'),
    "no version": without("version"),
    "no centre": without("centre"),
    "no actor": without("actor"),
    "no body": without("body"),
    "an unknown field in the envelope": changed(more=1),
    "a field of another case": changed(Version=1),
    "a centre without a name": changed(centre=""),
    "an instant with a point": changed(occurred_at=1.5),
    "an instant in words": changed(recorded_at="2026-05-01T00:00:00Z"),
    "an instant after the last": changed(recorded_at=2**53 + 1),
    "an instant that is not there": changed(occurred_at=None),
    "an actor without a role": changed(actor={"person": "D-114"}),
    "a role that is none": changed(actor={"person": "D-114", "role": "emperor"}),
    "a body that is a list": changed(body=[]),
    "a body that is null": changed(body=None),
    "a body without its type": changed(body={"incident": "2026-000004"}),
    "an event that is none": with_body(event="alarm_dropped"),
    "an event in the words of the code": with_body(event="AlarmRaised"),
    "an unknown field in the body": with_body(colour="red"),
    "a level in words": with_body(level="3"),
    "a level out of its bounds": with_body(level=21),
    "an id without a letter": with_body(incident=""),
    "an id that is too long": with_body(incident="9" * 121),
    "a deadline of no kind": with_body(sets=[{"entity": "deadline", "kind": "lunch", "subject": "x", "due": 1}]),
    "a deadline without its kind": with_body(sets=[DEADLINE]),
    "an ending that is no list": with_body(ends="alarm:1"),
    "bytes that are no UTF-8": changed(centre="?").replace(b'"?"', b'"\xff"'),
    "an unknown field in bytes that are no UTF-8": ENTRY[:-1] + b',"\xff":1}',
    "lists within lists without end": ENTRY[:-1] + b',"x":' + b"[" * 60_000,
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableEventError):
        decode_event(data)


def test_an_entry_cut_short_anywhere_is_refused() -> None:
    for length in range(len(ENTRY)):
        with pytest.raises(UnreadableEventError):
            decode_event(ENTRY[:length])


def test_a_newer_version_says_what_to_do() -> None:
    with pytest.raises(UnreadableEventError, match=f"version {VERSION + 1}.*Read it with a newer Everycall"):
        decode_event(changed(version=VERSION + 1))


def test_a_newer_version_is_named_even_where_its_shape_is_unknown() -> None:
    with pytest.raises(UnreadableEventError, match="newer Everycall"):
        decode_event(changed(version=VERSION + 1, body={"event": "not_thought_of_yet"}, more=[1]))


def _level_was_called_alarm(body: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in body.items() if name != "alarm"}, "level": body["alarm"]}


def _alarm_counts_from_one(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "alarm": body["alarm"] + 1}


def old_entry(version: int) -> bytes:
    entry = json.loads(ENTRY)
    body = {name: value for name, value in entry["body"].items() if name != "level"}
    return json.dumps({**entry, "version": version, "body": {**body, "alarm": 2}}).encode()


def test_an_old_entry_is_brought_up_to_date_step_by_step() -> None:
    steps: dict[int, Upcast] = {1: _alarm_counts_from_one, 2: _level_was_called_alarm}
    read = decode_event(old_entry(1), upcasts=steps, version=3)
    assert (read.version, msgspec.to_builtins(read.body)["level"]) == (3, 3)
    read = decode_event(old_entry(2), upcasts=steps, version=3)
    assert (read.version, msgspec.to_builtins(read.body)["level"]) == (3, 2)


@pytest.mark.parametrize("steps", [{}, {1: _alarm_counts_from_one}, {2: _level_was_called_alarm}])
def test_a_missing_step_is_refused(steps: dict[int, Upcast]) -> None:
    with pytest.raises(UnreadableEventError, match="no way from event version"):
        decode_event(old_entry(1), upcasts=steps, version=3)


def test_a_step_that_does_not_lead_to_an_event_is_refused() -> None:
    with pytest.raises(UnreadableEventError, match="cannot be brought up to date"):
        decode_event(old_entry(1), upcasts={1: _alarm_counts_from_one}, version=2)


@pytest.mark.parametrize("data", [b'{"version":1}', b'{"version":1,"body":7}', ENTRY])
def test_an_old_entry_that_a_step_cannot_read_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableEventError):
        decode_event(data, upcasts={1: _level_was_called_alarm}, version=2)


def test_there_is_a_step_from_every_version_before_this_one() -> None:
    assert set(UPCASTS) == set(range(1, VERSION))
