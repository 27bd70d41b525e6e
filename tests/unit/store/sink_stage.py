"""A sink without sockets: a real database, a receiver of the test's own, a desk that commits."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Quality, Report, Sample, Topic
from hub.ports import Changes, Document
from hub.store.sink.line import LineWriter
from hub.store.sink.outbox import Outbox
from hub.store.sink.receiver import Answer, Receiver, Verdict
from hub.store.sink.scope import is_public
from hub.store.sink.shelf import read_standing
from hub.store.sink.sink import Sink
from hub.store.sqlite import SqliteStore, open_store

NOW = 1_764_000_000.0
TAKEN = Answer(verdict=Verdict.TAKEN)
AWAY = Answer(verdict=Verdict.LATER, why="connection refused")
WRONG = Answer(verdict=Verdict.REFUSED, why="HTTP 400: unable to parse")


def meter(uid: str = "u1", **fields: Any) -> Device:  # noqa: ANN401 - any field by name
    given = {"id": f"meter-{uid}", "address": uid, "place": "g/a", "model": "m"}
    return Device(uid=DeviceUid(uid), kind=Kind.ELECTRICITY_METER, **{**given, **fields})


PUBLIC = meter()
HOUSEHOLD = meter("u2", attributes={"scope": "household"})


def reading(number: float = 0, value: Any = 1.5, **fields: Any) -> Report:  # noqa: ANN401
    """Return a message of one reading; other fields of the report by name."""
    point, quality = fields.pop("point", "power.active"), fields.pop("quality", Quality.GOOD)
    given = {"address": "", "uid": "u1", "topic": Topic.TELEMETRY, "received": NOW + number}
    samples = (Sample(point, value, quality), *fields.pop("more", ()))
    return Report(**{**given, "at": NOW + number, "samples": samples, **fields})


class Shop:
    """A receiver that answers what `judge` says of the lines, and keeps what it takes."""

    def __init__(self, judge: Callable[[Sequence[str]], Answer] = lambda _: TAKEN) -> None:
        self.judge = judge
        self.requests: list[list[str]] = []
        self.taken: list[str] = []

    async def send(self, lines: Sequence[str]) -> Answer:
        self.requests.append(list(lines))
        answer = self.judge(lines)
        if answer.verdict is Verdict.TAKEN:
            self.taken += lines
        return answer

    def values(self) -> list[float]:
        """Return the numbers that were taken, without the probe's."""
        lines = [line for line in self.taken if "sink.probe" not in line]
        return [float(line.partition(" value=")[2].partition(" ")[0]) for line in lines]


class ServiceDesk:
    """Commits documents at once; fails first when `failure` is set."""

    def __init__(self, committer: Outbox) -> None:
        self.failure: StoreError | None = None
        self._committer = committer

    async def write(self, documents: Sequence[Document], entries: Sequence[Any] = ()) -> None:
        if self.failure:
            raise self.failure
        await self._committer.commit(Changes(documents=list(documents)))


class Bench:
    """A store with an outbox, its desk, and sinks that read it."""

    def __init__(self, store: SqliteStore, devices: Sequence[Device]) -> None:
        self.store = store
        self.devices = devices
        public = frozenset(device.uid for device in devices if is_public(device))
        self.outbox = Outbox(store.committer, public, read_standing(store.path))
        self.desk: Any = ServiceDesk(self.outbox)

    async def commit(self, *rows: Report) -> None:
        await self.outbox.commit(Changes(readings=list(rows)))

    def sink(self, receiver: Receiver, devices: Sequence[Device] | None = None) -> Sink:
        """Make a sink that begins where the stored cursor stands."""
        known = self.devices if devices is None else devices
        return Sink(
            self.store.path,
            cursor=read_standing(self.store.path).cursor,
            writer=LineWriter({device.uid: device for device in known}),
            receiver=receiver,
            desk=self.desk,
        )


@contextlib.asynccontextmanager
async def bench(folder: Path, *devices: Device) -> AsyncIterator[Bench]:
    """Open a bench on a database in `folder`; opened again it goes on with the same one."""
    async with open_store(folder / "hub.db", clock=ManualClock(NOW)) as store:
        yield Bench(store, devices or (PUBLIC, HOUSEHOLD))
