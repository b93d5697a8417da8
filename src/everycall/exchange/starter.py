"""A profile to fill in, for an export that none of ours fits: guessed from names and values.

What is certain is written down, what is guessed says so in a comment, and what nobody but a person can know
(the time zone) is left to fill in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from everycall.exchange.mapping import as_words
from everycall.exchange.matching import folded
from everycall.exchange.profiles import CALL_STAMPS, DEFAULT_BLANKS, UNIT_STAMPS
from everycall.exchange.times import date_formats_for, formats_for, read_clock, read_column
from everycall.exchange.words import (
    ID_PATTERN,
    STAMP_PATTERNS,
    TEXT_PATTERNS,
    guess_channel,
    guess_said,
    guess_service,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.exchange.reading import RawTable

_SAMPLE: Final = 5000
_MOST: Final = 0.8
"""A column is of a kind if so much of it is."""
_HALF: Final = 0.5
_FEW: Final = 5
_MONTHS: Final = 12
_MOST_PRIORITIES: Final = 60
_MOST_DISPOSITIONS: Final = 400
_NEARLY_ALL: Final = 0.9
_MILLISECONDS_FROM: Final = 1e11
_EPOCHS: Final = (946_684_800, 2_208_988_800)
"""From 2000 to 2040, in seconds since 1970."""
_MOST_WORDS: Final = 80
_BLANKS: Final = frozenset(DEFAULT_BLANKS)


@dataclass
class _Look:
    """What the values of one column look like."""

    name: str
    kind: str
    filled: float
    distinct: int
    rows: int
    local: pl.Series | None = None
    own_zone: bool = False
    words: list[str] = field(default_factory=list)

    @property
    def folded(self) -> str:
        return folded(self.name)


def start_profile(raw: RawTable, name: str) -> str:
    """The text of a starter profile.

    Args:
        raw: the export.
        name: what to call the profile.
    """
    order, order_comment = _day_or_month_first(raw.frame)
    looks = [_look(raw.frame[column], column, day_first=order) for column in raw.frame.columns]
    stamps = _guess_stamps(looks)
    texts = _guess_texts([look for look in looks if look.kind in {"text", "number"}])
    identity = _guess_id(looks)
    if identity:
        for key in [k for k, v in texts.items() if v.name == identity.name]:
            del texts[key]
    lines = [
        f"# Started from the header of {raw.source_name}. Read every line;",
        "# lines marked GUESS were taken from names or values.",
        "# All keys are described in docs/city-exports.md.",
        f"name = {_quote(_identifier(name))}",
        f"title = {_quote(raw.source_name)}  # what this is an export of, in a few words",
        _zone_line(looks),
        "limits = [",
        '    # "What this file cannot show, in sentences; they are printed first."',
        "]",
    ]
    if order_comment:
        lines.append(order_comment)
    if order:
        lines.append("day_first = true")
    if any(isinstance(s, tuple) for s in stamps.values()):
        lines += [
            "# GUESS: times of day without a date of their own take the date of the call;",
            "# after midnight they are moved by a day, and flagged.",
            'midnight_rollover = "correct"',
        ]
    lines += _id_lines(identity)
    lines += _text_lines(texts)
    lines += _stamp_lines(stamps, looks)
    lines += _group_lines(texts)
    lines += _disposition_lines(looks, texts)
    used = {identity.name if identity else "", *(look.name for look in texts.values())}
    used |= {part for s in stamps.values() for part in ((s,) if isinstance(s, str) else s)}
    rest = [look.name for look in looks if look.name not in used and not _is_disposition(look)]
    if rest:
        lines += ["", "# Not placed (kept as original columns in any case): " + ", ".join(rest)]
    return "\n".join(lines) + "\n"


def _look(whole: pl.Series, name: str, *, day_first: bool) -> _Look:
    column = whole.head(_SAMPLE)
    words = as_words(column)
    there = words.filter(words.is_not_null() & ~words.str.to_lowercase().is_in(sorted(_BLANKS)))
    filled = len(there) / max(len(column), 1)
    look = _Look(name, "empty", filled, there.n_unique(), len(there))
    if there.is_empty():
        return look
    plain_number = _share(there, r"^[-+]?\d+(\.\d+)?$")
    named_as_time = re.search(r"time|date|dttm|ts$|stamp|at$", folded(name)) is not None
    reading = read_column(
        column,
        formats=formats_for(day_first=day_first),
        date_formats=date_formats_for(day_first=day_first),
        blanks=_BLANKS,
    )
    share = 1 - int(reading.unreadable.sum()) / len(there)
    numbers_as_times = plain_number >= _HALF and _times_as_numbers(there, folded(name))
    if share > _MOST and (plain_number < _HALF or named_as_time or numbers_as_times):
        dates = int(reading.date_only.sum()) / len(there)
        local = pl.select(pl.coalesce(reading.local, reading.instants.dt.replace_time_zone(None))).to_series()
        midnights = local.drop_nulls()
        flat = len(midnights) > _FEW and bool((midnights == midnights.dt.truncate("1d")).all())
        look.kind = "date" if dates > _HALF or flat else "stamp"
        look.local = local
        look.own_zone = reading.local.null_count() == len(reading.local)
        return look
    _, bad = read_clock(column, blanks=_BLANKS)
    clocklike = _share(there, r"^\d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?$")
    if clocklike > _MOST and int(bad.sum()) < (1 - _MOST) * len(there):
        look.kind = "clock"
        return look
    look.kind = "number" if plain_number > _NEARLY_ALL else "text"
    every = as_words(whole)
    there = every.filter(every.is_not_null() & ~every.str.to_lowercase().is_in(sorted(_BLANKS)))
    counts = there.value_counts().sort("count", there.name, descending=[True, False])
    look.words = counts[there.name].head(_MOST_WORDS).to_list()
    return look


def _zone_line(looks: list[_Look]) -> str:
    times = [look for look in looks if look.kind in {"stamp", "date", "clock"}]
    if times and all(look.own_zone for look in times):
        return 'zone = "UTC"  # the times carry their own offset, or count from 1970, so that no zone is needed'
    return 'zone = ""  # FILL IN: the time zone, such as "America/Chicago"; "UTC" if the times are UTC'


def _times_as_numbers(texts: pl.Series, name: str) -> bool:
    """Whether numbers are times: serial days with a fraction, or seconds since 1970 under a time's name."""
    numbers = texts.cast(pl.Float64, strict=False).drop_nulls()
    if not len(numbers):
        return False
    serial = numbers.is_between(30_000, 60_000).all() and int((numbers % 1 != 0).sum()) > _HALF * len(numbers)
    factor = 1000.0 if bool((numbers > _MILLISECONDS_FROM).all()) else 1.0
    seconds = (numbers / factor).is_between(*_EPOCHS).all()
    named = any(re.search(pattern, name) for _, pattern in STAMP_PATTERNS)
    return bool(serial) or (bool(seconds) and named)


