"""Profiles as data: what a city calls its columns, how it writes times, what its codes say.

A profile is a TOML file. The ones we ship lie in `cities/`; a new city needs a file and no code. Reading is
strict: an unknown key is
refused with the nearest known word, because a misspelt key that is silently ignored would lose a column.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from everycall.core.vocabulary import CHANNELS, SERVICES, STAMP_NAMES
from everycall.exchange.errors import ProfileError

Said = Literal[
    "gone_on_arrival",
    "unfounded",
    "unit_arrived",
    "contact",
    "no_contact",
    "cancelled_by_caller",
    "cancelled_by_agency",
    "duplicate",
    "no_emergency",
    "settled_by_phone",
    "accepted_by_other_agency",
    "declined",
    "not_established",
    "nothing",
]
"""What the words of an export can say about how a need ended; `nothing` for words that settle nothing."""

SAID: Final[tuple[Said, ...]] = get_args(Said)

CALL_STAMPS: Final = (
    "received",
    "answered",
    "call_taking_ended",
    "queued",
    "first_dispatched",
    "first_en_route",
    "first_on_scene",
    "first_cleared",
    "closed",
    "reopened",
)
"""Stamps of the calls table that a profile can fill, in the order in which they usually happen."""

UNIT_STAMPS: Final = tuple(
    f"first_{name}" for name in STAMP_NAMES if name not in {"assigned", "en_route", "on_scene", "clear"}
)
"""Further stamps of the first unit; they go to the assignments table alone."""

DEFAULT_BLANKS: Final = ("", "null", "none", "n/a", "na", "nan", "nat", "#n/a", "-", "--", "(null)", "\\n")
"""Words that mean nothing is there, compared without case; a profile's `blanks` add to them."""


