"""The functions of the language by name, and those about points and conditions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from math import inf

from hub.model.catalogue import PointType
from rules.language import group, happening, moment
from rules.language.arguments import check_arguments
from rules.language.compiler import Builder, Compiler
from rules.language.node import Node, Run, Type
from rules.language.of_model import build_has, of_model
from rules.state import NEVER, DeviceState
from rules.summary import Extreme, Median, Summary
from rules.tracker import Duration, Previous, Slots, Streak
from rules.weight import (
    CounterStep,
    Weigh,
    take_change,
    take_one,
    take_step,
    take_value,
)
from rules.window import Window

_DAY = 86_400.0
_EAST = 8 * 3_600.0
_MAKERS: dict[str, Callable[[float], Summary]] = {
    "avg": lambda _: Summary("mean"),
    "sum": lambda _: Summary(),
    "count": lambda _: Summary("count"),
    "min": lambda _: Extreme(-1),
    "max": lambda _: Extreme(1),
    "median": lambda _: Median(),
    "delta": lambda _: Summary(),
    "rate": lambda span: Summary(scale=1 / span),
    "changes": lambda _: Summary(),
}
_ANY_POINT = frozenset({"count", "changes"})


def _weigh_for(name: str, kind: PointType, roll_over: float | None) -> Callable[[], Weigh]:
    if name == "changes":
        return lambda: take_change
    if name not in {"delta", "rate"}:
        return lambda: take_one if name == "count" else take_value
    if kind is PointType.COUNTER:
        return lambda: CounterStep(roll_over)
    return lambda: take_step


def _window(name: str) -> Builder:
    def build(compiler: Compiler, call: ast.Call) -> Node:
        options = check_arguments(compiler, call, 2, "before")
        slot, spec = compiler.point(call.args[0])
        if spec.type in {PointType.ENUM, PointType.TEXT} and name not in _ANY_POINT:
            raise compiler.fail(call.args[0], f"{name} needs a number", f"{name} 需要数值测点")
        span = compiler.seconds(call.args[1])
        before = compiler.seconds(options["before"]) if options else 0.0
        compiler.scope.plan.need_history(before + span)
        weigh = _weigh_for(name, spec.type, spec.roll_over)
        key = f"{name}({spec.name},{span:g},{before:g})"
        index = compiler.scope.observe(
            slot,
            key,
            lambda: Window(_MAKERS[name](span), weigh(), span=span, before=before),
        )
        return Node(type=Type.NUMBER, run=_read_window(index), source=key)

    return build


def _read_window(index: int) -> Run:
    def run(d: DeviceState) -> float | None:
        value, wake = d.trackers[index].read(d.now)
        if wake < d.wake:  # noqa: PLR1730 - for each rule at each reading, and min is a call
            d.wake = wake
        return value  # type: ignore[no-any-return]

    return run


def _abs(compiler: Compiler, call: ast.Call) -> Node:
    check_arguments(compiler, call, 1)
    part = compiler.number(call.args[0]).run

    def run(d: DeviceState) -> float | None:
        value = part(d)
        return None if value is None else abs(value)

    return Node(type=Type.NUMBER, run=run)


def _pick(choose: Callable[[list[float]], float]) -> Builder:
    def build(compiler: Compiler, call: ast.Call) -> Node:
        check_arguments(compiler, call, max(1, len(call.args)))
        runs = [compiler.number(each).run for each in of_model(compiler, call.args)]

        def run(d: DeviceState) -> float | None:
            values = [each(d) for each in runs]
            return None if None in values else choose(values)

        return Node(type=Type.NUMBER, run=run)

    return build


def _previous(compiler: Compiler, call: ast.Call) -> Node:
    check_arguments(compiler, call, 1)
    slot, spec = compiler.point(call.args[0])
    index = compiler.scope.observe(slot, f"previous({spec.name})", Previous)
    kind = compiler.build(call.args[0]).type
    return Node(type=kind, run=lambda d: d.trackers[index].value, choices=spec.values)


def _age(compiler: Compiler, call: ast.Call) -> Node:
    check_arguments(compiler, call, 1)
    slot, _ = compiler.point(call.args[0])
    compiler.scope.sampled[slot] = None

    def run(d: DeviceState) -> float | None:
        at = d.ats[slot]
        return None if at == NEVER else at

    return Node(type=Type.ELAPSED, run=run)


def _inside(compiler: Compiler, node: ast.expr, *, instant: bool) -> tuple[Run, Compiler]:
    inner = compiler.within(compiler.scope.inner())
    part = inner.condition(node)
    if inner.scope.instant and not instant:
        raise compiler.fail(node, "an instant has no length", "瞬时事件没有时长")
    return part.run, inner


def _key(compiler: Compiler, call: ast.Call) -> str:
    text = ast.unparse(call)
    return f"{text}{sorted(compiler.scope.params.items())}" if "param" in text else text


def _streak(compiler: Compiler, call: ast.Call) -> Node:
    check_arguments(compiler, call, 2)
    condition, inner = _inside(compiler, call.args[0], instant=True)
    wanted = compiler.build(call.args[1]).value
    if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
        raise compiler.fail(call.args[1], "a whole number above 0 is needed", "此处应为正整数")
    index = compiler.scope.settle(inner.scope, condition, _key(compiler, call), Streak)

    def run(d: DeviceState) -> bool | None:
        return None if condition(d) is None else d.trackers[index].count >= wanted

    return Node(type=Type.BOOL, run=run)


def _slots(compiler: Compiler, call: ast.Call) -> Node:
    check_arguments(compiler, call, 3)
    return _count_slots(compiler, call, compiler.seconds(call.args[1]), call.args[2])


def _days(compiler: Compiler, call: ast.Call) -> Node:
    check_arguments(compiler, call, 2)
    return _count_slots(compiler, call, _DAY, call.args[1])


def _count_slots(compiler: Compiler, call: ast.Call, size: float, length: ast.expr) -> Node:
    span = compiler.seconds(length)
    if span < size:
        raise compiler.fail(length, "this is shorter than one slot", "时长小于一个时段")
    condition, inner = _inside(compiler, call.args[0], instant=True)
    scope = compiler.scope
    scope.take_in(inner.scope)
    index, _ = scope.plan.track(_key(compiler, call), lambda: Slots(size, span, _EAST))

    def settle(d: DeviceState) -> None:
        d.trackers[index].settle(d.now, condition(d))

    def partial(d: DeviceState) -> int:
        count, _, wake = d.trackers[index].read(d.now)
        d.wake = min(d.wake, wake)
        return count  # type: ignore[no-any-return]

    def run(d: DeviceState) -> int | None:
        count, full, wake = d.trackers[index].read(d.now)
        d.wake = min(d.wake, wake)
        return count if full else None

    scope.always.append(settle)
    return Node(type=Type.NUMBER, run=run, partial=partial)


def _duration(compiler: Compiler, call: ast.Call) -> Node:
    check_arguments(compiler, call, 1)
    condition, inner = _inside(compiler, call.args[0], instant=False)
    scope = compiler.scope
    scope.take_in(inner.scope)
    gap = inner.scope.gap
    index, _ = scope.plan.track(_key(compiler, call), lambda: Duration(gap))

    def settle(d: DeviceState) -> None:
        d.trackers[index].settle(d.now, condition(d))

    def run(d: DeviceState) -> float | None:
        tracker = d.trackers[index]
        if tracker.unknown is not None:
            return None
        return inf if tracker.since is None else tracker.since

    scope.always.append(settle)
    return Node(type=Type.ELAPSED, run=run)


FUNCTIONS: dict[str, Builder] = {
    **{name: _window(name) for name in _MAKERS},
    "least": _pick(min),
    "greatest": _pick(max),
    "abs": _abs,
    "previous": _previous,
    "has": build_has,
    "age": _age,
    "streak": _streak,
    "slots": _slots,
    "days": _days,
    "duration": _duration,
    "silent": moment.silent,
    "time_between": moment.time_between,
    "in_schedule": moment.in_schedule,
    "event": happening.event,
    "command": happening.command,
    "count_events": happening.count_events,
    "distinct_events": happening.distinct_events,
    "followed": happening.followed,
    "sibling_share": group.sibling_share,
    "children_count": group.children_count,
    "children_sum": group.children_sum,
}
