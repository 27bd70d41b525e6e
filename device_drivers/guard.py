"""Stands in front of a driver that another package brought: whatever it does stays a bad message.

Our own drivers are held by tests; of these nothing is known. A failure, or a report that nobody
could store, becomes a ProtocolError that names the package, and so a row of the quarantine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from device_drivers.contract import has_control_characters
from device_drivers.extension import FamilyMaker
from device_drivers.family import Topics
from device_drivers.soundness import Soundness
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Report
from hub.ports import EVERYBODY, Driver, Envelope, Guesser, Part, Splitter

LONGEST_GUESS = 200
MOST_REPORTS = 10_000
_ADDRESS = re.compile(r"[A-Za-z0-9_-]{1,64}")
_Said = TypeVar("_Said")


class GuardedMaker:
    """Makes the drivers of one package; `origin` names it with its release."""

    def __init__(self, maker: FamilyMaker, origin: str) -> None:
        self.maker = maker
        self.origin = origin
        self.name: str = maker.name
        self.topics: Topics = maker.topics

    def __call__(self, models: Mapping[str, DeviceModel], prefix: str | None = None) -> Driver:
        """Make a driver; one that cannot be made refuses every message with the reason."""
        form = GuardedSplitter if hasattr(self.maker, "split") else GuardedDriver
        return form(self, models, prefix)


class GuardedDriver:
    """One driver of another package, for the topics below one prefix."""

    def __init__(
        self, made_by: GuardedMaker, models: Mapping[str, DeviceModel], prefix: str | None
    ) -> None:
        self.name = made_by.name
        self._origin = made_by.origin
        self._soundness = Soundness(models)
        self._why, self._driver = "", None
        try:
            self._driver = made_by.maker(models, prefix)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - see above
            self._why = f"it cannot be made ({type(error).__name__}: {error})"

    def device_address(self, envelope: Envelope) -> str:
        """Return the address of the device that sent it."""
        return self._address(self._ask(lambda driver: driver.device_address(envelope)))

    def guess(self, envelope: Envelope) -> str:
        """Name the model that it may be; the dialect where the driver has no guess."""
        said = self._ask(lambda d: d.guess(envelope) if isinstance(d, Guesser) else self.name)
        if not isinstance(said, str) or has_control_characters(said):
            raise self._fault(f"its guess is {said!r:.80}")
        return said[:LONGEST_GUESS]

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one message; raises ProtocolError for whatever cannot be stored as well."""
        said: object = self._ask(lambda driver: driver.decode(envelope, device))
        if not isinstance(said, list | tuple) or len(said) > MOST_REPORTS:
            raise self._fault(f"decode returned {type(said).__name__}, not a list of reports")
        for report in said:
            fault = self._soundness.fault_of(report, device)
            if fault:
                raise self._fault(fault)
        return said

    def _ask(self, question: Callable[[Driver], _Said]) -> _Said:
        if self._driver is None:
            raise self._fault(self._why)
        try:
            return question(self._driver)
        except ProtocolError:
            raise
        except (Exception, SystemExit) as error:
            raise self._fault(f"it failed ({type(error).__name__}: {error})") from error

    def _address(self, said: object) -> str:
        if not isinstance(said, str) or (said != EVERYBODY and not _ADDRESS.fullmatch(said)):
            raise self._fault(f"{said!r:.80} is no address that the books can hold")
        return said

    def _fault(self, what: str) -> ProtocolError:
        return ProtocolError(
            f"the driver {self.name!r} of {self._origin}: {what}; tell its maker, who can see it "
            f"by `lingdang driver test {self.name}`"
        )


class GuardedSplitter(GuardedDriver):
    """One whose messages may tell of several devices."""

    def split(self, envelope: Envelope) -> Sequence[Part]:
        """Return the parts of a message."""
        said: object = self._ask(lambda d: d.split(envelope) if isinstance(d, Splitter) else ())
        if not isinstance(said, list | tuple) or not all(isinstance(part, Part) for part in said):
            raise self._fault(f"split returned {type(said).__name__}, not a list of parts")
        for part in said:
            self._address(part.address)
        return said
