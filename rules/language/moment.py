"""Functions about the time and about silence."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from math import inf

from rules.language.arguments import check_arguments
from rules.language.compiler import Compiler
from rules.language.node import Node, Run, Type
from rules.language.syntax import nearest
from rules.rule import Span
from rules.state import DeviceState

_DAY = 86_400.0
_EAST = 8 * 3_600.0
_WEEK = 7
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_FIRST_MONDAY = 4
"""1 January 1970 was a Thursday: day 4 of the epoch is the first Monday."""


def parse_clock(text: str) -> float:
    """Return the seconds of the day of `22:00`; ValueError for anything else."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time of day; write 22:00")
    return _DAY if match[1] is None else int(match[1]) * 3600.0 + int(match[2]) * 60.0


def silent(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `silent('3m')` or `silent(3)` (periods of the device's own heartbeat)."""
    check_arguments(compiler, call, 1)
    compiler.scope.silence = True
    part = compiler.build(call.args[0])
    if isinstance(part.value, str):
        span = compiler.seconds(call.args[0])
        compiler.scope.plan.notice_silence(span)
        return Node(type=Type.BOOL, run=_silent(lambda _: span))
    if not part.constant or isinstance(part.value, bool) or not part.value or part.value < 0:
        raise compiler.fail(
            call.args[0], "write a length such as '3m', or periods", "请写时长（如 '3m'）或周期数"
        )
    periods = float(part.value)
    compiler.scope.plan.notice_silence(periods * (compiler.scope.plan.heartbeat or 60.0))
    return Node(type=Type.BOOL, run=_silent(lambda d: periods * (d.plan.heartbeat or 60.0)))


def _silent(length: Callable[[DeviceState], float]) -> Run:
    def run(d: DeviceState) -> bool | None:
        contact = d.contact
        base, listened = contact.silence(d.now)
        if base is None:
            contact.doubted = True
            return False
        due = base + length(d)
        silent_now = due <= d.now
        contact.doubted = contact.doubted or silent_now or not listened
        if silent_now:
            return True
        d.wake = min(d.wake, due)
        return False if listened else None

    return run


def time_between(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `time_between('22:00','06:00')`: from the first until just before the second."""
    check_arguments(compiler, call, 2)
    edges = []
    for each in call.args:
        try:
            edges.append(parse_clock(compiler.text(each)))
        except ValueError as error:
            raise compiler.fail(each, str(error), "时刻写法有误，请写 22:00") from None
    every_day = Span(days=frozenset(range(_WEEK)), start=edges[0], end=edges[1])
    return Node(type=Type.BOOL, run=_within((every_day,)))


def in_schedule(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `in_schedule('name')` for a schedule of the rule files."""
    check_arguments(compiler, call, 1)
    name = compiler.text(call.args[0])
    schedules = compiler.scope.schedules
    if name not in schedules:
        raise compiler.fail(
            call.args[0],
            f"there is no schedule {name!r}",
            f"没有时间表 {name!r}",
            nearest(name, schedules),
        )
    return Node(type=Type.BOOL, run=_within(schedules[name]))


def _within(spans: tuple[Span, ...]) -> Run:
    memo = [inf, -inf, False]

    def run(d: DeviceState) -> bool:
        if not memo[0] <= d.now < memo[1]:
            memo[:] = locate(spans, d.now)
        d.wake = min(d.wake, memo[1])
        return bool(memo[2])

    return run


def locate(spans: tuple[Span, ...], now: float) -> tuple[float, float, bool]:
    """Return (start, end, inside) of the stretch around `now` in which the answer is the same."""
    today = int((now + _EAST) // _DAY)
    start, end, inside = (today - 1) * _DAY - _EAST, (today + _WEEK + 1) * _DAY - _EAST, False
    for day in range(today - 1, today + _WEEK + 1):
        midnight = day * _DAY - _EAST
        for span in spans:
            if (day - _FIRST_MONDAY) % _WEEK not in span.days:
                continue
            left = midnight + span.start
            right = midnight + span.end + (_DAY if span.end <= span.start else 0.0)
            inside = inside or left <= now < right
            for edge in (left, right):
                start = max(start, edge) if edge <= now else start
                end = min(end, edge) if edge > now else end
    return start, end, inside