def _share(texts: pl.Series, pattern: str) -> float:
    """How much of some texts a pattern fits."""
    return int(texts.str.contains(pattern).sum()) / max(len(texts), 1)


def _day_or_month_first(frame: pl.DataFrame) -> tuple[bool, str]:
    """Whether the day comes first in slashed dates, by the values: no month is above 12."""
    first = second = 0
    seen = False
    for name in frame.columns:
        if frame[name].dtype != pl.String:
            continue
        parts = frame.select(
            a=pl.col(name).str.extract(r"^\s*(\d{1,2})[/-]\d{1,2}[/-]\d{2,4}\b").cast(pl.Int64, strict=False),
            b=pl.col(name).str.extract(r"^\s*\d{1,2}[/-](\d{1,2})[/-]\d{2,4}\b").cast(pl.Int64, strict=False),
        ).drop_nulls()
        if parts.height:
            seen = True
            high_a, high_b = parts["a"].max(), parts["b"].max()
            first = max(first, int(high_a) if isinstance(high_a, int) else 0)
            second = max(second, int(high_b) if isinstance(high_b, int) else 0)
    if not seen:
        return False, ""
    if first > _MONTHS >= second:
        return (
            True,
            f"# Dates have the day first: the first number goes up to {first}, the second to {second}.",
        )
    if second > _MONTHS >= first:
        return False, f"# Dates have the month first: the second number goes up to {second}."
    return (
        False,
        "# UNCERTAIN: no date tells whether day or month comes first; set day_first = true if the day does.",
    )


def _guess_stamps(looks: list[_Look]) -> dict[str, str | tuple[str, str]]:
    """Stamp to its column, or to its date and time columns."""
    found: dict[str, str | tuple[str, str]] = {}
    full = [look for look in looks if look.kind == "stamp"]
    taken: set[str] = set()
    for stamp, pattern in STAMP_PATTERNS:
        for look in full:
            if look.name not in taken and stamp not in found and re.search(pattern, look.folded):
                found[stamp] = look.name
                taken.add(look.name)
    dates = [look for look in looks if look.kind == "date"]
    if dates:
        for stamp, pattern in STAMP_PATTERNS:
            for look in (c for c in looks if c.kind == "clock" and c.name not in taken):
                if stamp not in found and re.search(pattern, look.folded):
                    date = _date_for(look, dates)
                    found[stamp] = (date.name, look.name)
                    taken.add(look.name)
    if "received" not in found:
        rest = [look for look in full if look.name not in taken] or full
        if rest:
            first = min(rest, key=lambda look: (-round(look.filled, 2), str(_median(look))))
            found = {k: v for k, v in found.items() if v != first.name}
            found["received"] = first.name
        else:
            clocks = [look for look in looks if look.kind == "clock" and look.name not in taken]
            if dates and clocks:
                found["received"] = (dates[0].name, clocks[0].name)
            elif dates:
                found["received"] = dates[0].name
    return {name: found[name] for name in (*CALL_STAMPS, *UNIT_STAMPS) if name in found}


