"""The terms of an expression: fixed values, names of points and of columns, lengths of time."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hub.model.catalogue import PointSpec
from hub.model.device import Kind
from hub.model.report import Value
from hub.model.wording import (
    ATTRIBUTE_VALUES,
    ATTRIBUTES,
    KINDS,
    Pair,
    name_point,
    write_number,
    write_span,
    write_word,
)
from rules.duration import parse_duration
from rules.language.syntax import Source
from rules.vocabulary import Vocabulary

_CALCULATE: dict[str, Callable[[float, float], float]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mult": lambda a, b: a * b,
    "Div": lambda a, b: a / b,
}
_PARAM, _DEVICE, _UPSTREAM = "param.", "device.", "upstream."


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Whose expression it is: the kind's points, the rule's parameters; `zh` or `en`."""

    kind: Kind
    vocabulary: Vocabulary
    params: Mapping[str, Value]
    language: str


class Terms:
    """Writes what stands at the ends of an expression's branches."""

    def __init__(self, text: str, context: Context) -> None:
        self.source = Source(text)
        self.context = context
        self.language = context.language

    def say(self, zh: str, en: str) -> str:
        """Pick the language."""
        return zh if self.language == "zh" else en

    def seconds(self, node: ast.expr) -> str:
        """Write a length of time; a number is seconds."""
        fixed = self.constant(node)
        length = parse_duration(fixed) if isinstance(fixed, str) else fixed
        return write_span(float(length or 0), self.language)

    def text(self, node: ast.expr) -> str:
        """Return a text or number that stands in the expression, or a parameter's."""
        fixed = self.constant(node)
        return write_number(fixed) if isinstance(fixed, float) else str(fixed)

    def constant(self, node: ast.expr) -> Any:  # noqa: ANN401
        """Return a fixed value, computed as far as it can be; None for anything else."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.constant(node.operand)
            return None if value is None else -value
        if isinstance(node, ast.BinOp):
            return self._calculate(node)
        name = self.dotted(node)
        return self.context.params.get(name[len(_PARAM) :]) if name.startswith(_PARAM) else None

    def _calculate(self, node: ast.BinOp) -> float | None:
        left, right = self.constant(node.left), self.constant(node.right)
        calculate = _CALCULATE.get(type(node.op).__name__)
        if calculate is None or left is None or not right:
            return None
        return calculate(left, right)

    def dotted(self, node: ast.expr) -> str:
        """Return a dotted name as written; empty for anything else."""
        words, base = self._unfold(node)
        return ".".join([base.id, *words]) if isinstance(base, ast.Name) else ""

    def _unfold(self, node: ast.expr) -> tuple[list[str], ast.expr]:
        words: list[str] = []
        while isinstance(node, ast.Attribute):
            words.insert(0, self.source.attribute(node))
            node = node.value
        return words, node

    def name(self, node: ast.expr) -> str:
        """Write a point of the device or of another one, or a column of the sheet."""
        name = self.dotted(node)
        spec = self.find_point(node)
        if spec:
            return self._point(spec, name)
        if name.startswith(_DEVICE):
            word = self.column(name)
            return self.say(f"设备表的{word}", f"the sheet's {word}")
        if name.startswith(_UPSTREAM):
            return self._other(name[len(_UPSTREAM) :], ("上级设备", "upstream"))
        words, base = self._unfold(node)
        if not isinstance(base, ast.Call):
            return name or ast.unparse(node)
        zh, en = KINDS[self.text(base.args[0])]
        return self._other(".".join(words), (f"同车道{zh}", f"{en} of the lane"))

    def find_point(self, node: ast.expr) -> PointSpec | None:
        """Return the device's own point of that name."""
        return self.context.vocabulary.find_point(self.context.kind, self.dotted(node))

    def column(self, name: str) -> str:
        """Write a column of the sheet, `device.scope`."""
        word = name.removeprefix(_DEVICE)
        return self.say(*ATTRIBUTES.get(word, (word, word)))

    def word(self, value: str, name: str) -> str:
        """Write a text that a point or a column of that name is compared with."""
        words = ATTRIBUTE_VALUES.get(name.removeprefix(_DEVICE), {}).get(value)
        return self.say(*words) if words else write_word(name, value, self.language)

    def _point(self, spec: PointSpec, name: str) -> str:
        """Name a point; of many with one name, such as ports, say which."""
        word = name_point(spec, self.language)
        word = word if word[:2].isupper() else word[:1].lower() + word[1:]
        return self.say(f"{word}（{name}）", f"{word} ({name})") if "*" in spec.name else word

    def _other(self, point: str, whose: Pair) -> str:
        spec = self.context.vocabulary.find_anywhere(point)
        word = self._point(spec, point) if spec else point
        return self.say(f"{whose[0]}的{word}", f"{word} ({whose[1]})")
