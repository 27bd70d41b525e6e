"""The driver that is looked at, and what it comes with."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence

import msgspec

from device_drivers.conformance.sample import Message
from hub.model.catalogue import DeviceModel
from hub.model.command import Command
from hub.ports import Driver

KEY = bytes(16)
"""What seals words in a sample, where a driver takes a key."""
ADDRESS = re.compile(r"[A-Za-z0-9_-]{1,64}")
Maker = Callable[..., Driver]
Encode = Callable[[Command], object]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One driver: what makes it, the models that there are, its samples, its source by file."""

    name: str
    maker: Maker
    models: Mapping[str, DeviceModel]
    messages: Sequence[Message]
    sources: Mapping[str, str]
    is_foreign: bool = False
    """Of another package, so that it is held to the contract as well."""

    def make(self) -> Driver:
        """Make a new driver; raises whatever its constructor raises."""
        if "key" in inspect.signature(self.maker).parameters:
            return self.maker(self.models, key=KEY)
        return self.maker(self.models)

    @property
    def own(self) -> list[DeviceModel]:
        """Return the models of the dialect."""
        return [model for model in self.models.values() if model.driver == self.name]

    def model_of(self, message: Message) -> str:
        """Return the model of a sample's devices; any one where an announcement has none."""
        own = self.own or list(self.models.values())
        return message.sample.model or own[0].id

    @property
    def encode(self) -> Encode | None:
        """Return what encodes orders: `encode_command` of the driver or its module."""
        module = sys.modules.get(self.maker.__module__)
        found: Encode | None = getattr(
            self.maker, "encode_command", getattr(module, "encode_command", None)
        )
        return found

    @property
    def datasheet(self) -> str:
        """Return the docstring of the driver's module."""
        return inspect.cleandoc(
            getattr(sys.modules.get(self.maker.__module__), "__doc__", "") or ""
        )
