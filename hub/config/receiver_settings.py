"""Settings of receivers: `[[receiver]]` for each platform that is spoken to by a profile.

The secret (or token) comes from `secret_file`, or from `LINGDANG_RECEIVER_NAME_SECRET`.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.config.secret import add_secret
from hub.config.toml_reader import TomlReader

ReceiverName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$",
        description="1 to 32 of a-z 0-9 _ -, the first a letter or digit",
    ),
]

BaseUrl = Annotated[
    str,
    Meta(
        pattern=r"^(https?://[^\s/?#@\\]+(/[^\s?#\\]*)?)?$",
        description="write https://host/path, without a name and password in it",
    ),
]


class ReceiverSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One platform, by the profile that it speaks.

    `place` is the part of the community that it sees (all of it without), `addresses` are networks
    (CIDR) that it may ask from.
    """

    name: ReceiverName
    profile: str
    url: BaseUrl = ""
    app_key: str = ""
    secret: str = ""
    secret_file: Path | None = None
    place: str = ""
    addresses: tuple[str, ...] = ()


def read_receivers(reader: TomlReader, environ: Mapping[str, str]) -> tuple[ReceiverSettings, ...]:
    """Read each [[receiver]]; a broken one is a problem and is left out."""
    tables = reader.tables.get("receiver", [])
    if not isinstance(tables, list):
        reader.add("each receiver has a table of its own", "receiver", hint="write [[receiver]]")
        return ()
    found: dict[str, ReceiverSettings] = {}
    for place, table in enumerate(tables):
        before = len(reader.problems)
        one = reader.read(ReceiverSettings, table, "receiver", place)
        if one is None:
            continue
        one = _complete(reader, one, environ, place)
        if one.name in found:
            reader.add(f"'{one.name}' is taken", "receiver", place, "name", hint="choose another")
        elif len(reader.problems) == before:
            found[one.name] = one
    return tuple(found.values())


def variable(receiver: str) -> str:
    """Name the environment's variable with the secret of a receiver."""
    return f"LINGDANG_RECEIVER_{receiver.upper().replace('-', '_')}_SECRET"


def _complete(
    reader: TomlReader, one: ReceiverSettings, environ: Mapping[str, str], place: int
) -> ReceiverSettings:
    for text in one.addresses:
        try:
            ip_network(text)
        except ValueError as error:
            hint = "write it like 10.1.2.0/24"
            reader.add(str(error), "receiver", place, "addresses", hint=hint)
    given = environ.get(variable(one.name))
    return add_secret(reader, given, one, ("receiver", place), "secret")
