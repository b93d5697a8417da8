"""The verb `show`: the story of one incident or call of a record.

Returns 0 when the story was shown, 1 when the record knows no such incident, 2 when the record or the zone
cannot be used.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from rich.text import Text

from everycall.centre.story import tell
from everycall.centre.story_find import NothingFoundError, gathered, subjects_of
from everycall.centre.story_view import WIDTH, show_story
from everycall.core.events import UnreadableEventError
from everycall.record import RecordError, SqliteRecord
from everycall.terminal import Terminal, errors, json_text, printer, visible

if TYPE_CHECKING:
    from everycall.centre.story_parts import Story


class ZoneError(ValueError):
    """A time zone that this machine does not know."""


def show(record: Path, incident: str, /, *, zone: str | None = None, json: bool = False) -> int:
    """Show the story of one incident, stamp by stamp: what happened, who did it and why.

    Personal values stay sealed; what was struck or corrected stays readable, struck through.

    Args:
        record: The record's file.
        incident: An incident (2026-000001), a call (C000001), or the number that another system gave it.
        zone: The time zone to show times in, such as America/Chicago. Without it the record's own, else UTC.
        json: Print the story as JSON, with times in microseconds UTC.
    """
    try:
        with SqliteRecord.open(record, read_only=True) as opened:
            story, used = story_in(opened, incident, zone)
    except NothingFoundError as error:
        errors().print(Text(visible(str(error))))
        return 1
    except (RecordError, ZoneError, UnreadableEventError) as error:
        errors().print(Text("error: ", style="red") + Text(visible(str(error))))
        return 2
    if json:
        sys.stdout.write(json_text(msgspec.json.encode(story)) + "\n")
        return 0
    show_story(story, console_for(), used)
    return 0


def console_for() -> Terminal:
    """The terminal, or, where the output is piped, plain text of a width that can be read."""
    console = printer()
    return console if console.is_terminal else Terminal(highlight=False, emoji=False, width=WIDTH)


def story_in(record: SqliteRecord, asked: str, zone: str | None = None) -> tuple[Story, ZoneInfo]:
    """The story of one number in an open record, and the zone of its times.

    Raises:
        NothingFoundError: The record has no incident or call of that number.
        ZoneError: The zone is not known here.
        RecordError: The record cannot be read.
        UnreadableEventError: A newer program wrote into it.
    """
    name = zone or record.facts.get("zone") or "UTC"
    try:
        found = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ZoneError(
            f"The time zone {name!r} is not known here: name one such as America/Chicago or UTC."
        ) from error
    subjects, also = subjects_of(record, asked)
    envelopes, _ = gathered(record, subjects)
    return tell(envelopes, asked, subjects, zone=found, zone_name=name, also=also), found
