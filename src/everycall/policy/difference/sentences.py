"""The words of a comparison: facts, components, whole regions, as a chief reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import TIME_OF_DAY, WEEKDAY, WEEKDAYS, ZONE_PREFIX
from everycall.policy.components import about, parts_of
from everycall.policy.difference.result import Shift
from everycall.policy.rules import DEFAULT, TRIAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from everycall.policy.attributes import Value, Variable
    from everycall.policy.components import Component
    from everycall.policy.difference.result import Description, Direction, ValueSet
    from everycall.policy.formula import Scene

_MOST_VALUES: Final = 12
_SECONDS: Final = re.compile(r"(\d+) s\b")
_EARLIER: Final = {"less": "", "more": "less", "otherwise": "less or more"}
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))
_MINUTE: Final = 60


def among(words: Sequence[str], last: str = "or") -> str:
    """The words as a list: a, b or c."""
    return " ".join([*[", ".join(words[:-1]), last][: 2 * (len(words) > 1)], words[-1]]) if words else ""


def duration(seconds: int) -> str:
    """So many seconds in the unit that fits."""
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def clock(minute: int) -> str:
    """A minute of the day as the clock shows it."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def plain(name: str) -> str:
    """A code as words."""
    return name.replace("_", " ")


class Sentences:
    """Puts what was found about one scene into words."""

    def __init__(self, scene: Scene) -> None:
        """For this scene."""
        self._variables: Final = scene.variables

    def description(self, description: Description, direction: Direction) -> str:
        """Which calls: "every call that rule theft decided, where weapon is yes"."""
        said: list[str] = []
        if description.old_rules:
            said.append(_whose(description.old_rules, ("decided", "decided"), "the old version"))
        if description.new_rules:
            said.append(_whose(description.new_rules, ("now decides", "now decide"), "the new version"))
        where = f", where {self.facts(description.facts)}" if description.facts else ""
        adding = list(dict.fromkeys(description.unless_old + description.unless_new))
        if adding:
            where += f", unless {among(_short(adding))} {'adds' if len(adding) == 1 else 'add'} to it"
        apart = f", unless it gets {_EARLIER[direction]} in something" if description.apart else ""
        return f"every call{' that ' if said else ''}{' and that '.join(said)}{where}{apart}"

    def facts(self, facts: Sequence[ValueSet]) -> str:
        """What is true of the calls: "type is theft or vandalism, and weapon is not yes"."""
        return ", and ".join([self.fact(fact) for fact in facts])

    def fact(self, fact: ValueSet) -> str:
        """One fact in words."""
        variable = self._variables[fact.variable]
        if fact.variable.startswith(ZONE_PREFIX):
            return _of_zone(fact)
        if variable.values == (False, True):
            return f"{fact.variable} {_of_yes_no(fact)}"
        if isinstance(variable.values[0], int):
            return _of_number(fact, variable)
        return _of_choice(fact, variable)

    def call(self, facts: Mapping[str, Value]) -> str:
        """One call by what is known of it."""
        told = [self._told(name, value) for name, value in sorted(facts.items(), key=_telling)]
        return ", ".join(told) or "nothing is known of it"

    def shift(self, component: Component, before: int, after: int) -> Shift:
        """A component before and after."""
        was, now = spoken(component.levels[before]), spoken(component.levels[after])
        words = f"{was} → {now}" if component.name == "priority" else f"{_names_words(component.names)}: {was} → {now}"
        return Shift(component=component.name, before=was, after=now, words=words)

    def _told(self, name: str, value: Value) -> str:
        if name == TIME_OF_DAY and isinstance(value, int):
            return f"at {clock(value)}"
        if name == WEEKDAY:
            return f"on a {str(value).capitalize()}"
        if name.startswith(ZONE_PREFIX):
            return f"{'inside' if value else 'outside'} zone {name.removeprefix(ZONE_PREFIX)}"
        return f"{name} {'yes' if value is True else 'no' if value is False else value}"


def _whose(rules: Sequence[str], decides: tuple[str, str], version: str) -> str:
    told: list[str] = []
    named = [rule for rule in rules if rule not in (TRIAGE, DEFAULT)]
    if named:
        told.append(f"{'rule' if len(named) == 1 else 'rules'} {among(_short(named))} {decides[len(named) > 1]}")
    if TRIAGE in rules:
        told.append(f"no rule of {version} {decides[0]} and whose type is unknown (triage)")
    if DEFAULT in rules:
        told.append(f"no rule of {version} {decides[0]} (default)")
    return ", or ".join(told)


def _telling(item: tuple[str, Value]) -> tuple[int, str]:
    """Type first, the clock last."""
    name = item[0]
    return {"type": 0, "service": 1, TIME_OF_DAY: 4, WEEKDAY: 5}.get(
        name, 3 if name.startswith(ZONE_PREFIX) else 2
    ), name


