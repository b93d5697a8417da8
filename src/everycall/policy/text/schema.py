"""The JSON Schema (2020-12) of the language, made of the same tables as the reader, for editors.

A schema cannot say what needs the rest of the text (that a ladder is declared, that a value is one of an attribute's),
so a text that it accepts may still be refused; a text that it refuses is no policy.
"""

from __future__ import annotations

from typing import Final

from everycall.policy.attributes import WEEKDAYS
from everycall.policy.text.durations import CLOCK, WRITTEN
from everycall.policy.text.fields import (
    ALWAYS,
    COUNTS_AS,
    LARGEST_NUMBER,
    LAST_PRIORITY,
    LONGEST_CODE,
    LONGEST_TEXT,
    MOST_OF_A_KIND,
    MOST_RULES,
    OR,
    POLICY,
    SECTIONS,
    TIME_KEY,
    UNKNOWN,
    UNKNOWN_WORDS,
    WEEKDAY_KEY,
    ZONE_KEY,
    Field,
    Section,
)
from everycall.policy.text.lines import COMPONENT
from everycall.policy.text.values import CODE, INSTANT, PART, TYPE_CODE

Schema = dict[str, object]

_TEXT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT, "pattern": r"\S"}
_CODE: Final[Schema] = {"type": "string", "pattern": f"^{CODE}$", "maxLength": LONGEST_CODE}
_PART: Final[Schema] = {"type": "string", "pattern": f"^{PART}$", "maxLength": LONGEST_CODE}
_FLAG: Final[Schema] = {"enum": [True, False, "yes", "no"]}
_INTEGER: Final[Schema] = {"type": "integer", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}
_VALUE: Final[Schema] = {"type": ["string", "integer", "boolean"]}
_OR_UNKNOWN: Final[Schema] = {"const": UNKNOWN}


def _list(items: Schema, *, least: int = 1) -> Schema:
    return {"type": "array", "items": items, "minItems": least, "uniqueItems": True}


_FIXED: Final[dict[str, Schema]] = {
    "one": {"const": 1},
    "text": _TEXT,
    "code": _CODE,
    # The values of `type` may have spaces; that those of other attributes may not, only the reader knows.
    "codes": _list({"type": "string", "pattern": f"^{TYPE_CODE}$", "maxLength": LONGEST_CODE}),
    "part": _PART,
    "parts": _list(_PART),
    "any_parts": _list(_PART, least=0),
    "name": _CODE,
    "names": _list(_CODE),
    "any_names": _list(_CODE, least=0),
    "flag": _FLAG,
    "true": {"enum": [True, "yes"]},
    "priority": {"type": "integer", "minimum": 0, "maximum": LAST_PRIORITY},
    "count": {"type": "integer", "minimum": 0, "maximum": MOST_OF_A_KIND},
    "integer": _INTEGER,
    "counts": {
        "type": "object",
        "propertyNames": _PART,
        "additionalProperties": {"type": "integer", "minimum": 1, "maximum": MOST_OF_A_KIND},
    },
    "duration": {"type": "string", "pattern": f"^{WRITTEN}$", "not": {"pattern": "^0"}},
    "delay": {"type": "string", "pattern": f"^{WRITTEN}$"},
    "time_zone": _TEXT,
    "instant": {"type": "string", "pattern": f"^{INSTANT}$"},
    "unknown": {
        "anyOf": [
            {"enum": list(UNKNOWN_WORDS)},
            {
                "type": "object",
                "properties": {COUNTS_AS: _VALUE},
                "required": [COUNTS_AS],
                "additionalProperties": False,
            },
        ]
    },
    "component": {"type": "string", "pattern": f"^({COMPONENT})$"},
    "condition": {"$ref": "#/$defs/condition"},
    "plan": {"anyOf": [_CODE, {"$ref": "#/$defs/plan"}, {"$ref": "#/$defs/changed_plan"}]},
}


def policy_schema() -> Schema:
    """The schema of a whole text."""
    definitions = {_key(section): _object(section) for section in SECTIONS if section is not POLICY}
    definitions["attribute"] |= {"allOf": _KEYS_BY_KIND}
    definitions["condition"] = _condition()
    definitions["comparison"] = _comparison()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An everycall policy",
        **_object(POLICY),
        "$defs": definitions,
    }


_KEYS_BY_KIND: Final = [
    {"if": {"properties": {"kind": {"enum": kinds}}, "required": ["kind"]}, "then": {"required": required}}
    for kinds, required in ((["choice", "several"], ["values"]), (["number"], ["from", "to", "unit"]))
]


def _key(section: Section) -> str:
    return section.name.replace(" ", "_")


def _object(section: Section) -> Schema:
    return {
        "type": "object",
        "properties": {field.name: {"description": field.means, **_of(field)} for field in section.fields},
        "required": [field.name for field in section.fields if field.required],
        "additionalProperties": False,
        **({} if section.name not in ("raise", "changed plan") else {"minProperties": 1}),
    }


def _of(field: Field) -> Schema:
    if field.kind == "word":
        return {"enum": list(field.words)}
    if field.kind == "words":
        return _list({"enum": list(field.words)})
    if field.of is None:
        return _FIXED[field.kind]
    part: Schema = {"$ref": f"#/$defs/{_key(field.of)}"}
    if field.kind == "section":
        return part
    parts: Schema = {"type": "array", "items": part, "maxItems": MOST_RULES}
    if field.kind == "list":
        return parts
    each = parts if field.kind == "map_of_lists" else part
    return {"type": "object", "propertyNames": _CODE, "additionalProperties": each}


def _condition() -> Schema:
    again: Schema = {"$ref": "#/$defs/condition"}
    clock: Schema = {"type": "string", "pattern": f"^({CLOCK})$"}
    during: Schema = {"type": "array", "items": clock, "minItems": 2, "maxItems": 2, "uniqueItems": True}
    weekday: Schema = {"enum": list(WEEKDAYS)}
    weekdays: Schema = _list(weekday)
    return {
        "anyOf": [
            {"const": ALWAYS},
            {
                "type": "object",
                "minProperties": 1,
                "propertyNames": _CODE,
                "properties": {
                    "all": {"type": "array", "items": again, "minItems": 1},
                    "any": {"type": "array", "items": again, "minItems": 1},
                    "not": again,
                    ZONE_KEY: _map({"within": _CODE, OR: _OR_UNKNOWN}, "within"),
                    TIME_KEY: _map({"during": during}, "during"),
                    WEEKDAY_KEY: {
                        "anyOf": [weekday, weekdays, _map({"is": weekday}, "is"), _map({"in": weekdays}, "in")]
                    },
                },
                "additionalProperties": {"$ref": "#/$defs/comparison"},
            },
        ]
    }


def _comparison() -> Schema:
    values = _list(_VALUE)
    between: Schema = {"type": "array", "items": _INTEGER, "minItems": 2, "maxItems": 2}
    forms: dict[str, Schema] = {"is": _VALUE, "in": values, "between": between, "has": _CODE}
    asked = [_map({name: form, OR: _OR_UNKNOWN}, name) for name, form in forms.items()]
    return {"anyOf": [_VALUE, values, *asked]}


def _map(properties: dict[str, Schema], required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": [required], "additionalProperties": False}
