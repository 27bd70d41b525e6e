"""`lingdang model try`: reads a device by a model file, and says of each point whether it fits."""

from __future__ import annotations

import asyncio
from pathlib import Path

from device_drivers.catalogue import shipped_models
from device_drivers.model_faults import LINES, MODBUS
from hub.assembly.loading import read_text
from hub.commands.line_trial import try_line
from hub.commands.modbus_trial import try_modbus
from hub.commands.model_check import find_problems, read_model
from hub.commands.trial_report import Echo, Found, Target, say, say_points
from hub.errors import ConfigError, InvalidRequestError
from hub.model.catalogue import DeviceModel


def try_model(file: Path, target: Target, echo: Echo) -> bool:
    """Print a line a point, then what to change; whether every point makes sense.

    `file` is a model file, or the id of a shipped model. Raises ConfigError where the file has
    faults, LinkError where nobody answers.
    """
    name, text = _read(file)
    model = read_model(name, text)
    problems = find_problems(name, text, model, examples=False)
    if problems:
        raise ConfigError(*problems)
    found = asyncio.run(_try(model, target))
    say_points(found, model, echo)
    for advice in found.advice:
        say(echo, "→ ", advice)
    return all(seen.doubt is None for seen in found.points)


async def _try(model: DeviceModel, target: Target) -> Found:
    if model.driver == MODBUS:
        return await try_modbus(model, target)
    if model.driver in LINES:
        return await try_line(model, target)
    raise InvalidRequestError(
        f"a device of {model.driver} speaks by itself; look at its messages with lingdang decode",
        zh=f"{model.driver} 的设备自己上报，不能主动读；请用 lingdang decode 看它的报文。",
    )


def _read(file: Path) -> tuple[str, str]:
    shipped = shipped_models().get(f"{file}.toml")
    if shipped is not None and not file.exists():
        return f"{file}.toml", shipped
    return str(file), read_text(file, "name a model file, or the id of a shipped model")