def _of_zone(fact: ValueSet) -> str:
    name = fact.variable.removeprefix(ZONE_PREFIX)
    key = (True in fact.values, False in fact.values, fact.unknown)
    return {
        (True, False, False): f"the place is inside zone {name}",
        (False, True, False): f"the place is known to be outside zone {name}",
        (False, False, True): f"it is not known whether the place is inside zone {name}",
        (False, True, True): f"the place is not known to be inside zone {name}",
        (True, False, True): f"the place is not known to be outside zone {name}",
        (True, True, False): f"it is known whether the place is inside zone {name}",
    }[key]


def _of_yes_no(fact: ValueSet) -> str:
    key = (True in fact.values, False in fact.values, fact.unknown)
    return {
        (True, False, False): "is yes",
        (False, True, False): "is no",
        (False, False, True): "is not known",
        (False, True, True): "is not yes",
        (True, False, True): "is not no",
        (True, True, False): "is known",
    }[key]


def _of_number(fact: ValueSet, variable: Variable) -> str:
    numbers = [value for value in fact.values if isinstance(value, int)]
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    if fact.variable == TIME_OF_DAY:
        last = variable.values[-1]
        if len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == last:
            spans = [*spans[1:-1], (spans[-1][0], spans[0][1])]
        return "the call comes " + among([f"from {clock(low)} to before {_until(high)}" for low, high in spans])
    said = [str(low) if low == high else f"{low} to {high}" for low, high in spans]
    if not spans:
        return f"{fact.variable} is not known"
    if len(numbers) == len(variable.values):
        return f"{fact.variable} is known"
    return f"{fact.variable} is {among(said + (['not known'] if fact.unknown else []))}"


def _until(minute: int) -> str:
    return clock((minute + 1) % 1440) if minute + 1 < 1440 else "midnight"  # noqa: PLR2004 - minutes of a day


def _of_choice(fact: ValueSet, variable: Variable) -> str:
    held = set(fact.values)
    rest = [str(value) for value in variable.values if value not in held]
    name = "the day" if fact.variable == WEEKDAY else fact.variable
    order = WEEKDAYS if fact.variable == WEEKDAY else variable.values
    named = [str(value) for value in order if value in held]
    if not named:
        return f"{name} is not known"
    if not rest:
        return f"{name} is known"
    if len(rest) < len(named):
        known = "" if fact.unknown or not variable.unknown else "known and "
        return f"{name} is {known}not {among(_short(rest))}"
    return f"{name} is {among(_short(named) + (['not known'] if fact.unknown else []))}"


def _short(words: Sequence[str]) -> list[str]:
    if len(words) <= _MOST_VALUES:
        return [*words]
    return [*words[: _MOST_VALUES - 1], f"{len(words) - _MOST_VALUES + 1} others"]


def spoken(level: str) -> str:
    """A level with its durations in the unit that fits."""
    return _SECONDS.sub(lambda found: duration(int(found.group(1))), level)


def _names_words(names: Sequence[str]) -> str:
    """Several components that change together; grants by who and on which grounds."""
    if len(names) == 1 or not names[0].startswith("may."):
        return among([component_words(name) for name in names], "and")
    ladder = about(names[0]) == "ladder"
    tail = ", who is told" if ladder else ""
    parts = [parts_of(name)[: -1 if ladder else None] for name in names]
    columns = [list(dict.fromkeys(plain(part[at]) for part in parts if at < len(part))) for at in (2, 3, 4)]
    said = "; ".join([among(_short(column)) for column in columns if column])
    return f"may {plain(parts[0][1])} ({said}){tail}"


def component_words(name: str) -> str:
    """A component's name for people."""
    parts = parts_of(name)
    head = parts[0]
    if head == "send":
        return f"{plain(parts[1])} units"
    if head == "support":
        return plain(parts[1])
    if head == "stage":
        because, until = (sentence.strip().rstrip(".;") for sentence in parts[1:])
        return f"staging (because: {because}; until: {until})"
    if head == "ladder":
        return f"{plain(parts[1])} told of a missed deadline"
    if head in ("may", "offer"):
        act, rest = (parts[1], parts[2:]) if head == "may" else ("offer", parts[1:])
        what = about(name)
        told = [plain(part) for part in (rest[:-1] if what else rest)]
        tail = {"ladder": ", who is told", "meanwhile": ", meanwhile", "within": ", wait"}.get(what, "")
        verb = f"may {plain(act)}" if head == "may" else "offer to"
        return f"{verb} ({', '.join(told)}{tail})"
    return {
        "dispatch_within": "dispatch",
        "arrive_within": "arrival",
        "find_out_within": "finding out the type",
        "minimum_officers": "officers at least",
        "cancellation_closes": "a cancellation",
    }.get(name, plain(name))
