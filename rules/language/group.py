"""Functions about many devices: those beside this one, and those that hang below it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from math import inf
from typing import Any

from hub.model.device import Kind
from rules.language.arguments import check_arguments
from rules.language.compiler import Compiler
from rules.language.node import Node, Run, Type
from rules.language.scope import Scope
from rules.language.syntax import ExpressionError
from rules.plan import Group, Plan
from rules.state import DeviceState

_Build = Callable[[Compiler, ast.expr], Node]


def sibling_share(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `sibling_share(expr)`: the share for which it is true, among those known.

    Siblings have the same kind and upstream, or without one the same place; the device is one.
    """
    check_arguments(compiler, call, 1)
    inner = compiler.within(compiler.scope.inner())
    _condition(inner, call.args[0])
    compiler.scope.take_in(inner.scope)
    key = _add_group(compiler, call, "siblings", _condition)

    def run(d: DeviceState) -> float | None:
        known = [answer for answer in _ask(d, "siblings", key) if answer is not None]
        return sum(map(bool, known)) / len(known) if known else None

    return Node(type=Type.NUMBER, run=run)


def children_count(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `children_count(expr)`: for how many devices below this one it is true."""
    check_arguments(compiler, call, 1)
    _find_kind(compiler, call.args[0], _condition)
    key = _add_group(compiler, call, "children", _condition)

    def run(d: DeviceState) -> int:
        return sum(1 for answer in _ask(d, "children", key) if answer)

    return Node(type=Type.NUMBER, run=run)


def children_sum(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `children_sum(p)`: the sum over the devices below; unknown if one is unknown."""
    check_arguments(compiler, call, 1)
    _find_kind(compiler, call.args[0], _number)
    key = _add_group(compiler, call, "children", _number)

    def run(d: DeviceState) -> float | None:
        values = _ask(d, "children", key)
        return None if None in values or not values else sum(values)

    return Node(type=Type.NUMBER, run=run)


def _condition(compiler: Compiler, node: ast.expr) -> Node:
    return _plain(compiler, node, compiler.condition(node))


def _number(compiler: Compiler, node: ast.expr) -> Node:
    return _plain(compiler, node, compiler.number(node))


def _plain(compiler: Compiler, node: ast.expr, part: Node) -> Node:
    scope = compiler.scope
    if scope.sampled or scope.events or scope.always or scope.foreign or scope.groups:
        raise compiler.fail(
            node, "only points of the device are possible in here", "此处只能使用设备自己的测点"
        )
    return part


def _find_kind(compiler: Compiler, node: ast.expr, build: _Build) -> None:
    """Refuse what no kind of device can answer, with the fault that this device's kind has."""
    scope = compiler.scope
    fault: ExpressionError | None = None
    for kind in (scope.plan.kind, *Kind):
        other = Scope(Plan(kind, scope.plan.vocabulary), scope.params, scope.schedules)
        try:
            build(compiler.within(other), node)
        except ExpressionError as error:
            fault = fault or error
        else:
            return
    if fault is not None:
        raise fault


def _add_group(compiler: Compiler, call: ast.Call, relation: str, build: _Build) -> str:
    params = compiler.scope.params
    schedules = compiler.scope.schedules
    node = call.args[0]

    def compile_for(plan: Plan) -> tuple[Run, tuple[int, ...]] | None:
        scope = Scope(plan, params, schedules)
        try:
            part = build(compiler.within(scope), node)
        except ExpressionError:
            return None
        return part.run, tuple(scope.slots)

    key = f"{ast.unparse(call)}{sorted(params.items())}"
    compiler.scope.groups[key] = Group(relation=relation, key=key, compile_for=compile_for)
    compiler.scope.on_change = True
    return key


def _ask(d: DeviceState, relation: str, key: str) -> list[Any]:
    answers = []
    for other in d.groups.get(relation, ()):
        compiled = other.plan.conditions.get(key)
        if compiled is None:
            continue
        now, wake = other.now, other.wake
        other.now, other.wake = d.now, inf
        answers.append(compiled[0](other))
        wake_of_answer = other.wake
        other.now, other.wake = now, wake
        d.wake = min(d.wake, wake_of_answer)
    return answers
