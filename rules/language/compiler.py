"""Compiles a checked subset of Python's expressions to closures over a device's state."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from hub.model.catalogue import PointSpec
from rules.duration import parse_duration
from rules.language.node import Node, Type, truth
from rules.language.part import BUILDERS
from rules.language.scope import Scope
from rules.language.syntax import ExpressionError, Source, nearest

Builder = Callable[["Compiler", ast.Call], Node]


class Compiler:
    """Walks one expression; every fault is an ExpressionError at the word."""

    def __init__(self, source: Source, scope: Scope, functions: dict[str, Builder]) -> None:
        self.source = source
        self.scope = scope
        self.functions = functions

    def within(self, scope: Scope) -> Compiler:
        """Return a compiler of the same text in another scope."""
        return Compiler(self.source, scope, self.functions)

    def fail(
        self, node: ast.expr | ast.keyword, en: str, zh: str, hint: str = ""
    ) -> ExpressionError:
        """Make the error that points at `node`."""
        return ExpressionError(en, zh, start=self.source.start(node), hint=hint)

    def build(self, node: ast.expr) -> Node:
        """Compile any part."""
        builder = BUILDERS.get(type(node))
        if builder is None:
            what = type(node).__name__
            raise self.fail(node, f"{what} is not part of the language", f"不支持的写法 {what}")
        return builder(self, node)

    def condition(self, node: ast.expr) -> Node:
        """Compile a part that must be true or false."""
        part = self.build(node)
        if part.type is Type.ANY:
            run = part.run
            return Node(type=Type.BOOL, run=lambda d: truth(run(d)), static=part.static)
        return self._expect(part, Type.BOOL, node)

    def number(self, node: ast.expr) -> Node:
        """Compile a part that must be a number."""
        return self._expect(self.build(node), Type.NUMBER, node)

    def text(self, node: ast.expr) -> str:
        """Return a text that stands in the expression itself, or a parameter's."""
        part = self.build(node)
        if not (part.constant and isinstance(part.value, str)):
            raise self.fail(node, "a quoted text is needed here", "此处应为带引号的文字")
        return part.value

    def seconds(self, node: ast.expr) -> float:
        """Return a length of time such as '15m', or a number of seconds."""
        part = self.build(node)
        value = part.value
        if not part.constant or isinstance(value, bool) or value is None:
            raise self.fail(
                node, "a length of time such as '15m' is needed", "此处应为时长，如 '15m'"
            )
        try:
            length = parse_duration(value) if isinstance(value, str) else float(value)
        except ValueError as error:
            raise self.fail(node, str(error), f"时长写法有误：{value!r}") from None
        if length <= 0:
            raise self.fail(node, "the length of time must be above 0", "时长必须大于 0")
        return length

    def point(self, node: ast.expr) -> tuple[int, PointSpec]:
        """Return (slot, what it is) of a part that must be a point of the device itself."""
        words = self.words(node)
        slot = self.scope.use_point(".".join(words)) if words else None
        if slot is None:
            raise self.fail(
                node, "the name of a point is needed here", "此处应为测点名", self.near(words)
            )
        return slot, self.scope.plan.specs[slot]

    def words(self, node: ast.expr) -> list[str]:
        """Return the words of a dotted name; empty for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(self.source.attribute(node))
            node = node.value
        return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else []

    def near(self, words: Sequence[str]) -> str:
        """Return a sentence that offers the nearest point."""
        plan = self.scope.plan
        return nearest(".".join(words), plan.vocabulary.point_names(plan.kind))

    def _expect(self, part: Node, kind: Type, node: ast.expr) -> Node:
        if part.type is kind or part.type is Type.ANY:
            return part
        hint = "compare it / 请写成比较" if part.type is Type.ELAPSED else ""
        raise self.fail(node, f"needs {kind}, this is {part.type}", f"类型不符：应为 {kind}", hint)
