"""A mosquitto that runs on the files of `lingdang broker-config`, without its certificates."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import msgspec

from hub.commands.broker_config import SECRETS, Order, write_broker_config
from simulators.demo_files import HOST, free_port
from tests.support.broker import Broker

_TLS = ("cafile", "certfile", "keyfile", "tls_version")


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """The broker, the port for devices beside the hub's, and everybody's password."""

    broker: Broker
    device_port: int
    passwords: Mapping[str, str]


@contextlib.asynccontextmanager
async def generated_broker(program: Path, folder: Path, config: Path) -> AsyncIterator[Generated]:
    """Write the files for `config`, and run a broker on them while the block runs."""
    broker, device_port = Broker(program, folder, ()), free_port()
    order = Order(out=folder, folder=str(folder), version="2.0", passwords=True, force=True)
    write_broker_config(config, order, lambda _line: None)
    conf = folder / "mosquitto.conf"
    lines = conf.read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if line.partition(" ")[0] not in _TLS)
    text = text.replace(f"listener 1883 {HOST}", f"listener {broker.port} {HOST}")
    text = text.replace("listener 8883", f"listener {device_port} {HOST}")
    text = text.replace("/var/lib/mosquitto/", f"{folder}/")
    conf.write_text(f"user root\n{text}\n", "utf-8")
    known = (folder / SECRETS).read_text("utf-8").splitlines()
    passwords = dict(line.split(":", 1) for line in known)
    await broker.start()
    try:
        yield Generated(broker=broker, device_port=device_port, passwords=passwords)
    finally:
        await broker.stop()
