"""Reading names: the device's own points, its attributes, its place, and other devices' points."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hub.model.catalogue import PointType
from hub.model.device import Kind
from rules.language.certainty import of_point
from rules.language.node import Node, Reach, Run, Type, constant, truth
from rules.language.syntax import ExpressionError, nearest
from rules.plan import Plan
from rules.state import NEVER, DeviceState

if TYPE_CHECKING:
    from rules.language.compiler import Compiler

_DEVICE_FIELDS = ("id", "kind", "model", "place", "link", "name", "lane")
_PLACE_FIELDS = ("path", "name", "kind", "grid_code")
_TYPES = {
    PointType.BOOL: Type.BOOL,
    PointType.NUMBER: Type.NUMBER,
    PointType.COUNTER: Type.NUMBER,
    PointType.ENUM: Type.TEXT,
    PointType.TEXT: Type.TEXT,
}


def own_point(plan: Plan, slot: int) -> Node:
    """Read a point of the device itself."""
    spec = plan.specs[slot]
    life = plan.lives[slot]
    source, reach = "", None
    if _TYPES[spec.type] is Type.NUMBER:
        source, reach = spec.name, _reach_point(slot)
    if not life:
        return Node(
            type=_TYPES[spec.type],
            run=lambda d: d.values[slot],
            choices=spec.values,
            slot=slot,
            sure=of_point(slot, _TYPES[spec.type], spec.values),
            seen=slot,
            source=source,
            reach=reach,
            may=lambda d, hour, wanted: wanted in hour.seen(d, slot),
        )

    def run(d: DeviceState) -> Any:  # noqa: ANN401
        end = d.ats[slot] + life
        if d.now >= end:
            return None
        if end < d.wake:  # noqa: PLR1730 - for each rule at each reading, and min is a call
            d.wake = end
        return d.raw[slot]

    return Node(
        type=_TYPES[spec.type],
        run=run,
        choices=spec.values,
        source=source,
        reach=reach,
        may=lambda d, hour, wanted: wanted in hour.seen(d, slot),
        seen=slot,
    )


def _reach_point(slot: int) -> Reach:
    return lambda d, hour: hour.reach(d, slot)


def read_other(d: DeviceState, other: DeviceState | None, name: str) -> Any:  # noqa: ANN401
    """Read a point of another device in the context of `d`; None where there is none."""
    if other is None:
        return None
    slot = other.plan.slot_by_point.get(name)
    if slot is None:
        return other.device.attributes.get(name)
    life = other.plan.lives[slot]
    if not life:
        return other.values[slot]
    end = other.ats[slot] + life
    if d.now >= end or end == NEVER:
        return None
    d.wake = min(d.wake, end)
    return other.raw[slot]


def peer_of(compiler: Compiler, node: ast.expr) -> tuple[str, str] | None:
    """Return (kind, point) of `peer('lpr_camera').point`; None for any other name."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(compiler.source.attribute(node))
        node = node.value
    is_peer = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    if not is_peer or not words or node.func.id != "peer":  # type: ignore[attr-defined]
        return None
    arguments = node.args  # type: ignore[attr-defined]
    if len(arguments) != 1:
        raise compiler.fail(
            node, "peer takes the kind of the other device", "peer 需要对方的设备类型"
        )
    kind = compiler.text(arguments[0])
    if kind not in list(Kind):
        raise compiler.fail(
            arguments[0],
            f"there is no kind {kind!r}",
            f"没有设备类型 {kind!r}",
            nearest(kind, Kind),
        )
    return kind, ".".join(reversed(words))


def foreign(compiler: Compiler, node: ast.expr, kind: str, name: str) -> Node:
    """Read a point of the device of that kind in the same lane."""
    vocabulary = compiler.scope.plan.vocabulary
    spec = vocabulary.find_point(Kind(kind), name)
    if spec is None:
        known = vocabulary.point_names(Kind(kind))
        raise compiler.fail(
            node, f"{kind} has no point {name!r}", f"{kind} 没有测点 {name!r}", nearest(name, known)
        )
    compiler.scope.foreign[kind, name] = None
    compiler.scope.on_change = True
    return Node(
        type=_TYPES[spec.type],
        run=lambda d: read_other(d, d.peers.get(kind), name),
        choices=spec.values,
    )


def _param(compiler: Compiler, node: ast.expr, name: str) -> Node:
    params = compiler.scope.params
    if name not in params:
        raise compiler.fail(
            node, f"there is no parameter {name!r}", f"没有参数 {name!r}", nearest(name, params)
        )
    return constant(params[name])


def _device(_compiler: Compiler, _node: ast.expr, name: str) -> Node:
    if name in _DEVICE_FIELDS:
        return Node(type=Type.TEXT, run=lambda d: str(getattr(d.device, name)), static=True)
    return Node(type=Type.ANY, run=lambda d: d.device.attributes.get(name), static=True)


def _place(_compiler: Compiler, _node: ast.expr, name: str) -> Node:
    def run(d: DeviceState) -> Any:  # noqa: ANN401
        for place in d.place:
            value = place.attributes.get(name)
            if value is not None:
                return value
        return None

    def field(d: DeviceState) -> str | None:
        return str(getattr(d.place[0], name)) if d.place else None

    is_field = name in _PLACE_FIELDS
    kind, read = (Type.TEXT, field) if is_field else (Type.ANY, run)
    return Node(type=kind, run=read, static=True)


def _upstream(compiler: Compiler, _node: ast.expr, name: str) -> Node:
    spec = compiler.scope.plan.vocabulary.find_anywhere(name)
    compiler.scope.foreign["upstream", name] = None
    compiler.scope.on_change = True
    run: Run = lambda d: read_other(d, d.upstream, name)  # noqa: E731
    return Node(type=_TYPES[spec.type] if spec else Type.ANY, run=run)


RELATIONS: dict[str, Callable[[Compiler, ast.expr, str], Node]] = {
    "param": _param,
    "device": _device,
    "place": _place,
    "upstream": _upstream,
}

__all__ = ["RELATIONS", "ExpressionError", "foreign", "own_point", "peer_of", "read_other", "truth"]
