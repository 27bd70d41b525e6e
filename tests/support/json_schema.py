"""Judges a document by a JSON Schema: the words of draft 2020-12 that our own schemas use."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
_ANNOTATIONS = frozenset({"$schema", "title", "description"})


def accepts(schema: Schema, value: object) -> bool:
    """Tell whether the value is as the schema says; KeyError for a word that is not known here."""
    return all(_JUDGES[word](schema, value) for word in schema if word not in _ANNOTATIONS)


def _has_type(schema: Schema, value: object) -> bool:
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return any(_is(value, name) for name in names)


def _is(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _is_one_of(schema: Schema, value: object) -> bool:
    return any(value == each and type(value) is type(each) for each in schema["enum"])


def _matches(schema: Schema, value: object) -> bool:
    return not isinstance(value, str) or re.search(schema["pattern"], value) is not None


def _is_long_enough(schema: Schema, value: object) -> bool:
    return not isinstance(value, str) or len(value) >= schema["minLength"]


def _has_enough_items(schema: Schema, value: object) -> bool:
    return not isinstance(value, list) or len(value) >= schema["minItems"]


def _has_good_items(schema: Schema, value: object) -> bool:
    return not isinstance(value, list) or all(accepts(schema["items"], each) for each in value)


def _has_good_properties(schema: Schema, value: object) -> bool:
    known = schema["properties"]
    return not isinstance(value, dict) or all(
        accepts(known[key], each) for key, each in value.items() if key in known
    )


def _has_good_others(schema: Schema, value: object) -> bool:
    rule, known = schema["additionalProperties"], schema.get("properties", {})
    others = [value[key] for key in value if key not in known] if isinstance(value, dict) else []
    return all(rule is not False and accepts(rule, each) for each in others)


def _has_all(schema: Schema, value: object) -> bool:
    return not isinstance(value, dict) or set(schema["required"]) <= set(value)


def _has_companions(schema: Schema, value: object) -> bool:
    return not isinstance(value, dict) or all(
        set(needed) <= set(value)
        for key, needed in schema["dependentRequired"].items()
        if key in value
    )


_JUDGES: dict[str, Callable[[Schema, object], bool]] = {
    "type": _has_type,
    "enum": _is_one_of,
    "pattern": _matches,
    "minLength": _is_long_enough,
    "minItems": _has_enough_items,
    "items": _has_good_items,
    "properties": _has_good_properties,
    "additionalProperties": _has_good_others,
    "required": _has_all,
    "dependentRequired": _has_companions,
    "anyOf": lambda schema, value: any(accepts(each, value) for each in schema["anyOf"]),
    "allOf": lambda schema, value: all(accepts(each, value) for each in schema["allOf"]),
    "not": lambda schema, value: not accepts(schema["not"], value),
}
