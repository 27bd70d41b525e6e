"""The functions of the language of rules in plain words."""

from __future__ import annotations

import ast
from collections.abc import Callable

from hub.model.wording import MISSED, Pair, write_event
from rules.prose.part import Prose

_WINDOWS: dict[str, Pair] = {
    "avg": ("平均值", "mean"),
    "min": ("最小值", "minimum"),
    "max": ("最大值", "maximum"),
    "sum": ("合计", "sum"),
    "median": ("中位数", "median"),
    "count": ("读数个数", "number of readings"),
    "changes": ("变化次数", "number of changes"),
    "delta": ("增量", "increase"),
    "rate": ("每秒增量", "increase per second"),
}
_PICKS: dict[str, Pair] = {"least": ("最小的", "least"), "greatest": ("最大的", "greatest")}


def write_call(prose: Prose, call: ast.Call) -> str:
    """Write a call of a function; one that has no words as it stands."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in _WINDOWS:
        return _window(prose, call, _WINDOWS[name])
    if name in _PICKS:
        parts = prose.say("、", ", ").join(prose.value(each) for each in call.args)
        zh, en = _PICKS[name]
        return prose.say(f"{parts}中{zh}", f"the {en} of {parts}")
    writer = _WRITERS.get(name)
    return writer(prose, call) if writer else ast.unparse(call)


def _window(prose: Prose, call: ast.Call, what: Pair) -> str:
    point, span = prose.value(call.args[0]), prose.seconds(call.args[1])
    before = prose.seconds(call.keywords[0].value) if call.keywords else ""
    zh = f"截至 {before}前的 {span}内" if before else f"最近 {span}内"
    en = f" up to {before} ago" if before else ""
    return prose.say(f"{point}{zh}的{what[0]}", f"the {what[1]} of {point} over {span}{en}")


def _quoted(prose: Prose, node: ast.expr) -> str:
    text = prose.condition(node)
    return prose.say(f"「{text}」", f"“{text}”")


def _event(prose: Prose, node: ast.expr) -> str:
    """Write what happens: a name, `event('x')` or `command('x')`."""
    name = node
    prefix = ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        prefix = "command:" if node.func.id == "command" else ""
        name = node.args[0]
    text = write_event(prefix + prose.text(name), prose.language)
    return text if prefix else prose.say(f"“{text}”", f'"{text}"')


def _happens(prose: Prose, call: ast.Call) -> str:
    what = _event(prose, call)
    if prose.text(call.args[0]).endswith(MISSED):
        return what
    fields = ", ".join(f"{each.arg} = {prose.text(each.value)}" for each in call.keywords)
    tail = prose.say(f"（{fields}）", f" ({fields})") if fields else ""
    return prose.say(f"发生{what}{tail}", f"{what}{tail} happens")


def _sent(prose: Prose, call: ast.Call) -> str:
    what = _event(prose, call)
    return prose.say(f"发出{what}", f"the {what} is sent")


def _count_events(prose: Prose, call: ast.Call) -> str:
    what, span = _event(prose, call.args[0]), prose.seconds(call.args[1])
    for each in call.keywords:
        if each.arg == "same":
            key = prose.text(each.value)
            what += prose.say(f"（{key} 相同）", f" of one {key}")
        else:
            first = _event(prose, each.value)
            what += prose.say(f"（自上次{first}起）", f" since the last {first}")
    return prose.say(f"最近 {span}内{what}的次数", f"the number of {what} within {span}")


def _distinct_events(prose: Prose, call: ast.Call) -> str:
    what, span, key = (
        _event(prose, call.args[0]),
        prose.seconds(call.args[1]),
        prose.text(call.args[2]),
    )
    zh = f"最近 {span}内{what}中不同 {key} 的个数"
    return prose.say(zh, f"the number of different {key} in {what} within {span}")


def _followed(prose: Prose, call: ast.Call) -> str:
    first, second = (_event(prose, each) for each in call.args[:2])
    span = prose.seconds(call.args[2])
    return prose.say(
        f"{first}之后 {span}内发生{second}", f"{second} happens within {span} of {first}"
    )


def _silent(prose: Prose, call: ast.Call) -> str:
    if isinstance(prose.constant(call.args[0]), str):
        span = prose.seconds(call.args[0])
        return prose.say(f"{span}未收到任何消息", f"nothing has been heard for {span}")
    count = prose.text(call.args[0])
    return prose.say(
        f"连续 {count} 个心跳周期未收到任何消息", f"nothing has been heard for {count} heartbeats"
    )


def _slots(prose: Prose, call: ast.Call) -> str:
    what = _quoted(prose, call.args[0])
    size, span = (prose.seconds(each) for each in call.args[1:])
    return prose.say(
        f"最近 {span}内、每段 {size}中出现过{what}的段数",
        f"the number of stretches of {size}, of the last {span}, in which {what}",
    )


def _days(prose: Prose, call: ast.Call) -> str:
    what, span = _quoted(prose, call.args[0]), prose.seconds(call.args[1])
    return prose.say(
        f"最近 {span}中出现过{what}的天数", f"the number of the last days ({span}) on which {what}"
    )


def _streak(prose: Prose, call: ast.Call) -> str:
    what, count = _quoted(prose, call.args[0]), prose.text(call.args[1])
    return prose.say(f"连续 {count} 次读数{what}", f"{count} readings in a row: {what}")


def _wrap(zh: str, en: str) -> Callable[[Prose, ast.Call], str]:
    """Make a writer that puts the first argument, a condition, into a sentence."""
    return lambda prose, call: prose.say(zh, en).format(_quoted(prose, call.args[0]))


def _about(zh: str, en: str) -> Callable[[Prose, ast.Call], str]:
    """Make a writer that puts the arguments, values, into a sentence."""
    return lambda prose, call: prose.say(zh, en).format(*(prose.value(each) for each in call.args))


_WRITERS: dict[str, Callable[[Prose, ast.Call], str]] = {
    "abs": _about("{}的绝对值", "the size of {}"),
    "has": _about("型号有测点“{}”", 'the model has "{}"'),
    "previous": _about("上一次{}", "the previous {}"),
    "age": _about("{}距上次读数的时间", "the time since {} was last read"),
    "duration": _wrap("{}已持续的时间", "the time with {}"),
    "streak": _streak,
    "slots": _slots,
    "days": _days,
    "silent": _silent,
    "event": _happens,
    "command": _sent,
    "count_events": _count_events,
    "distinct_events": _distinct_events,
    "followed": _followed,
    "sibling_share": _wrap("同类设备中{}所占比例", "the share of the devices beside it with {}"),
    "children_count": _wrap("其下设备中{}的台数", "the number of devices below it with {}"),
    "children_sum": _about("其下设备{}之和", "the sum of {} of the devices below it"),
    "time_between": _about("时间在 {} 至 {} 之间", "it is between {} and {}"),
    "in_schedule": _about("处于时间表“{}”之内", 'the schedule "{}" is on'),
}
