"""Reads the values of one table of a rule file and keeps every fault with its place."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from hub.errors import Problem
from hub.model.alarm import Class, ReportWhen, TicketSpec, Urgency
from hub.model.report import Value
from rules.duration import parse_duration
from rules.language.syntax import nearest
from rules.source import Block, Mark

TICKET_KEYS = ("urgency", "class", "trade", "report")
_TEXTS = (str, int, float, bool)


class Reader:
    """Reads the values of one table and keeps its faults."""

    def __init__(self, file: str, table: dict[str, Any], block: Block, params: Any) -> None:  # noqa: ANN401
        self.file = file
        self.table = table
        self.block = block
        self.params = params if isinstance(params, dict) else {}
        self.problems: list[Problem] = []
        self.timed: dict[str, str] = {}
        """Key → the parameter that is its time."""

    def fault(self, key: str, message: str, hint: str = "") -> None:
        """Note a fault at a key."""
        mark = self.block.keys.get(key, Mark(self.block.line, 1))
        self.problems.append(
            Problem(file=self.file, line=mark.line, column=mark.column, message=message, hint=hint)
        )

    def check_keys(self, known: tuple[str, ...]) -> None:
        """Refuse keys that do not belong here."""
        for key in self.table:
            if key not in known:
                self.fault(
                    key, f"there is no key {key!r} here / 没有 {key!r} 这一项", nearest(key, known)
                )

    def text(self, key: str, default: str = "") -> str:
        """Read a text."""
        value = self.table.get(key, default)
        if isinstance(value, str):
            return value
        self.fault(key, f"{key} must be a text / {key} 应为文字")
        return default

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Read true or false."""
        value = self.table.get(key, default)
        if isinstance(value, bool):
            return value
        self.fault(key, f"{key} must be true or false / {key} 应为 true 或 false")
        return default

    def texts(self, key: str, known: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Read a list of texts, which must be among those `known` where some are given."""
        value = self.table.get(key, [])
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            for each in value if known else ():
                self.member(key, each, known)
            return tuple(value)
        self.fault(key, f"{key} must be a list of texts / {key} 应为文字列表")
        return ()

    def names(self, key: str) -> dict[str, str]:
        """Read a name in both languages; a plain text serves both."""
        value = self.table.get(key)
        if isinstance(value, str) and value:
            return {"zh": value, "en": value}
        is_text = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
        if isinstance(value, dict) and is_text and set(value) == {"zh", "en"}:
            return dict(value)
        self.fault(key, "write name = { zh = …, en = … } / 名称请写 { zh = …, en = … }")
        return {"zh": "", "en": ""}

    def member(self, key: str, value: str, known: tuple[str, ...]) -> str:
        """Refuse a text that is not among those known."""
        if value not in known:
            message = f"{key} {value!r} is not one of {', '.join(known)} / {key} 的值不对"
            self.fault(key, message, nearest(value, known))
        return value

    def choice(self, key: str, kinds: type[StrEnum]) -> str | None:
        """Read one of the values of an enum; None where it is left out or wrong."""
        value = self.table.get(key)
        if value is None or value in list(kinds):
            return value
        message = f"{key} {value!r} is not one of {', '.join(kinds)} / {key} 的值不对"
        self.fault(key, message, nearest(str(value), kinds))
        return None

    def seconds(self, key: str) -> float | None:
        """Read a length of time, or a parameter that is one; None where it is left out."""
        value = self.table.get(key)
        if isinstance(value, str) and value.startswith("param."):
            name = value.removeprefix("param.")
            if name not in self.params:
                self.fault(
                    key, f"there is no parameter {name!r} / 没有参数", nearest(name, self.params)
                )
                return None
            value = self.params[name]
            self.timed[key] = name
        if value is None:
            return None
        try:
            return parse_duration(value)
        except (TypeError, ValueError):
            self.fault(key, f"{key} must be a time such as '3m' / {key} 应为时长，如 '3m'")
        return None

    def ticket(self, base: TicketSpec | None = None) -> TicketSpec | None:
        """Read what is said about the ticket, the rest as in `base`; None where nothing is."""
        value = self.table.get("ticket")
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault("ticket", "ticket must be { urgency = …, class = … } / ticket 写法有误")
            return None
        inner = Reader(self.file, value, Block("ticket", self.block.line, {}), {})
        mark = self.block.keys.get("ticket", Mark(self.block.line, 1))
        inner.block.keys.update(dict.fromkeys(value, mark))
        inner.check_keys(TICKET_KEYS)
        rest = base or TicketSpec()
        spec = TicketSpec(
            urgency=Urgency(inner.choice("urgency", Urgency) or rest.urgency),
            class_=Class(inner.choice("class", Class) or rest.class_),
            trade=inner.text("trade", rest.trade),
            report=ReportWhen(inner.choice("report", ReportWhen) or rest.report),
        )
        self.problems += inner.problems
        return spec

    def values(self, key: str) -> dict[str, Value]:
        """Read a table of plain values."""
        value = self.table.get(key, {})
        if isinstance(value, dict) and all(isinstance(each, _TEXTS) for each in value.values()):
            return dict(value)
        self.fault(key, f"{key} must be a table of plain values / {key} 应为键值表")
        return {}
