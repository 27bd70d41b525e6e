"""Meters: what they show is a pure function of the time, so counters survive every restart.

An electricity meter counts the integral of a load that swings with the day; a water meter counts
each hour's share in the first half of the hour, and stands still in the second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

Quantities = Mapping[str, float]
DAY, HOUR = 86400.0, 3600.0
COMMUNITY_OFFSET = 8 * HOUR
COUNTED_SINCE = 1_735_660_800.0
"""2025-01-01 in China: when the meters were put in, with what their counters showed then."""
DAILY_SWING, QUICK_SWING, QUICK_PERIOD = 0.45, 0.2, 1700.0
POWER_FACTOR = 0.95
HOURLY_SHARE = (1, 0, 0, 0, 1, 2, 6, 8, 6, 4, 3, 4, 5, 3, 2, 2, 3, 6, 8, 8, 7, 6, 4, 2)
"""How a day's water falls on its hours."""
SHARES_BEFORE = tuple(sum(HOURLY_SHARE[:hour]) for hour in range(24))


class ElectricityMeter(msgspec.Struct, frozen=True, kw_only=True):
    """A three-phase meter: mean load in W, kWh counted before, and a phase of its own."""

    mean_power: float
    counted: float
    phase: float

    def read(self, now: float) -> Quantities:
        """Return voltages (V), currents (A), powers (W, VA, var), energy (kWh), frequency (Hz).

        `current` is what a meter of one phase would show that had the whole load.
        """
        power = self._power(now)
        volts = [230 + 2.5 * math.sin(now / 611 + self.phase + turn) for turn in (0.0, 2.1, 4.2)]
        shares = (0.34, 0.33, 0.33)
        phases: dict[str, float] = {}
        for index, (volt, share) in enumerate(zip(volts, shares, strict=True), 1):
            watts = power * share
            phases |= {
                f"voltage.{index}": volt,
                f"current.{index}": watts / POWER_FACTOR / volt,
                f"power.{index}": watts,
            }
        return phases | {
            "power": power,
            "current": sum(phases[f"current.{phase}"] for phase in (1, 2, 3)),
            "apparent": power / POWER_FACTOR,
            "reactive": power * math.tan(math.acos(POWER_FACTOR)),
            "factor": POWER_FACTOR,
            "frequency": 50 + 0.02 * math.sin(now / 97 + self.phase),
            "import": self.counted + self._energy(now) - self._energy(COUNTED_SINCE),
            "export": 0.0,
        }

    def _power(self, now: float) -> float:
        day = math.sin(math.tau * now / DAY + self.phase)
        quick = math.sin(math.tau * now / QUICK_PERIOD + self.phase)
        return self.mean_power * (1 + DAILY_SWING * day + QUICK_SWING * quick)

    def _energy(self, now: float) -> float:
        """Return the integral of `_power` in kWh."""
        day = -math.cos(math.tau * now / DAY + self.phase) * DAY / math.tau
        quick = -math.cos(math.tau * now / QUICK_PERIOD + self.phase) * QUICK_PERIOD / math.tau
        return self.mean_power * (now + DAILY_SWING * day + QUICK_SWING * quick) / 3.6e6


class WaterMeter(msgspec.Struct, frozen=True, kw_only=True):
    """A water meter: m³ a day, m³ counted before, and a shift of its hours in seconds."""

    daily: float
    counted: float
    shift: float

    def read(self, now: float) -> Quantities:
        """Return volume (m³), flow (m³/h), pressure (MPa), temperature (°C), battery (V)."""
        local = now + COMMUNITY_OFFSET + self.shift
        hour, into = int(local % DAY // HOUR), local % HOUR
        flows = into < HOUR / 2
        share = HOURLY_SHARE[hour] * min(1.0, into / (HOUR / 2))
        today = self.daily * (SHARES_BEFORE[hour] + share) / sum(HOURLY_SHARE)
        days = local // DAY - (COUNTED_SINCE + COMMUNITY_OFFSET) // DAY
        flow = 2 * self.daily * HOURLY_SHARE[hour] / sum(HOURLY_SHARE) if flows else 0.0
        return {
            "volume": self.counted + self.daily * days + today,
            "reverse": 0.0,
            "flow": flow,
            "pressure": 0.32 - 0.02 * (flow > 0),
            "temperature": 14.0,
            "battery": 3.62,
        }


Meter = ElectricityMeter | WaterMeter
