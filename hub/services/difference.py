"""Structures as plain JSON values for journal entries, and what differs between two versions."""

from __future__ import annotations

from typing import Any

import msgspec


def spell_out(thing: msgspec.Struct) -> dict[str, Any]:
    """Return the fields by their names on the wire, as JSON would give them back."""
    return dict(msgspec.json.decode(msgspec.json.encode(thing)))


def find_changes(before: msgspec.Struct, after: msgspec.Struct) -> dict[str, Any]:
    """Return the fields of `after` whose value is another than in `before`."""
    was = spell_out(before)
    return {name: value for name, value in spell_out(after).items() if value != was[name]}
