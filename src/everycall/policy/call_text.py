"""A call written as JSON, for `policy explain`: what is known of it, by the names that the policy declares.

```json
{"service": "police", "type": "theft", "received_at": "2027-01-03T22:10:00-08:00",
 "facts": {"weapon": "no", "patients": 2, "hazards.chemicals": "unknown", "zone.central": true}}
```

Instead of `received_at` it may say `"time": "22:10"` and `"weekday": "sunday"`. What is not said is unknown. Nothing is
guessed: a value that the policy does not have is an error here, while the evaluator takes it as a call brings it.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from everycall.core.base import SECOND
from everycall.policy.attributes import SERVICE, TIME_OF_DAY, TYPE, WEEKDAY, WEEKDAYS, consistent
from everycall.policy.conditions import mentioned
from everycall.policy.evaluator import local_time
from everycall.policy.text.durations import minute_of
from everycall.policy.text.problems import near, quoted
from everycall.policy.words import known_words, variable_words

if TYPE_CHECKING:
    from everycall.policy.attributes import Value, Variable
    from everycall.policy.formula import Call
    from everycall.policy.rules import Policy

_KEYS: Final = ("service", "type", "received_at", "time", "weekday", "facts")
_APART: Final = frozenset((SERVICE, TYPE, TIME_OF_DAY, WEEKDAY))
_UNKNOWN: Final = "unknown"
_YES_NO: Final = {"yes": True, "no": False}
_LONGEST: Final = 1 << 20
_LAST_MINUTE: Final = 24 * 60 - 1


class CallError(Exception):
    """The text is no call for this policy. Its words name every problem, one a line, each with what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems: Final = tuple(problems)


def read_call(policy: Policy, text: bytes) -> Call:
    """The known values of the call that a text describes.

    Raises:
        CallError: It is no JSON object of this form, names what the policy does not declare, gives a value outside
            of its attribute, or says nothing of a time that the policy's rules ask for.
    """
    told = _object(text)
    problems = [f"A call has no {quoted(key)}. {near(key, _KEYS)}" for key in told if key not in _KEYS]
    variables = policy.variables()
    call: Call = {}
    for name in (SERVICE, TYPE):
        _take(variables[name], told.get(name), call, problems)
    facts = told.get("facts", {})
    if not isinstance(facts, dict):
        problems.append('"facts" is no object. Write it as {"name": value, …}.')
        facts = {}
    for name, value in facts.items():
        if name in variables and name not in _APART:
            _take(variables[name], value, call, problems)
        else:
            problems.append(_undeclared(name, policy))
    _time(policy, told, call, problems)
    agreed = consistent(policy.zones, call)
    if agreed != call:
        wrong = " and ".join(known_words(name, value) for name, value in call.items() if name not in agreed)
        problems.append(f"No place is like that: {wrong}. Give the zones as they lie; leave out what is not known.")
    if problems:
        raise CallError(problems)
    return call


def _object(text: bytes) -> dict[str, object]:
    if len(text) > _LONGEST:
        raise CallError(["This is longer than any call. Give one call as a JSON object."])
    try:
        told = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise CallError(["This is not UTF-8. Save the call as UTF-8."]) from None
    except json.JSONDecodeError as error:
        raise CallError([f"line {error.lineno}, column {error.colno}: no JSON: {error.msg}. Mend it there."]) from None
    except RecursionError:
        raise CallError(["This is nested too deep for a call. Give one call as a JSON object."]) from None
    except ValueError as error:
        # The hooks below, or a number with more digits than Python converts.
        raise CallError([f"{error} Give each value once, as yes, no, unknown, a code or a whole number."]) from None
    if not isinstance(told, dict):
        raise CallError(['This is no JSON object. Write a call as {"service": …, "type": …, "facts": {…}}.'])
    return told


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{quoted(twice)} is given twice.")
    return found


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number of a call.")


