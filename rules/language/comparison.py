"""Compiles comparisons and membership, and refuses those that cannot mean anything."""

from __future__ import annotations

import ast
from math import inf, nextafter
from typing import TYPE_CHECKING

from rules.language import certainty, logic, outlook
from rules.language.node import Head, Node, Run, Type, constant
from rules.language.syntax import nearest

if TYPE_CHECKING:
    from rules.language.compiler import Compiler

_FLIPPED = {"Lt": "Gt", "LtE": "GtE", "Gt": "Lt", "GtE": "LtE"}
_ORDERED = frozenset(_FLIPPED)


def compare(compiler: Compiler, node: ast.Compare) -> Node:
    """Compile a comparison, chained or not."""
    parts: list[Node] = []
    left = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        name = type(op).__name__
        if name in {"In", "NotIn"}:
            parts.append(_member(compiler, left, right, inside=name == "In"))
        elif name in logic.COMPARISONS:
            parts.append(_pair(compiler, name, left, right))
        else:
            raise compiler.fail(right, "use == or !=", "请用 == 或 !=")
        left = right
    return parts[0] if len(parts) == 1 else logic.join_all(parts)


def _member(compiler: Compiler, left: ast.expr, right: ast.expr, *, inside: bool) -> Node:
    if not isinstance(right, ast.Tuple | ast.List | ast.Set):
        en, zh = "write a list such as ('a', 'b')", "请写成列表，如 ('a', 'b')"
        raise compiler.fail(right, en, zh)
    part = compiler.build(left)
    members = [compiler.build(each) for each in right.elts]
    for each, member in zip(right.elts, members, strict=True):
        if not member.constant:
            raise compiler.fail(each, "only fixed values are possible here", "此处只能是固定值")
        _check_pair(compiler, "Eq", part, member, each)
    values = [member.value for member in members]
    run = logic.contained(part.run, values, inside=inside)
    may = outlook.may_be_in(part.seen, values, inside=inside) if part.seen >= 0 else None
    sure = certainty.of_members(part, values, inside=inside)
    return Node(type=Type.BOOL, run=run, static=part.static, may=may, sure=sure)


def _pair(compiler: Compiler, name: str, left: ast.expr, right: ast.expr) -> Node:
    a, b = compiler.build(left), compiler.build(right)
    if Type.ELAPSED in {a.type, b.type}:
        return Node(type=Type.BOOL, run=_elapsed(compiler, name, (a, left), (b, right)))
    _check_pair(compiler, name, a, b, right)
    _check_pair(compiler, name, b, a, left)
    return Node(
        type=Type.BOOL,
        run=_choose(name, a, b),
        head=_find_head(name, a, b),
        static=a.static and b.static,
        may=outlook.may_compare(name, a, b),
        sure=certainty.of_comparison(logic.COMPARISONS[name], a, b),
    )


def _choose(name: str, a: Node, b: Node) -> Run:
    if a.slot >= 0 and b.constant:
        return logic.compare_slot(name, a.slot, b.value)
    if a.partial or b.partial:
        return logic.compare_count(name, a, b)
    if b.constant:
        return logic.compare_constant(name, a.run, b.value)
    return logic.compare(name, a.run, b.run)


def _find_head(name: str, a: Node, b: Node) -> Head | None:
    """Return where a comparison of something with a fixed number is false."""
    if not (a.source and b.constant and isinstance(b.value, int | float)) or name not in _ORDERED:
        return None
    limit = float(b.value)
    if name in {"Gt", "GtE"}:
        high = limit if name == "Gt" else nextafter(limit, -inf)
        return Head(key=f"{a.source} above", read=a.run, high=high)
    low = limit if name == "Lt" else nextafter(limit, inf)
    return Head(key=f"{a.source} below", read=a.run, low=low)


def _elapsed(
    compiler: Compiler, name: str, a: tuple[Node, ast.expr], b: tuple[Node, ast.expr]
) -> Run:
    if a[0].type is not Type.ELAPSED:
        a, b, name = b, a, _FLIPPED.get(name, name)
    if name not in _ORDERED:
        raise compiler.fail(a[1], "compare an elapsed time with < or >", "时长请用 < 或 > 比较")
    limit = constant(compiler.seconds(b[1])) if b[0].constant else None
    if limit is None:
        raise compiler.fail(b[1], "compare it with a length such as '3m'", "请与时长比较，如 '3m'")
    return logic.compare_elapsed(name, a[0].run, limit.run)


def _check_pair(compiler: Compiler, name: str, part: Node, other: Node, node: ast.expr) -> None:
    if Type.ANY in {part.type, other.type}:
        return
    if part.type is not other.type:
        raise compiler.fail(
            node, f"{part.type} is compared with {other.type}", "比较的两边类型不同"
        )
    if name in _ORDERED and part.type is not Type.NUMBER:
        raise compiler.fail(node, f"{part.type} has no order", "该类型不能比较大小")
    strict = compiler.scope.plan.model is None
    if strict and part.choices and other.constant and other.value not in part.choices:
        raise compiler.fail(
            node,
            f"{other.value!r} is not one of {', '.join(part.choices)}",
            f"{other.value!r} 不在可选值之中",
            nearest(str(other.value), part.choices),
        )
