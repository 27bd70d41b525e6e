"""Compiles the parts of an expression: values, names, logic, arithmetic, calls."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rules.language import access, logic
from rules.language.comparison import compare
from rules.language.node import Node, constant
from rules.language.syntax import nearest

if TYPE_CHECKING:
    from rules.language.compiler import Compiler

_WORDS = {"true": True, "false": False}


def literal(compiler: Compiler, node: ast.Constant) -> Node:
    """Compile a number, a text, true or false."""
    if isinstance(node.value, bool | int | float | str):
        return constant(node.value)
    raise compiler.fail(node, f"{node.value!r} is no value", f"{node.value!r} 不是可用的值")


def join(compiler: Compiler, node: ast.BoolOp) -> Node:
    """Compile `and` and `or`."""
    parts = [compiler.condition(value) for value in node.values]
    return logic.join_all(parts) if isinstance(node.op, ast.And) else logic.join_any(parts)


def unary(compiler: Compiler, node: ast.UnaryOp) -> Node:
    """Compile `not` and signs."""
    if isinstance(node.op, ast.Not):
        return logic.negate(compiler.condition(node.operand))
    part = compiler.number(node.operand)
    if isinstance(node.op, ast.UAdd):
        return part
    if not isinstance(node.op, ast.USub):
        raise compiler.fail(node, "this sign is not part of the language", "不支持的运算符")
    if part.constant and isinstance(part.value, int | float):
        return constant(-part.value)
    return logic.calculate("Sub", constant(0), part)


def calculate(compiler: Compiler, node: ast.BinOp) -> Node:
    """Compile arithmetic."""
    name = type(node.op).__name__
    if name not in logic.ARITHMETIC:
        raise compiler.fail(node, f"{name} is not part of the language", "不支持的运算符")
    left, right = compiler.number(node.left), compiler.number(node.right)
    return logic.calculate(name, left, right)


def call_function(compiler: Compiler, node: ast.Call) -> Node:
    """Compile a call of a function of the language."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    builder = compiler.functions.get(name)
    if builder is None:
        hint = nearest(name, compiler.functions) if name else ""
        raise compiler.fail(node, f"there is no function {name!r}", f"没有函数 {name!r}", hint)
    return builder(compiler, node)


def read_name(compiler: Compiler, node: ast.Name | ast.Attribute) -> Node:
    """Compile a name: a point, a parameter, an attribute, a point of another device."""
    relation = access.peer_of(compiler, node)
    if relation:
        return access.foreign(compiler, node, *relation)
    words = compiler.words(node)
    if len(words) == 1 and words[0] in _WORDS:
        return constant(_WORDS[words[0]])
    if not words:
        raise compiler.fail(node, "this is no name", "不是名称")
    slot = compiler.scope.use_point(".".join(words))
    if slot is not None:
        return access.own_point(compiler.scope.plan, slot)
    if len(words) > 1 and words[0] in access.RELATIONS:
        return access.RELATIONS[words[0]](compiler, node, ".".join(words[1:]))
    name = ".".join(words)
    raise compiler.fail(
        node, f"there is no point {name!r}", f"没有测点 {name!r}", compiler.near(words)
    )


BUILDERS: dict[type[ast.expr], Callable[[Compiler, Any], Node]] = {
    ast.BoolOp: join,
    ast.UnaryOp: unary,
    ast.Compare: compare,
    ast.BinOp: calculate,
    ast.Call: call_function,
    ast.Name: read_name,
    ast.Attribute: read_name,
    ast.Constant: literal,
}
"""Which kinds of syntax the language has; every other is refused."""
