"""The JSON Schema of rule files: what an editor can check while a rule is being written.

It says what `rules.draft` and `rules.reader` say about keys and plain values. What only the loader
knows stays with it: parameters and names in expressions, stories, and whether examples come out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.model.alarm import Class, ReportWhen, Severity, Urgency
from hub.model.device import Kind
from rules.draft import EXAMPLE_KEYS, INHIBITS, RULE_KEYS, STAGE_KEYS
from rules.reader import TICKET_KEYS
from rules.schedule import DAYS

Schema = dict[str, Any]

_NUMBER = r"\d+(?:\.\d+)?"
_LENGTH = f"(?=.)(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?"
_CLOCK = r"(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)"
_DATE = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_FLAG: Schema = {"type": "boolean"}
_VALUES: Schema = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}
_SECONDS: Schema = {"type": "string", "pattern": rf"^(?:{_LENGTH}|param\..+)$"}


_SAID: dict[str, str] = {
    "id": "编号；本小区的规则以同号覆盖 / its own; a site's rule overrides the shipped one",
    "fault": "故障类别，同一设备同一类别只开一张工单 / one open ticket per subject and fault",
    "name": "名称，中英文 / in both languages",
    "kind": "设备类型，可写多个或 any / one, several, or any",
    "params": "可调的数值，用 param.x 引用 / figures to set, read as param.x",
    "when": "条件 / the condition",
    "hold": "条件持续多久才告警 / true for so long, then it raises",
    "gap": "未知多久以内不打断 / the longest unknown stretch that breaks nothing",
    "clear": "恢复条件；不写即条件不成立 / when it is over; else: not when",
    "release": "恢复条件须持续多久 / clear must be true for so long",
    "quiet": "瞬时事件之后多久算恢复 / for an instant: over after so long",
    "after": "期待的起点 / after this …",
    "expect": "应随后发生 / … this is expected; in an example: what must come of it",
    "within": "在多久之内 / within so long",
    "severity": "等级 / how bad it is",
    "tell": "通知谁 / who is told",
    "inhibit": "何时不报 / what holds it back",
    "ticket": "开什么工单 / the ticket that it opens",
    "discreet": "不上任何大屏 / stays off every wall",
    "explains": "silence：可解释其下设备失联 / explains silent devices below",
    "trial": "只记录，不通知 / recorded, nobody is told",
    "stage": "加重 / a worse degree of the same alarm",
    "example": "示例，规则须由示例证明 / the story that proves it",
    "story": "先后发生的事 / what happens, line by line",
    "from": "0s 是什么时刻 / the instant of 0s",
    "model": "用此型号的周期 / take the periods of this model",
    "device": "设备表的列 / columns of the sheet of devices",
    "place": "位置的属性 / attributes of the place",
    "urgency": "急修、普通、计划：决定接单和到场时限 / sets the limits to take and to arrive",
    "class": "一般 24、较难 48、复杂 72 小时 / sets the limit to finish",
    "trade": "哪个班组 / which crew",
    "report": "何时上报网格平台 / when the grid platform hears of it",
    "days": "哪几天 / which days",
    "times": "哪些时段 / which hours",
    "source": "出处 / where it is from",
    "note": "备注 / a note",
}
"""What an editor shows beside a key."""


def build_schema() -> Schema:
    """Return the schema, draft 2020-12, of one rule file read as JSON."""
    properties = {
        "rule": {"type": "array", "items": _rule()},
        "params": {"type": "array", "items": _override()},
        "schedule": _schedules(),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Lingdang rules 铃铛规则",
        "description": "One file of rules; docs/rules.md explains each key.",
        **_table(properties, properties),
    }


def _table(known: Iterable[str], properties: Schema) -> Schema:
    """Make an object of exactly these keys; one that no code reads may hold anything."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _describe(key, properties.get(key, {})) for key in known},
    }


def _describe(key: str, schema: Schema) -> Schema:
    return schema | {"description": _SAID[key]} if key in _SAID else schema


def _choice(values: Iterable[str], *, title: str = "") -> Schema:
    return {"enum": [str(each) for each in values]} | ({"title": title} if title else {})


def _rule() -> Schema:
    parts = {
        "id": _TEXT | {"minLength": 1},
        "name": _names(),
        "kind": _kinds(),
        "stage": {"type": "array", "items": _table(STAGE_KEYS, _consequence() | _condition())},
        "example": {"type": "array", "items": _example(), "minItems": 1},
        "params": _VALUES,
        "explains": _choice(("silence", "")),
        "inhibit": {"type": "array", "items": _choice(INHIBITS)},
        "fault": _TEXT,
        "discreet": _FLAG,
        "trial": _FLAG,
    }
    return {
        **_table(RULE_KEYS, parts | _consequence() | _condition()),
        "required": ["id", "name", "kind", "example"],
        **_shape(),
    }


def _condition() -> Schema:
    texts = dict.fromkeys(("when", "clear", "after", "expect"), _TEXT)
    return texts | dict.fromkeys(("hold", "gap", "release", "quiet", "within"), _SECONDS)


def _consequence() -> Schema:
    ticket = {
        "urgency": _choice(Urgency, title="急修 / 普通 / 计划"),
        "class": _choice(Class, title="24 / 48 / 72 h"),
        "report": _choice(ReportWhen),
        "trade": _TEXT,
    }
    return {
        "severity": _choice(Severity),
        "tell": _TEXTS,
        "ticket": _table(TICKET_KEYS, ticket),
    }


def _names() -> Schema:
    both = _table(("zh", "en"), {"zh": _TEXT, "en": _TEXT}) | {"required": ["zh", "en"]}
    return {"anyOf": [_TEXT | {"minLength": 1}, both]}


def _kinds() -> Schema:
    kind = _choice(Kind)
    return {"anyOf": [_choice(("any", *Kind)), {"type": "array", "items": kind, "minItems": 1}]}


def _example() -> Schema:
    parts = {
        "name": _names(),
        "story": _TEXTS,
        "expect": _TEXTS,
        "from": _TEXT | {"pattern": f"^{_DATE}$"},
        "model": _TEXT,
        "device": _VALUES,
        "place": _VALUES,
    }
    return _table(EXAMPLE_KEYS, parts)


def _override() -> Schema:
    values = _VALUES | {"minProperties": 1}
    parts = dict.fromkeys(("rule", "device", "place", "model"), _TEXT) | {"set": values}
    return _table(parts, parts) | {"required": ["rule", "set"]}


def _schedules() -> Schema:
    parts = {
        "days": {
            "type": "array",
            "items": _choice(DAYS),
            "minItems": 1,
        },
        "times": {
            "type": "array",
            "items": _TEXT | {"pattern": rf"^\s*{_CLOCK}\s*-\s*{_CLOCK}\s*$"},
            "minItems": 1,
        },
    }
    return {"type": "object", "additionalProperties": _table(parts, parts)}


def _shape() -> Schema:
    """Say which keys go together: as `rules.draft` does where it checks a rule's shape."""
    expectation = ("after", "expect", "within")
    filled = {"required": ["when"], "properties": {"when": {"minLength": 1}}}
    return {
        "dependentRequired": {
            key: [other for other in expectation if other != key] for key in expectation
        },
        "anyOf": [filled, {"required": ["after"]}],
        "allOf": [
            {"not": {"required": ["quiet", "release"]}},
            {"not": {"required": ["quiet", "clear"], "properties": {"clear": {"minLength": 1}}}},
            {"anyOf": [filled, {"not": {"required": ["hold"]}}]},
        ],
    }
