"""Functions over the readings of a window: means, extremes, sums, steps, changes."""

from __future__ import annotations

import ast
from collections.abc import Callable

from hub.model.catalogue import PointType
from rules.hour import ANYTHING, Hour, Range
from rules.language.arguments import check_arguments
from rules.language.compiler import Builder, Compiler
from rules.language.node import Node, Reach, Run, Type
from rules.prospect import reach_of_window
from rules.state import DeviceState
from rules.summary import Extreme, Median, Summary
from rules.weight import (
    CounterStep,
    Weigh,
    take_change,
    take_one,
    take_step,
    take_value,
)
from rules.window import Window

MAKERS: dict[str, Callable[[float], Summary]] = {
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
"""Function → its summary, by the length of the window."""
_ANY_POINT = frozenset({"count", "changes"})


def _weigh_for(name: str, kind: PointType, roll_over: float | None) -> Callable[[], Weigh]:
    if name == "changes":
        return lambda: take_change
    if name not in {"delta", "rate"}:
        return lambda: take_one if name == "count" else take_value
    if kind is PointType.COUNTER:
        return lambda: CounterStep(roll_over)
    return lambda: take_step


def build_window(name: str) -> Builder:
    """Return what compiles a function over the readings of a window."""

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
            lambda: Window(MAKERS[name](span), weigh(), span=span, before=before),
        )
        return Node(
            type=Type.NUMBER, run=_read_window(index), source=key, reach=_reach_window(index, slot)
        )

    return build


def _read_window(index: int) -> Run:
    def run(d: DeviceState) -> float | None:
        value, wake = d.trackers[index].read(d.now)
        if wake < d.wake:  # noqa: PLR1730 - for each rule at each reading, and min is a call
            d.wake = wake
        return value  # type: ignore[no-any-return]

    return run


def _reach_window(index: int, slot: int) -> Reach:
    def reach(d: DeviceState, hour: Hour) -> Range:
        series = hour.series.get(slot)
        if series is None:
            return ANYTHING
        return reach_of_window(d.trackers[index], hour.start, hour.end, series)

    return reach
