"""What is fired at, by damaged input in each test run and by coverage in the long run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

HOMES = {
    "lingdang": ("lingdang",),
    "modbus": ("modbus-rtu", "modbus-tcp", "modbus-registers"),
    "meters": ("dlt645", "cjt188"),
    "video": ("isapi", "vzenith-push", "dahua", "rtsp", "gb28181", "sip", "multipart"),
    "mqtt": ("mqtt-codec", "mqtt-publish"),
    "families": (
        *("vzenith", "tasmota", "zigbee2mqtt", "shelly"),
        *("thingsboard", "thingsboard-gateway", "homeassistant", "frigate"),
    ),
    "text": ("rules", "expressions", "models", "settings"),
    "sheet": ("devices", "places"),
    "request": ("cursors", "words", "bodies"),
}
"""Module of `tests.fuzz.targets` → the targets in it."""
BAIT = "gullible"
"""Module and target that a hunt must find broken."""


class Target(NamedTuple):
    """A decoder: good input, words that mean something to it, and what it promises.

    `check` returns the verdict in a word, and raises where the promise is broken.
    """

    seeds: Sequence[bytes]
    words: Sequence[bytes]
    check: Callable[[bytes], str]
