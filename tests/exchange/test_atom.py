"""Portland's Atom feed: calls in progress."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from everycall.exchange.calls_table import validate
from everycall.exchange.errors import DamagedFileError, EmptyTableError
from everycall.exchange.imported import read_export

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = """<entry><id>tag:x,2020-01-01:cad/ZZ1</id><category label="ALARM &amp; FIRE" term="A"/>
<published>2020-01-01T10:00:00.0-08:00</published><updated>2020-01-01T10:05:00.0-08:00</updated>
<georss:point>45.5 -122.75</georss:point>
<content type="html">&lt;dl&gt;&lt;dt&gt;ID:&lt;/dt&gt;&lt;dd&gt;ZZ1&lt;/dd&gt;
&lt;dt&gt;Call Type:&lt;/dt&gt;&lt;dd&gt;ALARM &amp;amp; FIRE&lt;/dd&gt;
&lt;dt&gt;Agency:&lt;/dt&gt;&lt;dd&gt;Portland Fire&lt;/dd&gt;&lt;/dl&gt;</content></entry>"""


def feed(folder: Path, *entries: str, head: str = "") -> Path:
    path = folder / "feed.xml"
    path.write_text(
        f'<?xml version="1.0"?>{head}<feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:georss="http://www.georss.org/georss">{"".join(entries)}</feed>'
    )
    return path


def test_an_entry_is_a_call_that_is_open(tmp_path: Path) -> None:
    imported = read_export(
        feed(tmp_path, ENTRY, "<entry><id>tag:x/ZZ2</id><published>2020-01-01T10:00:00Z</published></entry>")
    )
    validate(imported.calls)
    call = imported.calls.row(0, named=True)
    assert call["call"] == "ZZ1"
    assert call["received_at"] == datetime(2020, 1, 1, 18, tzinfo=UTC)
    assert (call["outcome"], call["audit_code"], call["apco_code"]) == (None, "open", None)
    assert call["last_type"] == "ALARM & FIRE"
    assert call["service"] == "fire"
    assert call["latitude_e7"] == 455_000_000
    assert imported.calls["call"].to_list() == ["ZZ1", "ZZ2"]
    assert imported.quality.outcomes == {"open": 2}
    assert imported.assignments.is_empty()


def test_a_feed_without_entries_broken_or_with_entities_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmptyTableError):
        read_export(feed(tmp_path))
    with pytest.raises(DamagedFileError, match="well-formed"):
        read_export(feed(tmp_path, "<entry>"))
    with pytest.raises(DamagedFileError, match="entities"):
        read_export(feed(tmp_path, ENTRY, head='<!DOCTYPE feed [<!ENTITY a "b">]>'))


@pytest.mark.shared
def test_the_real_feeds_are_read_to_the_last_entry(shared_data: Path) -> None:
    counts = {p.name: read_export(p).quality.calls for p in sorted((shared_data / "portland" / "rss").glob("*.xml"))}
    assert counts == {
        "911incidents_2017-02-28.xml": 100,
        "pdx911calls_fixture_call_data_1.xml": 3,
        "pdx911calls_fixture_call_data_3.xml": 29,
    }
