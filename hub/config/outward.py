"""Settings of what the hub sends out by itself: networks that it may reach, who hears its beat."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hub.config.toml_reader import TomlReader

Url = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/?#@\\]+([/?][^\s\\]*)?$",
        description="write https://host/path, without a name and password in it",
    ),
]


class OutboundSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Private networks that the hub may reach, in CIDR notation; none by default."""

    allow: tuple[str, ...] = ()


class HeartbeatSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who rings when the hub is dead.

    `url` hears every `period` seconds that the hub is alive; `fail_url`, where there is one, why
    it takes nothing. `method` POST carries JSON, GET nothing.
    """

    url: Url
    fail_url: Url | None = None
    period: Annotated[float, Meta(ge=1, le=3600)] = 60.0
    method: Literal["POST", "GET"] = "POST"


def read_outbound(reader: TomlReader) -> OutboundSettings:
    """Read [outbound]; what is no network is a problem and is left out."""
    table = reader.tables.get("outbound", {})
    found = reader.read(OutboundSettings, table, "outbound") or OutboundSettings()
    good = []
    for text in found.allow:
        try:
            good.append(str(ip_network(text)))
        except ValueError as error:
            reader.add(str(error), "outbound", "allow", hint="write it like 10.1.2.0/24")
    return OutboundSettings(allow=tuple(good))


def read_heartbeats(reader: TomlReader) -> tuple[HeartbeatSettings, ...]:
    """Read each [[heartbeat]]; a broken one is a problem and is left out."""
    tables = reader.tables.get("heartbeat", [])
    if not isinstance(tables, list):
        reader.add("each receiver has a table of its own", "heartbeat", hint="write [[heartbeat]]")
        return ()
    found = (
        reader.read(HeartbeatSettings, table, "heartbeat", place)
        for place, table in enumerate(tables)
    )
    return tuple(each for each in found if each)