class Text(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a text comes from: a column, or one value for the whole file.

    Attributes:
        column: the column's name.
        value: a value that holds for every row.
        values: a map from the export's words to ours; what is not in it is kept as it is, or counted as
            unlisted where only our own words
            are allowed.
        blank: words of this column that mean nothing is there.
    """

    column: str = ""
    value: str = ""
    values: dict[str, str] = {}
    blank: list[str] = []

    def __post_init__(self) -> None:
        if bool(self.column) == bool(self.value):
            raise ValueError("give either a column or a value")


class Stamp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a time comes from; exactly one of the four forms.

    Attributes:
        column: one column that holds date and time; with `after`, one that holds a duration.
        columns: several columns, of which `take` says which counts.
        take: `earliest`, `latest`, or `first` (the first that is not blank).
        date: a column with the date, together with `time`.
        time: a column with the time of day.
        after: the stamp that the duration in `column` is counted from.
        unit: the unit of the duration.
    """

    column: str = ""
    columns: list[str] = []
    take: Literal["earliest", "latest", "first"] = "first"
    date: str = ""
    time: str = ""
    after: str = ""
    unit: Literal["seconds", "minutes"] = "seconds"

    def __post_init__(self) -> None:
        forms = [bool(self.column), bool(self.columns), bool(self.date or self.time)]
        if sum(forms) != 1:
            raise ValueError("give one of: column, columns, date and time")
        if bool(self.date) != bool(self.time):
            raise ValueError("date and time belong together")
        if self.after and not self.column:
            raise ValueError("after needs the column that holds the duration")
        if self.after and self.after not in CALL_STAMPS:
            raise ValueError(f"after: {self.after!r} is not one of {', '.join(CALL_STAMPS)}")

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(c for c in (self.column, *self.columns, self.date, self.time) if c)


class Units(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which units the export names.

    Attributes:
        column: the column with one name or several.
        separator: what stands between several.
        holds: `all` when every unit is named, `primary` when only one of perhaps several is.
        count_column: a column with the number of units, used where names are not given.
        desk: a regular expression for names that are no unit in the field, such as the dispatchers' own
            positions. Times on a call that has
            only such names are no unit's times.
    """

    column: str = ""
    separator: str = ","
    holds: Literal["all", "primary"] = "all"
    count_column: str = ""
    desk: str = ""


class Disposition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column whose words say how calls ended.

    Attributes:
        column: the column.
        separator: what stands between several values in one field; empty when there is only ever one.
        code_ends_at: the text before this mark is the code, the rest its label; empty when the whole value
            counts.
        says: from the code or value (compared without case) to what it says.
    """

    column: str
    separator: str = ""
    code_ends_at: str = ""
    says: dict[str, Said | list[Said]] = {}


class Pseudo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows that are no calls: they go to the rejects with their reason, and are counted.

    Attributes:
        column: the column that tells.
        values: its values (compared without case) that make a row no call.
        reason: why, in words for the reader of the rejects.
    """

    column: str
    values: list[str]
    reason: str


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one city's export is read; every key is described in docs/city-exports.md."""

    name: str
    title: str
    zone: str
    centre: str = ""
    limits: list[str] = []
    notes: list[str] = []
    live: bool = False
    time_formats: list[str] = []
    day_first: bool = False
    blanks: list[str] = []
    midnight_rollover: Literal["keep", "correct"] = "keep"
    midnight_rollover_hours: int = 12
    batch_size: int = 5
    required: list[str] = []
    call: str = ""
    service: str | Text = "unknown"
    channel: str | Text = ""
    self_initiated: str | Text = ""
    agency: str | Text = ""
    district: str | Text = ""
    area: str | Text = ""
    neighbourhood: str | Text = ""
    postal_code: str | Text = ""
    latitude: str | Text = ""
    longitude: str | Text = ""
    first_type: str | Text = ""
    last_type: str | Text = ""
    first_priority: str | Text = ""
    last_priority: str | Text = ""
    units: Units | None = None
    stamps: dict[str, str | Stamp] = {}
    groups: dict[str, str | Text] = {}
    disposition: list[Disposition] = []
    pseudo: list[Pseudo] = []

    @property
    def sha256(self) -> str:
        """A hash of everything the profile says, which the table carries."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def stamp(self, name: str) -> Stamp | None:
        """The source of one stamp, or None where the export does not have it."""
        source = self.stamps.get(name)
        return Stamp(column=source) if isinstance(source, str) else source

    def text(self, name: str) -> Text | None:
        """The source of one text, or None where the export does not have it.

        `service` is special: a bare word is a value when it is one of ours, because most exports are of one
        service.
        """
        source = getattr(self, name)
        return as_text(source, constant=name == "service")

    def columns(self) -> dict[str, str]:
        """Every column that the profile reads, with the key that reads it."""
        found: dict[str, str] = {}
        if self.call:
            found[self.call] = "call"
        for name in self.stamps:
            stamp = self.stamp(name)
            for column in stamp.sources if stamp else ():
                found.setdefault(column, f"stamps.{name}")
        for name in TEXT_KEYS:
            text = self.text(name)
            if text and text.column:
                found.setdefault(text.column, name)
        for group, source in self.groups.items():
            text = as_text(source)
            if text and text.column:
                found.setdefault(text.column, f"groups.{group}")
        for disposition in self.disposition:
            found.setdefault(disposition.column, "disposition")
        for pseudo in self.pseudo:
            found.setdefault(pseudo.column, "pseudo")
        if self.units:
            for column in (self.units.column, self.units.count_column):
                if column:
                    found.setdefault(column, "units")
        return found

    def needed(self) -> tuple[str, ...]:
        """The columns without which the profile does not fit: those of `received`, and `required`."""
        received = self.stamp("received")
        return tuple(dict.fromkeys((*(received.sources if received else ()), *self.required)))


TEXT_KEYS: Final = (
    "service",
    "channel",
    "self_initiated",
    "agency",
    "district",
    "area",
    "neighbourhood",
    "postal_code",
    "latitude",
    "longitude",
    "first_type",
    "last_type",
    "first_priority",
    "last_priority",
)


def as_text(source: str | Text, *, constant: bool = False) -> Text | None:
    """The full form of a text's source; with `constant`, a word of the services is a value and no column."""
    if isinstance(source, Text):
        return source
    if not source:
        return None
    return Text(value=source) if constant and source in SERVICES else Text(column=source)


def read_profile(path: Path) -> Profile:
    """Read one profile from a file.

    Raises:
        ProfileError: the file is missing, is no TOML, or says something that a profile cannot say.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"the profile {path} cannot be read: {error}") from error
    return parse_profile(text, path.name)


def parse_profile(text: str, where: str) -> Profile:
    """Read a profile from its text; `where` names it in errors.

    Raises:
        ProfileError: see `read_profile`.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{where} is not valid TOML: {error}") from error
    _refuse_unknown_keys(raw, where)
    try:
        profile = msgspec.convert(raw, Profile)
    except msgspec.ValidationError as error:
        raise ProfileError(f"{where}: {error}") from error
    _check(profile, where)
    return profile


@cache
def built_in_profiles() -> tuple[Profile, ...]:
    """The profiles that come with the package, by name."""
    folder = resources.files("everycall.exchange") / "cities"
    entries = sorted((e for e in folder.iterdir() if e.name.endswith(".toml")), key=lambda e: e.name)
    return tuple(parse_profile(entry.read_text(encoding="utf-8"), entry.name) for entry in entries)


def find_profile(name: str) -> Profile:
    """A profile by the name of a built-in one, or by the path of a file.

    Raises:
        ProfileError: neither exists, or the file is not a profile.
    """
    for profile in built_in_profiles():
        if profile.name == name:
            return profile
    if name.endswith(".toml") or Path(name).exists():
        return read_profile(Path(name))
    names = [profile.name for profile in built_in_profiles()]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise ProfileError(f"there is no profile named {name!r}.{hint} Built in: {', '.join(names)}; or give a .toml file")


def _refuse_unknown_keys(raw: dict[str, Any], where: str) -> None:
    """Name the unknown key and the word that was probably meant, which msgspec alone does not."""

    def refuse(keys: dict[str, Any], known: tuple[str, ...], place: str) -> None:
        for key in keys:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known)}"
                raise ProfileError(f"{where}: unknown key {key!r}{place}{hint}")

    refuse(raw, Profile.__struct_fields__, "")
    stamps = raw.get("stamps")
    if isinstance(stamps, dict):
        refuse(stamps, (*CALL_STAMPS, *UNIT_STAMPS), " in [stamps]")
        for name, source in stamps.items():
            if isinstance(source, dict):
                refuse(source, Stamp.__struct_fields__, f" in stamps.{name}")
    for key in (*TEXT_KEYS, "units"):
        if isinstance(raw.get(key), dict):
            refuse(raw[key], (Units if key == "units" else Text).__struct_fields__, f" in {key}")
    for key, kind in (("disposition", Disposition), ("pseudo", Pseudo)):
        for entry in raw[key] if isinstance(raw.get(key), list) else ():
            if isinstance(entry, dict):
                refuse(entry, kind.__struct_fields__, f" in [[{key}]]")


