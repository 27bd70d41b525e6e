"""What is printed about the rules: their schema for editors."""

from __future__ import annotations

import json

from rules.schema import build_schema


def write_schema() -> str:
    """Return the JSON Schema of rule files as text."""
    return json.dumps(build_schema(), ensure_ascii=False, indent=1)
