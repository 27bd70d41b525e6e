"""The parts of an expression in plain words: logic, comparisons, arithmetic, calls."""

from __future__ import annotations

import ast
from collections.abc import Callable

from hub.model.catalogue import PointSpec
from hub.model.wording import Pair, write_known, write_number, write_unit
from rules.prose.term import Context, Terms

_OPERATORS: dict[str, Pair] = {
    "Eq": ("为", " is "), "NotEq": ("不为", " is not "), "In": ("为", " is "),
    "NotIn": ("不为", " is not "), "Lt": ("小于", " is below "), "LtE": ("不大于", " is at most "),
    "Gt": ("大于", " is above "), "GtE": ("不小于", " is at least "),
}  # fmt: skip
_NUMERIC = _OPERATORS | {"Eq": ("等于", " is "), "NotEq": ("不等于", " is not ")}
_SIGNS = {"Add": "+", "Sub": "−", "Mult": "×", "Div": "÷", "FloorDiv": "÷", "Mod": "mod"}
_JOINTS: dict[str, Pair] = {"And": ("，且", ", and "), "Or": ("，或", ", or ")}
_ELAPSED = frozenset({"age", "duration"})
_SAME_UNIT = frozenset(
    {"avg", "min", "max", "sum", "median", "delta", "previous", "abs", "least", "greatest"}
)


class Prose(Terms):
    """Writes one expression; whatever it has no words for stays as it is written."""

    def __init__(
        self, text: str, context: Context, calls: Callable[[Prose, ast.Call], str]
    ) -> None:
        super().__init__(text, context)
        self._calls = calls

    def write(self) -> str:
        """Write the whole expression as a sentence without its full stop."""
        text = self.condition(self.source.tree)
        return text[:1].upper() + text[1:]

    def condition(self, node: ast.expr, *, inner: bool = False) -> str:
        """Write a part that is true or false; brackets where it stands in another."""
        if isinstance(node, ast.BoolOp):
            joint = self.say(*_JOINTS[type(node.op).__name__])
            text = joint.join(self.condition(each, inner=True) for each in node.values)
            return self.say(f"（{text}）", f"({text})") if inner else text
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self._deny(node.operand)
        if isinstance(node, ast.Compare):
            return self._compare(node)
        if isinstance(node, ast.Call) or self.constant(node) is not None:
            return self.value(node)
        return self._state(node, holds=True)

    def value(self, node: ast.expr) -> str:
        """Write a part that is a number, a name or a call."""
        if self.constant(node) is not None:
            return self.text(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._calls(self, node)
        if isinstance(node, ast.BinOp):
            left, right = self._operand(node, node.left), self._operand(node, node.right)
            return f"{left} {_SIGNS[type(node.op).__name__]} {right}"
        return self.name(node)

    def _operand(self, whole: ast.BinOp, node: ast.expr) -> str:
        """Write one operand, in brackets where it would be read otherwise without them."""
        text = self.value(node)
        if not isinstance(node, ast.BinOp) or self.constant(node) is not None:
            return text
        looser = _is_sum(node) > _is_sum(whole)
        same = _is_sum(node) == _is_sum(whole) and node is whole.right
        return self.say(f"（{text}）", f"({text})") if looser or same else text

    def _deny(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name | ast.Attribute):
            return self._state(node, holds=False)
        text = self.condition(node)
        return self.say(f"并非（{text}）", f"not ({text})")

    def _state(self, node: ast.expr, *, holds: bool) -> str:
        name = self.dotted(node)
        if name.startswith("device."):
            word = self.column(name)
            zh, en = ("标明", "says") if holds else ("未标明", "does not say")
            return self.say(f"设备表{zh}“{word}”", f'the sheet {en} "{word}"')
        colon, word = self.say("：", ": "), write_known(holds, self.language)
        return f"{self.name(node)}{colon}{word}"

    def _compare(self, node: ast.Compare) -> str:
        parts = [node.left, *node.comparators]
        words = [self._side(each, parts[i - 1] if i else parts[1]) for i, each in enumerate(parts)]
        text = words[0]
        for op, word in zip(node.ops, words[1:], strict=True):
            is_number = word[:1].isdigit() or word[:1] == "-"
            pairs = _NUMERIC if is_number else _OPERATORS
            text += self.say(*pairs[type(op).__name__])
            text += (self.say(" ", "") if is_number else "") + word
        return text

    def _side(self, node: ast.expr, other: ast.expr) -> str:
        """Write one side of a comparison in the words and the unit of the other."""
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return self.say("、", " or ").join(self._side(each, other) for each in node.elts)
        fixed = self.constant(node)
        if fixed is None:
            return self.value(node)
        if _is_call(other, _ELAPSED):
            return self.seconds(node)
        if isinstance(fixed, str):
            return self.word(fixed, self.dotted(other))
        spec = self._measured(other)
        unit = f" {write_unit(spec.unit, self.language)}" if spec and spec.unit else ""
        return write_number(fixed) + unit

    def _measured(self, node: ast.expr) -> PointSpec | None:
        """Return the point whose unit a part has; None where it has none."""
        if isinstance(node, ast.BinOp):
            return self._measured(node.left) or self._measured(node.right)
        if isinstance(node, ast.Call):
            return self._measured(node.args[0]) if _is_call(node, _SAME_UNIT) else None
        return self.find_point(node)


def _is_sum(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.Add | ast.Sub)


def _is_call(node: ast.expr, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
