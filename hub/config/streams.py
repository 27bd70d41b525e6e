"""Settings of hosts whose events the hub listens to over HTTP: recorders, controllers, cameras."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from msgspec import Meta

from hub.config.buses import BusSettings, Port, read_buses
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
    whose certificate counts under `tls`, where it is not one that the machine knows.
    """

    dialect: Literal["isapi"]
    host: Host
    port: Port = 80
    tls: bool = False
    ca_file: Path | None = None
    username: str
    password: str = ""
    password_file: Path | None = None
    silence: Annotated[float, Meta(ge=5, le=3600)] = 60.0


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
    places = [at for at, table in enumerate(reader.tables[key]) if table.get("name") == one.name]
    variable = f"LINGDANG_{key.upper()}_{one.name.upper().replace('-', '_')}_PASSWORD"
    return add_secret(reader, environ.get(variable), one, (key, places[0]), "password")
