"""What a trial of a model found, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from device_drivers.plausible import Doubt
from device_drivers.register_trial import Seen
from hub.model.catalogue import DeviceModel

Echo = Callable[[str], None]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where the device is, and for how long it is read; times in seconds.

    `address` is the number of a meter on a transparent line, `unit` that of a Modbus slave.
    """

    host: str
    port: int
    unit: int = 1
    address: str = ""
    framing: str = "tcp"
    seconds: float = 3.0
    timeout: float = 1.0


class Found(NamedTuple):
    """The last value of each point, how often was asked and answered, and what to do next."""

    points: Sequence[Seen]
    asked: int
    answered: int
    advice: Sequence[Doubt]


def say(echo: Echo, lead: str, words: Doubt) -> None:
    """Print a sentence in both languages, once where they are the same."""
    echo(f"{lead}{words.zh}" if words.zh == words.en else f"{lead}{words.zh}。 {words.en}.")


def say_points(found: Found, model: DeviceModel, echo: Echo) -> None:
    """Print a line a point: mark, name, value, unit, raw words, and the doubt if any."""
    echo(f"{model.id}: 问 {found.asked} 轮，答 {found.answered} 轮。"
         f" {found.answered} of {found.asked} rounds were answered.")  # fmt: skip
    for seen in found.points:
        unit = model.points[seen.point].unit
        value = "–" if seen.value is None else f"{seen.value} {unit}".strip()
        raw = f"  [{seen.raw}]" if seen.raw else ""
        mark = "合理 ok " if seen.doubt is None else "可疑 odd"
        lead = f"  {mark}  {seen.point:<16} {value:<14}{raw}"
        if seen.doubt is None:
            echo(lead.rstrip())
        else:
            say(echo, f"{lead}  ", seen.doubt)
    good = sum(seen.doubt is None for seen in found.points)
    echo(
        f"{good}/{len(found.points)} 个测点合理。 {good} of {len(found.points)} points make sense."
    )