def _date_for(clock: _Look, dates: list[_Look]) -> _Look:
    """The date column whose name shares most with the clock's: its own, or that of the call."""

    def alike(date: _Look) -> int:
        a = clock.folded.replace("time", "")
        b = date.folded.replace("date", "")
        return len(a) if a and a == b else 0

    return max(dates, key=alike)


def _median(look: _Look) -> object:
    return look.local.drop_nulls().median() if look.local is not None else None


def _guess_texts(looks: list[_Look]) -> dict[str, _Look]:
    found: dict[str, _Look] = {}
    for key, pattern in TEXT_PATTERNS:
        if key == "disposition":
            continue
        for look in looks:
            taken = {other.name for other in found.values()}
            if key in found or look.name in taken or not re.search(pattern, look.folded):
                continue
            if key in {"latitude", "longitude"} and look.kind != "number":
                continue
            if _is_disposition(look) or (key.endswith("priority") and look.distinct > _MOST_PRIORITIES):
                continue
            if key in {"channel", "self_initiated", "service"} and look.distinct > _MOST_WORDS:
                continue
            if key != "units" and look.kind == "number" and re.search(r"seconds|minutes|elapsed|duration", look.folded):
                continue
            found[key] = look
    if ("latitude" in found) != ("longitude" in found):
        found.pop("latitude", None)
        found.pop("longitude", None)
    return found


def _is_disposition(look: _Look) -> bool:
    pattern = dict(TEXT_PATTERNS)["disposition"]
    return look.kind == "text" and re.search(pattern, look.folded) is not None and look.distinct <= _MOST_DISPOSITIONS


def _guess_id(looks: list[_Look]) -> _Look | None:
    best: tuple[float, _Look] | None = None
    for look in looks:
        if look.kind not in {"text", "number"} or look.filled < _NEARLY_ALL or look.distinct < _HALF * look.rows:
            continue
        if not re.search(ID_PATTERN, look.folded):
            continue
        score = look.distinct / look.rows + (
            0.2 if re.search(r"incident|event|call|case|cad|master", look.folded) else 0
        )
        if best is None or score > best[0]:
            best = (score, look)
    return best[1] if best else None


def _id_lines(identity: _Look | None) -> list[str]:
    if identity is None:
        return ['# call = "…"  # FILL IN the column with the call\'s number; without it the line is the number']
    note = "" if identity.distinct == identity.rows else "; some repeat, perhaps because a row is a unit and not a call"
    seen = f"{identity.distinct} different in {identity.rows} rows looked at"
    return [f"call = {_quote(identity.name)}  # GUESS: {seen}{note}"]


def _text_lines(texts: dict[str, _Look]) -> list[str]:
    lines: list[str] = []
    source = texts.get("service") or texts.get("agency")
    services = {word: guess_service(word) for word in source.words} if source else {}
    if source and any(services.values()):
        pairs = ", ".join(f"{_quote(word)} = {_quote(ours)}" for word, ours in services.items() if ours)
        lines.append(f"service = {{ column = {_quote(source.name)}, values = {{ {pairs} }} }}  # GUESS")
    else:
        lines.append('service = "unknown"  # FILL IN: police, fire, ems or other')
    plain = ("agency", "district", "area", "neighbourhood", "postal_code", "latitude", "longitude")
    lines += [f"{key} = {_quote(texts[key].name)}  # GUESS" for key in plain if key in texts]
    for key in ("first_type", "last_type", "first_priority", "last_priority"):
        if key in texts:
            other = key.replace("last_", "first_")
            unsure = key.startswith("last_") and other not in texts and "final" not in texts[key].folded
            note = f"GUESS; if it is the value at the beginning, write {other}" if unsure else "GUESS"
            shown = ", ".join(texts[key].words[:4])
            lines.append(f"{key} = {_quote(texts[key].name)}  # {note}; such as {shown}")
    if "units" in texts:
        look = texts["units"]
        named = look.kind == "text" or not re.search(r"count|number|num|nunit|total", look.folded)
        if named:
            separator = next((s for s in (",", ";", "|") if any(s in word for word in look.words)), ",")
            lines.append('# GUESS; add holds = "primary" if only one of several units is named')
            lines.append(f"units = {{ column = {_quote(look.name)}, separator = {_quote(separator)} }}")
        else:
            lines.append(f"units = {{ count_column = {_quote(look.name)} }}  # GUESS")
    if "channel" in texts:
        look = texts["channel"]
        lines += [
            "",
            "[channel]  # GUESS: how the call reached the centre",
            f"column = {_quote(look.name)}",
            "[channel.values]",
        ]
        lines += [f"{_quote(word)} = {_quote(_yes_no_channel(look, word))}" for word in look.words]
    if "self_initiated" in texts or "channel" in texts:
        look = texts.get("self_initiated") or texts["channel"]
        own = {word: _own_activity(look, word, declared="self_initiated" in texts) for word in look.words}
        if any(value == "yes" for value in own.values()):
            lines += [
                "",
                "[self_initiated]  # GUESS: a unit's own activity; leave out words that do not say",
                f"column = {_quote(look.name)}",
                "[self_initiated.values]",
            ]
            lines += [f"{_quote(word)} = {_quote(value)}" for word, value in own.items() if value]
    return lines


