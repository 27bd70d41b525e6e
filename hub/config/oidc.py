"""Settings of the sign-in with an organisation's accounts (OpenID Connect)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hub.config.secret import add_secret
from hub.config.toml_reader import TomlReader

SECRET_VARIABLE = "LINGDANG_OIDC_SECRET"  # noqa: S105 - its name

ISSUER = (
    r"^(https://[^\s/?#@\\]+|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?)(/[^\s?#\\]*)?$"
)
Issuer = Annotated[
    str,
    Meta(
        pattern=ISSUER,
        description="write https://host/path, exactly as the provider's own document says it",
    ),
]
HubUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?$",
        description="such as https://hub.example.cn, without a stroke at its end",
    ),
]
Text = Annotated[str, Meta(min_length=1, max_length=500)]


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One provider of accounts; without the section people sign in with passwords alone.

    `hub_url` is where people's browsers reach the hub: the provider sends them back to
    `{hub_url}/sign-in/provider/return`. The `claim` of who signed in there is the person's login
    name here, or is looked up in `people` (claim → login name) where that is written. `prompt` is
    what the provider is asked to do with somebody who is signed in there already.
    """

    issuer: Issuer
    hub_url: HubUrl
    client_id: Text
    client_secret: str = ""
    client_secret_file: Path | None = None
    scopes: tuple[Text, ...] = ("openid",)
    claim: Text
    people: dict[str, str] = {}
    prompt: Literal["login", "select_account", ""] = "login"


def read_oidc(reader: TomlReader, environ: Mapping[str, str]) -> OidcSettings | None:
    """Read [oidc]; a broken one is a problem, and nobody signs in by it."""
    if "oidc" not in reader.tables:
        return None
    found = reader.read(OidcSettings, reader.tables["oidc"], "oidc")
    if found is None:
        return None
    if "openid" not in found.scopes:
        reader.add("'openid' is missing", "oidc", "scopes", hint='write ["openid", …]')
        return None
    return add_secret(reader, environ.get(SECRET_VARIABLE), found, "oidc", "client_secret")
