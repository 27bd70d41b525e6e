"""Settings of what is served over HTTP, and of what residents may see and send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

PublicUrl = Annotated[
    str,
    Meta(
        pattern=r"^(https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?|)$",
        description="such as https://bell.example.cn, without a stroke at its end",
    ),
]


class WebSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where pages and programs are served; port 0 takes a free one.

    `public_url` is the address under which residents' telephones reach the hub: labels lead there.
    With `public_port` what everybody may see is served there too, and nothing else. With
    `second_factor` people administer accounts and keys only by password and code (TOTP).
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    public_url: PublicUrl = ""
    public_host: str = "127.0.0.1"
    public_port: Annotated[int, Meta(ge=0, le=65535)] | None = None
    second_factor: bool = False


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What pages and programs are encrypted by: certificate (with what is between) and key, PEM.

    `authority_file` is the site's own authority, which phones install from `/trust`; without one
    the certificate is of an authority that everybody knows. On `plain_port` that page is served,
    and everything else led to the encrypted one; 0 has none.
    """

    certificate_file: Path
    key_file: Path
    authority_file: Path | None = None
    plain_port: Annotated[int, Meta(ge=0, le=65535)] = 0


class WhistleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Reports of residents: whom they can call instead, and how much room photos have.

    With `publish_shelved` the list of shelved tickets (挂账公示) is a page for everybody;
    with `publish_work` what was done is another one (公示).
    """

    phone: Annotated[str, Meta(max_length=40)] = ""
    photos_per_ticket: Annotated[int, Meta(ge=1, le=100)] = 12
    photo_megabytes: Annotated[int, Meta(ge=1, le=1_000_000)] = 1000
    publish_shelved: bool = False
    publish_work: bool = False
