"""Functions about events and commands; a command is the event `command:NAME` inside the engine."""

from __future__ import annotations

import ast
from typing import Any

from rules.hour import Hour, Range
from rules.language.arguments import check_arguments
from rules.language.certainty import of_instant
from rules.language.compiler import Compiler
from rules.language.node import Node, Reach, Run, Type
from rules.language.syntax import nearest
from rules.state import DeviceState
from rules.tracker import EventCount, LastEvent

COMMAND = "command:"


def event(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `event('door.forced')`, or with fields of its data: `event('x', reader=2)`."""
    wanted = {}
    for each in call.keywords:
        part = compiler.build(each.value)
        if each.arg is None or not part.constant:
            raise compiler.fail(each.value, "a fixed value is needed", "此处应为固定值")
        wanted[each.arg] = part.value
    check_arguments(compiler, call, 1, *wanted)
    return _instant(compiler, event_name(compiler, call.args[0]), wanted)


def command(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `command('open')`: the instant at which the order was sent."""
    check_arguments(compiler, call, 1)
    return _instant(compiler, _command_name(compiler, call.args[0]), {})


def _instant(compiler: Compiler, name: str, wanted: dict[str, Any]) -> Node:
    compiler.scope.events[name] = None
    compiler.scope.instant = True

    def run(d: DeviceState) -> bool:
        return d.event == name and all(d.data.get(key) == wanted[key] for key in wanted)

    return Node(type=Type.BOOL, run=run, instant=True, sure=of_instant())


def event_name(compiler: Compiler, node: ast.expr) -> str:
    """Return the name of a known event, or of a command where `command('open')` is written."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        names = {"event": event_name, "command": _command_name}
        if node.func.id in names and not node.keywords:
            return names[node.func.id](compiler, node.args[0])
    name = compiler.text(node)
    plan = compiler.scope.plan
    known = plan.vocabulary.event_names(plan.kind)
    if name not in known:
        raise compiler.fail(
            node, f"{plan.kind} has no event {name!r}", f"没有事件 {name!r}", nearest(name, known)
        )
    return name


def _command_name(compiler: Compiler, node: ast.expr) -> str:
    name = compiler.text(node)
    plan = compiler.scope.plan
    known = plan.vocabulary.command_names(plan.kind)
    if known and name not in known:
        raise compiler.fail(
            node,
            f"{plan.kind} takes no command {name!r}",
            f"没有指令 {name!r}",
            nearest(name, known),
        )
    return COMMAND + name


def count_events(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `count_events(e,'10m')`, with `same='key'` (largest group) or `since='f'`."""
    options = check_arguments(compiler, call, 2, "same", "since")
    same = compiler.text(options["same"]) if "same" in options else ""
    since = event_name(compiler, options["since"]) if "since" in options else ""
    return _count(compiler, call, key=same, since=since, mode="same" if same else "all")


def distinct_events(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `distinct_events(e,'10m','key')`: how many different values the key has had."""
    check_arguments(compiler, call, 3)
    return _count(compiler, call, key=compiler.text(call.args[2]), since="", mode="distinct")


def _count(compiler: Compiler, call: ast.Call, *, key: str, since: str, mode: str) -> Node:
    name = event_name(compiler, call.args[0])
    span = compiler.seconds(call.args[1])
    index = compiler.scope.count(
        (name, since) if since else (name,),
        f"{mode}_events({name},{span:g},{key},{since})",
        lambda: EventCount(span, mode=mode, key=key, since=since),
    )
    return Node(type=Type.NUMBER, run=_read_count(index), reach=_reach_count(index), counter=index)


def _read_count(index: int) -> Run:
    def run(d: DeviceState) -> int:
        count, wake = d.trackers[index].read(d.now)
        d.wake = min(d.wake, wake)
        return count  # type: ignore[no-any-return]

    return run


def _reach_count(index: int) -> Reach:
    """While nothing happens a count only falls."""

    def reach(d: DeviceState, _hour: Hour) -> Range:
        return 0.0, float(d.trackers[index].read(d.now)[0])

    return reach


def followed(compiler: Compiler, call: ast.Call) -> Node:
    """Compile `followed(A,B,'1h')`: the instant of B when A came before it, at most 1 h ago."""
    check_arguments(compiler, call, 3)
    first, second = (event_name(compiler, each) for each in call.args[:2])
    if first == second:
        raise compiler.fail(call.args[1], "name two different events", "请写两个不同的事件")
    span = compiler.seconds(call.args[2])
    scope = compiler.scope
    index = scope.count((first,), f"last_event({first})", LastEvent)
    scope.events[second] = None
    scope.instant = True

    def run(d: DeviceState) -> bool:
        at = d.trackers[index].at
        return d.event == second and at is not None and 0 <= d.now - at < span

    return Node(type=Type.BOOL, run=run, instant=True, sure=of_instant())
