"""As much of JSON Schema 2020-12 as the policy's schema uses: an own reading of the standard, for tests only.

A keyword that it does not know is an error, so that nothing of the schema goes unlooked at.
"""

from __future__ import annotations

import re
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
}
_NOTES = {"$schema", "$defs", "title", "description", "then"}


def valid(schema: dict[str, Any], value: Any, root: dict[str, Any] | None = None) -> bool:
    """Whether the value is one that the schema allows."""
    root = schema if root is None else root
    return all(_keyword(name, said, value, schema, root) for name, said in schema.items() if name not in _NOTES)


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind != "integer" or not isinstance(value, bool))


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


def _keyword(name: str, said: Any, value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    keys = value if isinstance(value, dict) else {}
    items = value if isinstance(value, list) else []
    number = value if _is("integer", value) else None
    match name:
        case "$ref":
            return valid(root["$defs"][said.removeprefix("#/$defs/")], value, root)
        case "type":
            return any(_is(kind, value) for kind in ([said] if isinstance(said, str) else said))
        case "const":
            return _same(said, value)
        case "enum":
            return any(_same(each, value) for each in said)
        case "anyOf":
            return any(valid(each, value, root) for each in said)
        case "allOf":
            return all(valid(each, value, root) for each in said)
        case "not":
            return not valid(said, value, root)
        case "if":
            return not valid(said, value, root) or valid(schema["then"], value, root)
        case "properties":
            return all(valid(said[key], each, root) for key, each in keys.items() if key in said)
        case "additionalProperties":
            rest = [each for key, each in keys.items() if key not in schema.get("properties", {})]
            return not rest if said is False else all(valid(said, each, root) for each in rest)
        case "propertyNames":
            return all(valid(said, key, root) for key in keys)
        case "required":
            return not isinstance(value, dict) or set(said) <= set(keys)
        case "minProperties":
            return not isinstance(value, dict) or len(keys) >= int(said)
        case "items":
            return all(valid(said, each, root) for each in items)
        case "minItems":
            return not isinstance(value, list) or len(items) >= said
        case "maxItems":
            return len(items) <= int(said)
        case "uniqueItems":
            return len({repr(each) for each in items}) == len(items)
        case "minimum":
            return number is None or number >= said
        case "maximum":
            return number is None or number <= said
        case "minLength":
            return not isinstance(value, str) or len(value) >= said
        case "maxLength":
            return not isinstance(value, str) or len(value) <= said
        case "pattern":
            return not isinstance(value, str) or re.search(said, value) is not None
    raise AssertionError(name)
