"""The functions of the language by name, and those about points and conditions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from math import inf

from rules.hour import NOTHING, Hour, Range
from rules.language import group, happening, moment, outlook
from rules.language.arguments import check_arguments
from rules.language.compiler import Builder, Compiler
from rules.language.node import Node, Run, Type
from rules.language.of_model import build_has, of_model
from rules.language.of_window import MAKERS, build_window
from rules.state import NEVER, DeviceState
from rules.tracker import Duration, Previous, Slots, Streak

_DAY = 86_400.0
_EAST = 8 * 3_600.0


def _abs(compiler: Compiler, call: ast.Call) -> Node:
    check_arguments(compiler, call, 1)
    part = compiler.number(call.args[0])
    inner = part.run

    def run(d: DeviceState) -> float | None:
        value = inner(d)
        return None if value is None else abs(value)

    return Node(type=Type.NUMBER, run=run, static=part.static, reach=outlook.reach_abs(part))


def _pick(choose: Callable[[list[float]], float]) -> Builder:
    def build(compiler: Compiler, call: ast.Call) -> Node:
        check_arguments(compiler, call, max(1, len(call.args)))
        parts = [compiler.number(each) for each in of_model(compiler, call.args)]
        if len(parts) == 1:
            return parts[0]
        runs = [part.run for part in parts]

        def run(d: DeviceState) -> float | None:
            values = [each(d) for each in runs]
            return None if None in values else choose(values)

        sources = [part.source for part in parts]
        return Node(
            type=Type.NUMBER,
            run=run,
            source=f"{choose.__name__}({', '.join(sources)})" if all(sources) else "",
            reach=outlook.reach_all(parts, choose),
        )

    return build


def _previous(compiler: Compiler, call: ast.Call) -> Node:
    check_arguments(compiler, call, 1)
    slot, spec = compiler.point(call.args[0])
    index = compiler.scope.observe(slot, f"previous({spec.name})", Previous)
    kind = compiler.build(call.args[0]).type

    def reach(d: DeviceState, hour: Hour) -> Range:
        values, from_start = hour.before(slot)
        last = d.trackers[index].last
        known = [*values, last] if from_start and last is not None else values
        return (min(known), max(known)) if known else NOTHING

    return Node(
        type=kind,
        run=lambda d: d.trackers[index].value,
        choices=spec.values,
        reach=reach if kind is Type.NUMBER else None,
    )


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
    **{name: build_window(name) for name in MAKERS},
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
