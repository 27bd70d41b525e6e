"""`lingdang model check`: is a model file right, and what will the hub ask the device for?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from device_drivers.catalogue import load_models
from device_drivers.codecs.blocks import Block, plan
from device_drivers.codecs.registers import words_of
from device_drivers.model_faults import Fault, find_faults
from device_drivers.sheet_lines import SheetLines
from hub.assembly.dialects import speak_all
from hub.assembly.loading import read_text
from hub.commands.model_example import run_example
from hub.errors import ConfigError, Problem
from hub.model.catalogue import DeviceModel
from hub.model.kinds import HUB_MADE_POINTS

Echo = Callable[[str], None]
SHOWN = 6
"""Identifiers that are named."""
FUNCTIONS = {1: "coils", 2: "inputs", 3: "holding registers", 4: "input registers"}


def check_model(file: Path, echo: Echo) -> None:
    """Say what the file means and will ask for; ConfigError with every fault at its line."""
    text = read_text(file)
    model = read_model(str(file), text)
    problems = find_problems(str(file), text, model)
    if problems:
        raise ConfigError(*problems)
    names = " / ".join(filter(None, (model.name.get("zh"), model.name.get("en"))))
    points = sum(name not in HUB_MADE_POINTS for name in model.points)
    echo(f"{file}: 没有错误。 No faults found.")
    echo(f"  {model.id}: {names}, {model.kind}, {model.driver}, {points} 个测点 points")
    for line in (*_requests(model), *_examples(model)):
        echo(f"  {line}")


def read_model(name: str, text: str) -> DeviceModel:
    """Read the one model of a file; ConfigError with every fault that keeps it from being read."""
    (model,) = load_models({name: text}).values()
    return model


def find_problems(
    name: str, text: str, model: DeviceModel, *, examples: bool = True
) -> list[Problem]:
    """Return what would make a model that can be read tell nonsense, each with its place.

    Without `examples` these are not looked at: on the device itself they prove nothing.
    """
    lines = SheetLines(text)
    faults = [
        *find_faults(model, list(speak_all({}))),
        *(_wrong_examples(model) if examples else ()),
    ]
    return sorted(
        (_problem(name, lines, fault) for fault in faults),
        key=lambda each: (each.line, each.column),
    )


def _problem(name: str, lines: SheetLines, fault: Fault) -> Problem:
    if fault.table:
        line, column = lines.find_in_table(fault.table, fault.number, [fault.word, "point"])
    else:
        line, column = lines.find(fault.word)
    return Problem(file=name, line=line, column=column, message=fault.message, hint=fault.hint)


def _wrong_examples(model: DeviceModel) -> Iterator[Fault]:
    for number, example in enumerate(model.examples, 1):
        for point, wrong in run_example(model, example):
            hint = "look at address, type, order and scale of its register" if point else ""
            message = f"example {number}: {wrong}"
            yield Fault(message, hint, point or "expect", "examples", number)


def _requests(model: DeviceModel) -> Iterator[str]:
    """Say which blocks are read, in the order in which they are."""
    if model.items:
        asked = list(dict.fromkeys(each.di for each in model.items))
        more = "…" if len(asked) > SHOWN else ""
        yield f"最多问 {len(asked)} 个标识 identifiers: {', '.join(asked[:SHOWN])}{more}"
    blocks = plan(model.registers, limit=model.max_registers)
    if blocks:
        yield f"每轮 {len(blocks)} 次请求 requests a round:"
    for block in blocks:
        function = block.function or model.function
        points = ", ".join(_points(model, block))
        last = block.start + block.count - 1
        where = f"{block.start:#06x}–{last:#06x} ({block.start}–{last})"
        yield f"  功能码 function {function} ({FUNCTIONS[function]}) {where}: {points}"


def _points(model: DeviceModel, block: Block) -> Sequence[str]:
    ends = block.start + block.count
    return [
        each.point
        for each in sorted(model.registers, key=lambda register: register.address)
        if each.function == block.function
        and block.start <= each.address
        and each.address + words_of(each.type) <= ends
    ]


def _examples(model: DeviceModel) -> Iterator[str]:
    if model.examples:
        yield f"{len(model.examples)} 个样例全对 examples, all decode as they expect"
    else:
        yield "没有样例：把仪表说的和显示的各抄一份到 [[examples]]。 No examples: add one."
