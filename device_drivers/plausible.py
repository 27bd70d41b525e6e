"""Does what a device says make sense? Pure; each doubt is a sentence in both languages.

A range in the model file is the first word. Beyond it a value is doubted that nothing in a
community can have (by its unit), a float that no device means, and a power that voltage and
current do not give: a wrong order of bytes, and a factor of 1000, show there first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from hub.model.catalogue import PointSpec
from hub.model.report import Value


class Doubt(NamedTuple):
    """Why a value is not believed, for people."""

    zh: str
    en: str


MOST: Mapping[str, tuple[float, float]] = {
    "V": (-1_000, 1_000),
    "A": (-10_000, 10_000),
    "kW": (-20_000, 20_000),
    "kWh": (0, 1e9),
    "Hz": (40, 70),
    "m3": (0, 1e8),
    "m3/h": (-10_000, 10_000),
    "bar": (-1, 400),
    "degC": (-60, 200),
    "%": (0, 200),
}
"""Unit → what no device of a community goes beyond."""
TINY = 1e-6
"""A float that is nearer to 0 than this, and not 0, is two words in the wrong order."""
PHASES = "abc"
MUCH, LITTLE = 1.3, 0.01
"""Shares of voltage times current above and below which a power is doubted."""
NOISE = 0.05
"""kVA below which currents say nothing of power."""


def doubt(spec: PointSpec, value: Value) -> Doubt | None:
    """Return why this value of this point is not believed; None where it may be so."""
    if isinstance(value, bool | str):
        return None
    low, high = MOST.get(spec.unit, (-math.inf, math.inf))
    low = low if spec.minimum is None else max(low, spec.minimum)
    high = high if spec.maximum is None else min(high, spec.maximum)
    if not low <= value <= high:
        span = f"{low:g}…{high:g} {spec.unit}".strip()
        return Doubt(f"超出 {span}", f"beyond {span}")
    return None


def doubt_float(number: float) -> Doubt | None:
    """Return why a device cannot mean this float, as it was sent; None where it may."""
    if 0 < abs(number) < TINY:
        return Doubt("几乎为零，不像测量值", "so near to 0 that no device means it")
    return None


def doubt_power(values: Mapping[str, float]) -> Doubt | None:
    """Return why `power.active` does not go with voltages and currents; None where it may."""
    power = values.get("power.active")
    pairs = [(values.get(f"voltage.{p}"), values.get(f"current.{p}")) for p in PHASES]
    given = [abs(volts * amperes) / 1000 for volts, amperes in pairs if volts and amperes]
    apparent = sum(given)
    if power is None or apparent < NOISE:
        return None
    told = f"{apparent:.3g} kVA"
    if abs(power) > MUCH * apparent:
        return Doubt(
            f"大于电压乘电流（{told}）：是否差 1000 倍？",
            f"more than voltage times current ({told}): is scale off by 1000?",
        )
    if 0 < abs(power) < LITTLE * apparent:
        return Doubt(
            f"远小于电压乘电流（{told}）：是否差 1000 倍？",
            f"far less than voltage times current ({told}): is scale off by 1000?",
        )
    return None
