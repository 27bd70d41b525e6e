"""Sentences about a rule: its expressions, and the lines of its stories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.model.report import Value
from hub.model.wording import (
    ATTRIBUTE_VALUES,
    ATTRIBUTES,
    KINDS,
    name_point,
    write_event,
    write_span,
    write_value,
)
from rules.line import UID, Line, read_expectation, read_line
from rules.prose.call import write_call
from rules.prose.part import Prose
from rules.prose.term import Context

_OUTCOMES = {
    "raise": ("告警", "alarm"),
    "clear": ("恢复", "over"),
    "change": ("变化", "changed"),
    "missed": ("逾期未发生", "missed"),
}
_HAPPENINGS = {
    "offline": ("设备失联", "device goes silent"),
    "online": ("设备恢复通信", "device is heard again"),
    "restart": ("平台重启", "the hub restarts"),
    "clear_by_hand": ("人工消除", "cleared by hand"),
}
_RELATIONS = {
    "sibling": ("旁边同类设备的", "of the device beside it, "),
    "peer": ("同车道{kind}的", "{kind} of the lane, "),
    "child": ("其下{kind}的", "{kind} below it, "),
    "upstream": ("上级设备的", "upstream, "),
}


def write_expression(text: str, context: Context) -> str:
    """Write an expression as a sentence; raises ExpressionError for one that cannot be read."""
    return Prose(text, context, write_call).write()


def write_columns(columns: Mapping[str, Value], language: str) -> str:
    """Write what the sheet says of a device: `计量范围：公共、唯一出入口`."""
    parts = []
    for name, value in columns.items():
        word = _pick(ATTRIBUTES.get(name, (name, name)), language)
        known = ATTRIBUTE_VALUES.get(name, {}).get(str(value))
        told = _pick(known, language) if known else str(value)
        parts.append(word if value is True else f"{word}{_pick(('：', ': '), language)}{told}")
    return _pick(("、", ", "), language).join(parts)


def write_outcome(text: str, language: str) -> str:
    """Write what is expected of a story, `15m raise`."""
    at, what = read_expectation(text)
    word = _pick(_OUTCOMES[what], language)
    return f"{write_span(at, language)} **{word}**"


def write_line(text: str, context: Context) -> str:
    """Write a line of a story: when, and what is read or happens."""
    line = read_line(text)
    late = _pick(("（补传）", " (late)"), context.language) if line.late else ""
    joint = _pick(("、", ", "), context.language)
    parts = joint.join([*_readings(line, context), *_happenings(line, context.language)])
    return f"{write_span(line.at, context.language)}{late} {parts}"


def _readings(line: Line, context: Context) -> Iterator[str]:
    colon = _pick(("：", ": "), context.language)
    for uid, points in line.points.items():
        whose = "" if uid == UID else f"{_whose(uid, context.language)}"
        for point, value in points.items():
            spec = context.vocabulary.find_point(context.kind, point)
            spec = spec or context.vocabulary.find_anywhere(point)
            name = name_point(spec, context.language) if spec else point
            written = write_value(spec, value, context.language) if spec else str(value)
            yield f"{whose}{name}{colon}{written}"


def _happenings(line: Line, language: str) -> Iterator[str]:
    for word, argument in line.words:
        if word == "clock":
            shift = ("-" if argument < 0 else "+") + write_span(abs(argument), language)
            yield _pick((f"设备时钟偏差 {shift}", f"device's clock off by {shift}"), language)
        elif word in _HAPPENINGS:
            yield _pick(_HAPPENINGS[word], language)
        else:
            name, data = argument
            prefix = "command:" if word == "command" else ""
            fields = ", ".join(f"{key} {value}" for key, value in data.items())
            yield write_event(prefix + name, language) + (f" ({fields})" if fields else "")


def _whose(uid: str, language: str) -> str:
    """Write whose point it is: `sibling(1)`, `peer('camera')`, `child('camera',1)`, `upstream`."""
    relation, _, rest = uid.partition("(")
    kind = rest.split("'")[1] if "'" in rest else ""
    words = _pick(_RELATIONS[relation], language)
    return words.format(kind=_pick(KINDS[kind], language) if kind else "")


def _pick(pair: tuple[str, str], language: str) -> str:
    return pair[0] if language == "zh" else pair[1]
