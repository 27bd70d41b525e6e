"""Parses TOML: whatever the standard library stumbles over is a ValueError like any other fault."""

from __future__ import annotations

import tomllib
from typing import Any


def parse_toml(text: str) -> dict[str, Any]:
    """Return the tables of a text; ValueError says what is wrong, and with luck where.

    The parser of the standard library has no limit of depth but Python's, and leaves it to `int`
    that a number of thousands of digits is none.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
