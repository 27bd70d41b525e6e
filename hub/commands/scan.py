"""`lingdang scan`: which units of a Modbus line answer, and which model's map fits each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from device_drivers.dialects.modbus import ModbusDriver
from device_drivers.links.modbus_scan import UNITS, Fit, Found, Scanner
from device_drivers.links.modbus_wire import FRAMERS, ModbusSettings, ModbusWire
from hub.clock import SystemClock
from hub.commands.own_models import known_models
from hub.errors import InvalidRequestError
from hub.model.catalogue import DeviceModel

Echo = Callable[[str], None]
SHOWN = 3
"""Points of a fit that are shown, and further models."""
_UNITS = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Where to scan: the gateway, units such as `1-32`, and the wait for each in seconds."""

    address: str
    units: str = "1-247"
    framing: str = "tcp"
    timeout: float = 0.3
    gap: float = 0.02
    """Seconds of silence between two questions: slow meters need 0.1."""
    models: tuple[Path, ...] = ()
    """Model files besides the shipped ones; see `known_models`."""


def scan_line(line: Line, echo: Echo, tell: Callable[[int], None]) -> int:
    """Print what answers; returns how many units do. Raises LinkError without a gateway."""
    units, settings = _units(line.units), _settings(line)
    models = known_models(line.models).models
    wire = ModbusWire(settings)
    driver = ModbusDriver(models)
    clock = SystemClock()
    scanner = Scanner(wire, models.values(), driver, clock=clock, timeout=line.timeout)
    found = asyncio.run(_scan(scanner, units, models, echo, tell))
    echo(
        f"问了 {len(units)} 个从站号，{found} 个有回答。"
        f" Asked {len(units)} unit ids; {found} answered."
    )
    return found


async def _scan(
    scanner: Scanner,
    units: Sequence[int],
    models: dict[str, DeviceModel],
    echo: Echo,
    tell: Callable[[int], None],
) -> int:
    count = 0
    async for found in scanner.scan(units, tell):
        count += 1
        for text in _say(found, models):
            echo(text)
    return count


def _say(found: Found, models: dict[str, DeviceModel]) -> list[str]:
    if not found.fits:
        return [f"{found.unit}: 有回答，没有合适的型号。 It answers, and no known model fits."]
    first, *others = found.fits
    texts = [f"{found.unit}: {_fit(first, models)}"]
    if others:
        names = ", ".join(fit.model for fit in others[:SHOWN])
        texts.append(f"    也可能是 or: {names}")
    return texts


def _fit(fit: Fit, models: dict[str, DeviceModel]) -> str:
    model = models[fit.model]
    telling = [each for each in fit.samples if each.value][:SHOWN]
    values = ", ".join(f"{s.point} {s.value} {model.points[s.point].unit}".strip() for s in telling)
    return (
        f"{fit.model} ({model.name['zh']})  {fit.good}/{fit.asked} 个测点的值合理"
        f" points are plausible: {values}"
    )


def _units(text: str) -> range:
    found = _UNITS.fullmatch(text.strip())
    first = int(found[1]) if found else 0
    last = int(found[2] or first) if found else 0
    if first not in UNITS or last not in UNITS or last < first:
        raise InvalidRequestError(
            f"--units {text}: write one, or a span such as 1-32, of 1 to 247",
            zh=f"--units {text}：写一个号，或 1-32 这样的范围，1 到 247。",
        )
    return range(first, last + 1)


def _settings(line: Line) -> ModbusSettings:
    host, _, port = line.address.rpartition(":")
    if not host or not port.isdigit() or line.framing not in FRAMERS:
        raise InvalidRequestError(
            f"{line.address}, {line.framing}: write HOST:PORT, and the framing as one of"
            f" {', '.join(FRAMERS)}",
            zh=f"{line.address}：地址写成 192.168.1.20:502，framing 写 {' 或 '.join(FRAMERS)}。",
        )
    return ModbusSettings(
        name=line.address,
        host=host,
        port=int(port),
        framing=line.framing,
        timeout=line.timeout,
        gap=line.gap,
    )
