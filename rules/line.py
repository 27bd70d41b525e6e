"""Reads the lines of a story: `15m arm.position=open`, `20m offline`, `1h clock -1h`."""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec

from hub.model.device import DeviceUid
from hub.model.report import Value
from rules.duration import parse_duration

UID = DeviceUid("story")
_WORD = re.compile(r"(?:\([^)]*\)|'[^']*'|[^\s])+")
_CALL = re.compile(r"(event|command)\((['\"])(?P<name>[^'\"]+)\2(?P<rest>.*)\)")
_OTHER = re.compile(
    r"(?P<who>upstream|sibling\(\d+\)|(?:peer|child)\(['\"]\w+['\"](?:,\d+)?\))\.(?P<point>.+)"
)
_PLAIN = ("offline", "online", "restart", "clear_by_hand")


class StoryError(Exception):
    """A line of a story or an expectation cannot be read."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line: seconds from the start, points by device uid, and the other words in order."""

    at: float
    points: dict[str, dict[str, Value | None]]
    words: tuple[tuple[str, Any], ...]
    late: bool = False


def read_expectation(text: str) -> tuple[float, str]:
    """Return (seconds from the start, raise, clear, change or missed)."""
    time, _, what = text.partition(" ")
    if what not in {"raise", "clear", "change", "missed"}:
        raise StoryError(
            f"{text!r}: write TIME raise or TIME clear / 请写 时间 raise 或 时间 clear"
        )
    return _read_time(time, text), what


def _read_time(time: str, text: str) -> float:
    try:
        return parse_duration(time)
    except ValueError as error:
        raise StoryError(f"{text!r}: {error}") from None


def read_line(text: str) -> Line:
    """Read a line of a story; StoryError says which word is wrong."""
    time, *rest = _WORD.findall(text) or [""]
    points: dict[str, dict[str, Value | None]] = {}
    words: list[tuple[str, Any]] = []
    late = False
    queue = list(rest)
    while queue:
        word = queue.pop(0)
        if word == "late":
            late = True
        elif word == "clock" and queue:
            words.append(("clock", _read_shift(queue.pop(0), text)))
        elif word in _PLAIN:
            words.append((word, None))
        elif match := _CALL.fullmatch(word):
            words.append((match[1], (match["name"], _read_fields(match["rest"]))))
        else:
            uid, point, value = _read_point(word, text)
            points.setdefault(uid, {})[point] = value
    return Line(at=_read_time(time, text), points=points, words=tuple(words), late=late)


def _read_shift(word: str, text: str) -> float:
    sign = -1.0 if word.startswith("-") else 1.0
    return sign * _read_time(word.lstrip("+-"), text)


def _read_point(word: str, text: str) -> tuple[str, str, Value | None]:
    name, equals, value = word.partition("=")
    if not equals or not name or not value:
        raise StoryError(f"{text!r}: the word {word!r} is not known / 不认识 {word!r}")
    match = _OTHER.fullmatch(name)
    if match is None:
        return UID, name, read_value(value)
    return match["who"].replace('"', "'"), match["point"], read_value(value)


def _read_fields(text: str) -> dict[str, Value | None]:
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return {name.strip(): read_value(value.strip()) for name, _, value in pairs}


def read_value(text: str) -> Value | None:
    """Read `true`, `12.5`, `'text'` or a bare word; `bad` is no value."""
    fixed: dict[str, Value | None] = {"true": True, "false": False, "bad": None}
    if text.lower() in fixed:
        return fixed[text.lower()]
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if math.isfinite(number):
            return number
    return text.strip("'\"")