def _yes_no_channel(look: _Look, word: str) -> str:
    if "911" in look.folded and word.casefold() in {"yes", "y", "true", "1"}:
        return "emergency_voice"
    return guess_channel(word)


def _own_activity(look: _Look, word: str, *, declared: bool) -> str:
    low = word.casefold()
    if declared and low in {"yes", "y", "true", "1", "no", "n", "false", "0"}:
        return "yes" if low in {"yes", "y", "true", "1"} else "no"
    channel = guess_channel(word)
    del look
    return "yes" if channel == "unit_observation" else "" if channel == "not_recorded" else "no"


def _stamp_lines(stamps: dict[str, str | tuple[str, str]], looks: list[_Look]) -> list[str]:
    by_name = {look.name: look for look in looks}
    lines = ["", "[stamps]"]
    if "received" not in stamps:
        lines.append('# received = "…"  # FILL IN: the column with the time when the request reached the centre')
    received = stamps.get("received")
    base = by_name[received].local if isinstance(received, str) else None
    for name, source in stamps.items():
        if isinstance(source, tuple):
            lines.append(f"{name} = {{ date = {_quote(source[0])}, time = {_quote(source[1])} }}  # GUESS")
            continue
        look = by_name[source]
        note = f"GUESS; filled in {look.filled:.0%}"
        if look.kind == "date":
            note = "UNCERTAIN: a date without a time of day; intervals cannot be taken from it"
        elif base is not None and look.local is not None and name != "received":
            gap = (look.local - base).dt.total_seconds().drop_nulls().median()
            if isinstance(gap, float | int):
                note += f", usually {gap:.0f} s after received"
        lines.append(f"{name} = {_quote(source)}  # {note}")
    spare = [look for look in looks if look.kind == "stamp" and look.name not in stamps.values()]
    lines += [f"# … = {_quote(look.name)}  # a time that no name tells; filled in {look.filled:.0%}" for look in spare]
    if "first_on_scene" not in stamps:
        for look in looks:
            if look.kind == "number" and re.search(r"resp.*(sec|time|min)|arriv.*sec", look.folded):
                unit = "minutes" if "min" in look.folded else "seconds"
                source = f'{{ column = {_quote(look.name)}, after = "received", unit = "{unit}" }}'
                lines.append("# UNCERTAIN: if this is the time from receipt to arrival, take away the mark:")
                lines.append(f"# first_on_scene = {source}")
    return lines


def _group_lines(texts: dict[str, _Look]) -> list[str]:
    keys = [k for k in ("agency", "district", "area", "neighbourhood", "postal_code") if k in texts]
    lines = ["", "[groups]  # by what the audit may compare"]
    return lines + [f"{key} = {_quote(texts[key].name)}" for key in keys]


def _disposition_lines(looks: list[_Look], texts: dict[str, _Look]) -> list[str]:
    lines: list[str] = []
    placed = {look.name for look in texts.values()}
    for look in (c for c in looks if _is_disposition(c) and c.name not in placed):
        lines += [
            "",
            "[[disposition]]  # GUESS: words on how a call ended; check each, `nothing` settles nothing",
            f"column = {_quote(look.name)}",
            '# separator = ","  # if one field holds several',
            '# code_ends_at = "-"  # if a code stands before its label, as in GOA-Gone on Arrival',
            "[disposition.says]",
            *(f"{_quote(word)} = {_quote(guess_said(word))}" for word in _distinct(look.words)),
        ]
    return lines


def _distinct(words: Iterable[str]) -> list[str]:
    """Words once each, compared as the profile will compare them."""
    seen: dict[str, str] = {}
    for word in words:
        seen.setdefault(" ".join(word.split()).casefold(), word)
    return list(seen.values())


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'


def _identifier(name: str) -> str:
    word = re.sub(r"\W+", "_", name.split(".", maxsplit=1)[0].casefold(), flags=re.ASCII).strip("_") or "my_city"
    return word if not word[0].isdigit() else f"city_{word}"
