"""A hub that dies of some messages: whatever it is told in their `fault.code`, as `DIE exit`.

Run like the real one: `python fragile_hub.py run lingdang.toml`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from device_drivers.dialects.lingdang import LingdangDriver
from hub.cli import main
from hub.model.device import Device
from hub.model.report import Report
from hub.ports import Envelope
from rules.engine import Engine


def _crash() -> None:
    ctypes.string_at(0)


def _give_up() -> None:
    raise SystemExit("the interpreter was told to stop")


ENDS: Mapping[bytes, Callable[[], object]] = {
    b"DIE exit": lambda: os._exit(70),
    b"DIE crash": _crash,
    b"DIE abort": os.abort,
    b"DIE raise": _give_up,
}
"""What a payload holds → how the hub ends."""

_decode = LingdangDriver.decode
_apply = Engine.apply


def _decode_or_die(self: LingdangDriver, envelope: Envelope, device: Device) -> Sequence[Report]:
    for word, end in ENDS.items():
        if isinstance(envelope.payload, bytes) and word in envelope.payload:
            end()
    return _decode(self, envelope, device)


def _apply_or_fail(self: Engine, report: Report) -> object:
    if any(sample.value == "FAIL rules" for sample in report.samples):
        raise RuntimeError("the rules have a fault that nobody foresaw")
    return _apply(self, report)


if __name__ == "__main__":
    LingdangDriver.decode = _decode_or_die  # type: ignore[method-assign] # that is the point
    Engine.apply = _apply_or_fail  # type: ignore[assignment,method-assign] # the same
    main()