def _check(profile: Profile, where: str) -> None:
    """What the types cannot say."""
    if not profile.name.isidentifier():
        raise ProfileError(f"{where}: name {profile.name!r} must be one word of letters, digits and underscores")
    if not profile.zone or " " in profile.zone:
        raise ProfileError(f"{where}: zone is not filled in; give the time zone of the centre, such as America/Chicago")
    try:
        ZoneInfo(profile.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ProfileError(f"{where}: zone {profile.zone!r} is not a time zone such as America/Chicago") from error
    if "received" not in profile.stamps:
        raise ProfileError(f"{where}: [stamps] needs `received`, the time when the request reached the centre")
    received = profile.stamp("received")
    if received and received.after:
        raise ProfileError(f"{where}: `received` cannot be a duration after another stamp")
    for name, words, allowed in (
        ("service", _our_words(profile.text("service")), SERVICES),
        ("channel", _our_words(profile.text("channel")), CHANNELS),
        ("self_initiated", _our_words(profile.text("self_initiated")), ("yes", "no")),
    ):
        for word in words:
            if word not in allowed:
                near = difflib.get_close_matches(word, allowed, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; one of {', '.join(allowed)}"
                raise ProfileError(f"{where}: {name}: {word!r} is not a word of ours{hint}")
    for group in profile.groups:
        if not group.replace("_", "").isalnum():
            raise ProfileError(f"{where}: the group {group!r} must be one word of letters, digits and underscores")


def _our_words(text: Text | None) -> list[str]:
    if text is None:
        return []
    return [text.value] if text.value else list(text.values.values())
