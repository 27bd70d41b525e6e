"""Settings of hosts that are listened to, doors that cameras post to, and cameras to probe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar

from msgspec import Meta

from hub.config.buses import BusSettings, Port, Seconds, read_buses
from hub.config.secret import add_secret
from hub.config.toml_reader import TomlReader

Passworded = TypeVar("Passworded", bound=BusSettings)
Host = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9._:-]{1,253}$",
        description="a name or an address, without http:// and path",
    ),
]


class StreamSettings(BusSettings, frozen=True, kw_only=True):
    """One host with an event stream; devices name it as their `link`.

    `silence` is how many seconds it may bring nothing; its heartbeats come every ten. `ca_file` is
    the certificate that counts under `tls`, whatever name stands in it.
    """

    dialect: Literal["isapi", "dahua"]
    host: Host
    port: Port = 80
    tls: bool = False
    ca_file: Path | None = None
    username: str
    password: str = ""
    password_file: Path | None = None
    silence: Annotated[float, Meta(ge=5, le=3600)] = 60.0


class PushSettings(BusSettings, frozen=True, kw_only=True):
    """One door that plate cameras post to; they name it as their `link`, by serial number.

    `path` is what they are told to post to: make it long, for it is all that keeps others out but
    `addresses` (CIDR). With `opens` each plate that is read lifts the barrier.
    """

    dialect: Literal["vzenith-push"]
    host: str = "0.0.0.0"  # noqa: S104 - cameras come from the outside
    port: Port
    path: Annotated[str, Meta(pattern=r"^/[A-Za-z0-9/_.-]{1,200}$", description="as /plates-x7f3")]
    addresses: tuple[str, ...] = ()
    opens: bool = False


class RtspSettings(BusSettings, frozen=True, kw_only=True):
    """Cameras of one login that are probed; the column `rtsp` of their sheet says where each is.

    `period` and `timeout` are seconds. `depth` says how far a probe goes: whether it answers, has
    a stream, or sends pictures; the last every `play_period` seconds, since it costs bandwidth.
    """

    username: str = ""
    password: str = ""
    password_file: Path | None = None
    period: Seconds = 60.0
    timeout: Annotated[float, Meta(ge=0.1, le=30)] = 5.0
    depth: Literal["options", "describe", "play"] = "describe"
    play_period: Seconds = 1800.0


class Gb28181Settings(BusSettings, frozen=True, kw_only=True):
    """One platform that GB/T 28181 devices register with, by UDP and TCP.

    `id` are its own 20 digits, `domain` the 10 of its area, `period` the seconds between two
    questions for catalogue and status.
    """

    id: Annotated[str, Meta(pattern=r"^\d{20}$", description="20 digits, as on the devices")]
    domain: Annotated[str, Meta(pattern=r"^\d{10}$", description="10 digits, as on the devices")]
    host: str = "0.0.0.0"  # noqa: S104 - devices come from the outside
    port: Port = 5060
    password: str = ""
    password_file: Path | None = None
    period: Seconds = 300.0


def read_platforms(
    reader: TomlReader, environ: Mapping[str, str], taken: Iterable[str]
) -> tuple[Gb28181Settings, ...]:
    """Read each [[gb28181]]; a broken one is a problem and is left out."""
    found = read_buses(reader, "gb28181", Gb28181Settings, taken)
    return tuple(add_password(reader, environ, each, "gb28181") for each in found)


def read_probes(
    reader: TomlReader, environ: Mapping[str, str], taken: Iterable[str]
) -> tuple[RtspSettings, ...]:
    """Read each [[rtsp]]; a broken one is a problem and is left out."""
    found = read_buses(reader, "rtsp", RtspSettings, taken)
    return tuple(add_password(reader, environ, each, "rtsp") for each in found)


def read_pushes(reader: TomlReader, taken: Iterable[str]) -> tuple[PushSettings, ...]:
    """Read each [[push]]; a broken one is a problem and is left out."""
    return tuple(
        each
        for each in read_buses(reader, "push", PushSettings, taken)
        if _are_networks(reader, each)
    )


def _are_networks(reader: TomlReader, push: PushSettings) -> bool:
    for text in push.addresses:
        try:
            ip_network(text)
        except ValueError as error:
            place = _place(reader, "push", push.name)
            hint = "write it like 10.1.2.0/24"
            reader.add(str(error), "push", place, "addresses", hint=hint)
            return False
    return True


class NetworkDevices(NamedTuple):
    """Each sort of link to devices that speak HTTP, RTSP or SIP, by the name of its tables."""

    stream: tuple[StreamSettings, ...]
    push: tuple[PushSettings, ...]
    rtsp: tuple[RtspSettings, ...]
    gb28181: tuple[Gb28181Settings, ...]


def read_network_devices(
    reader: TomlReader, environ: Mapping[str, str], taken: Iterable[str]
) -> NetworkDevices:
    """Read all of these tables; names that are `taken` or come twice are told."""
    names = list(taken)
    stream = read_streams(reader, environ, names)
    names += [each.name for each in stream]
    push = read_pushes(reader, names)
    names += [each.name for each in push]
    rtsp = read_probes(reader, environ, names)
    names += [each.name for each in rtsp]
    return NetworkDevices(stream, push, rtsp, read_platforms(reader, environ, names))


def read_streams(
    reader: TomlReader, environ: Mapping[str, str], taken: Iterable[str]
) -> tuple[StreamSettings, ...]:
    """Read each [[stream]]; a broken one is a problem and is left out."""
    found = read_buses(reader, "stream", StreamSettings, taken)
    return tuple(add_password(reader, environ, each, "stream") for each in found)


def add_password(
    reader: TomlReader, environ: Mapping[str, str], one: Passworded, key: str
) -> Passworded:
    """Return the settings with their password, from the environment, a file or as it stands."""
    place = _place(reader, key, one.name)
    variable = f"LINGDANG_{key.upper()}_{one.name.upper().replace('-', '_')}_PASSWORD"
    return add_secret(reader, environ.get(variable), one, (key, place), "password")


def _place(reader: TomlReader, key: str, name: str) -> int:
    """Return which of the tables of a key has that name."""
    return next(at for at, each in enumerate(reader.tables[key]) if each.get("name") == name)