def _take(variable: Variable, told: object, call: Call, problems: list[str]) -> None:
    """Add what is told of one variable to the call; unknown adds nothing."""
    if told is None or told == _UNKNOWN:
        return
    value = _value(variable, told)
    if value is not None:
        call[variable.name] = value
    else:
        problems.append(_outside(variable, told))


def _value(variable: Variable, told: object) -> Value | None:
    first = variable.values[0]
    if isinstance(first, bool):
        return told if isinstance(told, bool) else _YES_NO.get(told) if isinstance(told, str) else None
    if isinstance(told, bool) or not isinstance(told, int if isinstance(first, int) else str):
        return None
    return told if told in variable.values else None


def _outside(variable: Variable, told: object) -> str:
    shown = quoted(told) if isinstance(told, str) else json.dumps(told)[:60]
    first = variable.values[0]
    if isinstance(first, bool):
        return f"{variable.name} is yes, no or unknown, and not {shown}. Write one of the three."
    if isinstance(first, int):
        return (
            f"{variable.name} is a whole number from {first} to {variable.values[-1]}, and not {shown}. "
            "Write the nearer end for what lies outside: the evaluator takes it so."
        )
    codes = [str(value) for value in variable.values]
    return f"{variable.name} has no value {shown}. {near(told if isinstance(told, str) else '', [*codes, _UNKNOWN])}"


def _undeclared(name: str, policy: Policy) -> str:
    if name in (SERVICE, TYPE):
        return f"{quoted(name)} stands beside the facts and not among them. Move it out."
    if name in (TIME_OF_DAY, WEEKDAY):
        return f'{quoted(name)} is no fact. Give "received_at", or "time" and "weekday", beside the facts.'
    known = [variable for variable in policy.variables() if variable not in _APART]
    parts = [variable for variable in known if variable.startswith(f"{name}.")]
    if parts:
        return f"{quoted(name)} is asked part by part. Write any of: {', '.join(parts[:12])}."
    return f"The policy declares no {quoted(name)}. {near(name, known)}"


def _time(policy: Policy, told: dict[str, object], call: Call, problems: list[str]) -> None:
    when, time, weekday = told.get("received_at"), told.get("time"), told.get("weekday")
    if when is not None:
        if time is not None or weekday is not None:
            problems.append('"received_at" says time and weekday already. Leave out one or the other.')
        instant = _instant(when)
        if instant is None:
            problems.append(
                f'"received_at" is no instant with its offset: {quoted(str(when))}. '
                'Write it like "2027-01-03T22:10:00-08:00".'
            )
        else:
            call[TIME_OF_DAY], call[WEEKDAY] = local_time(instant, ZoneInfo(policy.heading.time_zone))
        return
    if time is not None:
        minute = minute_of(time) if isinstance(time, str) else None
        if minute is None or minute > _LAST_MINUTE:
            problems.append(f'"time" is no time of the day: {quoted(str(time))}. Write it like "22:10".')
        else:
            call[TIME_OF_DAY] = minute
    if weekday is not None:
        if weekday in WEEKDAYS:
            call[WEEKDAY] = str(weekday)
        else:
            problems.append(f'"weekday" is no day: {quoted(str(weekday))}. {near(str(weekday), WEEKDAYS)}')
    asked = {name for rule in policy.rules for name in mentioned(rule.when)}
    asked |= {name for added in policy.add for name in mentioned(added.when)}
    problems += [
        f'The rules ask for the {variable_words(name)}. Give "received_at", or "{variable_words(name)}".'
        for name, given in ((TIME_OF_DAY, time), (WEEKDAY, weekday))
        if name in asked and given is None
    ]


def _instant(told: object) -> int | None:
    """Microseconds UTC of an ISO 8601 instant that has an offset; none if it is not one."""
    if not isinstance(told, str):
        return None
    try:
        at = datetime.fromisoformat(told)
        if at.tzinfo is None:
            return None
        return (at - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // timedelta(seconds=1) * SECOND
    except (ValueError, OverflowError):
        return None
