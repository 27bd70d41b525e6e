"""`lingdang rules parameters`, `set`, `unset` and `restore`: numbers of rules on this site."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from hub.commands.cli_access import CONFIG, HERE, show_table

if TYPE_CHECKING:
    from hub.commands.parameter_setting import ParameterDesk
    from hub.ports import ParameterCard, Setting

T = TypeVar("T")

RULE = Annotated[str, typer.Argument(help="the rule's id, such as barrier-stuck-open")]
WHY = Annotated[str, typer.Option(help="why: it stands in the journal")]
DEVICE = Annotated[str, typer.Option(help="for this device only")]
PLACE = Annotated[str, typer.Option(help="for a place and all below it")]
MODEL = Annotated[str, typer.Option(help="for a model; with none of the three everywhere")]


def parameters(
    rule: RULE,
    *,
    device: Annotated[str, typer.Option(help="what counts on this device")] = "",
    config: CONFIG = HERE,
) -> None:
    """Show a rule's parameters, what is set otherwise here, and what counts on which device."""
    card = _ask(config, lambda desk: desk.card(rule, device))
    typer.echo(f"{rule}, version {card.version}: {_write(card.params)}")
    show_table(("where", "set", "from"), _settings(card))
    if card.devices:
        show_table(("device", "parameter", "value", "by", "from"), _devices(card))


def set_(
    rule: RULE,
    values: Annotated[list[str], typer.Argument(metavar="NAME=VALUE…", help="such as limit=5m")],
    *,
    why: WHY,
    device: DEVICE = "",
    place: PLACE = "",
    model: MODEL = "",
    config: CONFIG = HERE,
) -> None:
    """Set parameters of a rule for a place, model or device; what else is set stays."""
    from hub.ports import Setting
    from hub.services.rule_setting import own_settings, read_values, set_also

    typed = dict(_split(each) for each in values)

    async def act(desk: ParameterDesk) -> None:
        card = await desk.card(rule)
        found = read_values(typed, card.params)
        new = Setting(values=found, device=device, place=place, model=model)
        await desk.write(rule, set_also(own_settings(card), new), why, card.version)

    _ask(config, act)


def unset(
    rule: RULE,
    *,
    why: WHY,
    device: DEVICE = "",
    place: PLACE = "",
    model: MODEL = "",
    config: CONFIG = HERE,
) -> None:
    """Take out what was set for a place, model or device."""
    from hub.ports import Setting
    from hub.services.rule_setting import own_settings, set_no_more

    async def act(desk: ParameterDesk) -> None:
        card = await desk.card(rule)
        gone = Setting(values={}, device=device, place=place, model=model)
        await desk.write(rule, set_no_more(own_settings(card), gone), why, card.version)

    _ask(config, act)


def restore_parameters(
    rule: RULE,
    version: Annotated[int, typer.Argument(min=0, help="0: as the files say")],
    *,
    why: WHY,
    config: CONFIG = HERE,
) -> None:
    """Have an older version of a rule's parameters count again, as a new one."""
    _ask(config, lambda desk: desk.go_back(rule, version, why))


def _split(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (sign and name and value):
        raise typer.BadParameter(f"{text!r}: write NAME=VALUE, such as limit=5m")
    return name, value


def _settings(card: ParameterCard) -> Iterable[tuple[str, ...]]:
    return ((_where(each), _write(each.values), each.source) for each in card.settings)


def _where(each: Setting) -> str:
    named = (("device", each.device), ("place", each.place), ("model", each.model))
    return " ".join(f"{kind} {name}" for kind, name in named if name) or "everywhere"


def _devices(card: ParameterCard) -> Iterable[tuple[str, ...]]:
    for each in card.devices:
        for name, found in each.values.items():
            yield each.device, name, str(found.value), found.by, found.source


def _write(values: dict[str, bool | int | float | str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items()) or "no parameters"


def _ask(config: Path, ask: Callable[[ParameterDesk], Awaitable[T]]) -> T:
    from hub.commands.parameter_setting import open_parameters

    async def run() -> T:
        async with open_parameters(config) as desk:
            return await ask(desk)

    return asyncio.run(run())
