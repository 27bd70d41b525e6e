"""The JSON Schema of profiles, published and versioned: what an editor can check while writing.

It says what the reader says about keys and plain values; what only a whole profile shows stays
with `lingdang profile check`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hub.feeds.profiles.facts import PERSONAL, SOURCES
from hub.feeds.profiles.reading import ALWAYS, ON_REQUEST
from hub.feeds.profiles.schema_words import KEYS, SECTIONS
from hub.model.profile import Field, Head

VERSION = 1
"""Raised by what makes a profile that was good a bad one."""

Schema = dict[str, Any]


def build_schema() -> Schema:
    """Return the schema; the same file says the same for every hub of this version."""
    sections: dict[str, type[msgspec.Struct]] = {
        "profile": Head,
        **ALWAYS,
        **ON_REQUEST,
        "field": Field,
    }
    properties = {name: _section(name, kind) for name, kind in sections.items()}
    field = properties.pop("field")
    field["properties"]["from"]["examples"] = sorted(SOURCES | PERSONAL)
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    properties["maps"] = {
        "type": "object",
        "additionalProperties": texts,
        "description": SECTIONS["maps"],
    }
    properties["field"] = {"type": "array", "items": field, "description": SECTIONS["field"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:lingdang:profile:{VERSION}",
        "title": "Lingdang: profile of a receiver / 接收方对接档案",
        "type": "object",
        "additionalProperties": False,
        "required": ["profile"],
        "properties": properties,
    }


def _section(name: str, kind: type[msgspec.Struct]) -> Schema:
    (_, parts) = msgspec.json.schema_components((kind,), ref_template="#/$defs/{name}")
    schema: Schema = dict(parts[kind.__name__])
    schema.pop("title", None)
    schema["description"] = SECTIONS[name]
    schema["additionalProperties"] = False
    for key, part in schema["properties"].items():
        part["description"] = KEYS.get(f"{name}.{key}") or KEYS[key]
    return schema
