"""The contract with drivers that other packages bring, by the entry point `lingdang.drivers`.

A package names its driver in its `pyproject.toml`: `acme = "lingdang_acme.driver:AcmeDriver"`. What
it names has `api` (the version of this contract that it is written for), `name` (the word of the
entry point, which model files know it by), `topics`, and is called with the models and a prefix to
make a driver. Model files stand in the folder `models` of the package, samples in `fixtures`, and
what it says of its own quality in `quality.toml`. See docs/third-party-drivers.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from device_drivers.family import Topics
from hub.model.catalogue import DeviceModel
from hub.ports import Driver

API = 1
"""Counts up with each change that a driver of before it would not survive."""
GROUP = "lingdang.drivers"


class FamilyMaker(Protocol):
    """A dialect that is spoken beside the hub's own on its broker (docs/adr/0052)."""

    name: str
    topics: Topics

    def __call__(self, models: Mapping[str, DeviceModel], prefix: str | None = None) -> Driver:
        """Make the driver for the topics below one prefix."""
        ...
