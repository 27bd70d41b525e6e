"""What a model has, in expressions: a meter of one phase lacks the points of the other two."""

from __future__ import annotations

import ast

from rules.language.arguments import check_arguments
from rules.language.compiler import Compiler
from rules.language.node import Node, constant


def of_model(compiler: Compiler, parts: list[ast.expr]) -> list[ast.expr]:
    """Leave out the points that the model does not have, where it has one of the others."""
    model = compiler.scope.plan.model
    names = [".".join(compiler.words(each)) for each in parts]
    if model is None or not any(name in model.points for name in names):
        return parts
    find = compiler.scope.plan.find_point
    return [
        part
        for part, name in zip(parts, names, strict=True)
        if name in model.points or find(name) is None
    ]


def build_has(compiler: Compiler, call: ast.Call) -> Node:
    """Build `has(point)`: whether the device's model has it."""
    check_arguments(compiler, call, 1)
    words, plan = compiler.words(call.args[0]), compiler.scope.plan
    name = ".".join(words)
    if plan.find_point(name) is None:
        raise compiler.fail(
            call.args[0],
            "the name of a point is needed here",
            "此处应为测点名",
            compiler.near(words),
        )
    return constant(plan.model is None or name in plan.model.points)
