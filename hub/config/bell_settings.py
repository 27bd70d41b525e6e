"""Settings of the bells, one table `[[bell]]` for each: kind, address, secrets, limits.

Secrets come from a file (`secret_file`, `url_file`: a robot's address is a secret, too, and
`callback_file`: the last word of the address for receipts) or from the environment:
`LINGDANG_BELL_ID_SECRET`, `LINGDANG_BELL_ID_URL`, `LINGDANG_BELL_ID_CALLBACK`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.config.secret import add_secret
from hub.config.toml_reader import TomlReader
from hub.courier.signature import WEBHOOK_SECRET
from hub.extras import has_apprise
from hub.model.alarm import Severity
from hub.model.bell import CONSOLE, KINDS, BellKind, is_abroad
from hub.model.instant import seconds_of_day
from hub.model.spelling import suggest

SECRETS = ("secret", "url", "callback")

_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_CALLBACK = re.compile(r"[A-Za-z0-9_-]{24,200}")
_HTTP = (r"https?://[^\s/?#@\\]+([/?][^\s\\]*)?", "https://host/path")
_URLS = {
    "smtp": (r"smtps?://[^\s/?#@]+", "smtps://mail.example.cn, or smtp://… for STARTTLS"),
    "apprise": (r"[a-z][a-z0-9+.-]*://\S+", "service://… as Apprise documents it"),
}
"""What an address looks like, and how it is said."""
_ASKED = (
    *("account", "agent", "app", "callback", "region", "secret", "sender", "sign"),
    *("template", "url"),
)
"""Keys that some kinds need or take, and others do not."""
_DAY = 86_400.0
_SEVERITIES = list(Severity)

BellId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$",
        description="1 to 32 of a-z 0-9 _ -, the first a letter or digit",
    ),
]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class BellSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One bell; which keys a kind needs and takes stands in `hub.model.bell.KINDS`.

    `rate` is messages a minute, None what the vendor takes; between the times of `quiet`, such as
    22:00-07:00, nothing below the severity `quiet_below` is sent. `abroad` lets a service outside
    the country be used.
    """

    id: BellId
    kind: str
    url: str = ""
    url_file: Path | None = None
    secret: str = ""
    secret_file: Path | None = None
    callback: str = ""
    callback_file: Path | None = None
    account: Text = ""
    sender: Text = ""
    agent: Annotated[int, Meta(ge=1)] = 0
    app: Text = ""
    sign: Text = ""
    template: Text = ""
    region: Text = ""
    rate: Annotated[int, Meta(ge=1, le=6000)] | None = None
    quiet: Annotated[str, Meta(pattern=f"^({_QUIET.pattern})?$", description="22:00-07:00")] = ""
    quiet_below: Severity = Severity.CRITICAL
    abroad: bool = False

    @property
    def facts(self) -> BellKind:
        """Return what is so with every bell of its kind."""
        return KINDS[self.kind]

    @property
    def per_minute(self) -> int:
        """Return how many messages a minute it sends at most."""
        return self.rate or self.facts.rate

    def silent_until(self, severity: Severity, now: float) -> float:
        """Return when it may be rung for this severity: now, or the end of its quiet hours."""
        spans = _QUIET.fullmatch(self.quiet)
        below = _SEVERITIES.index(severity) > _SEVERITIES.index(self.quiet_below)
        if spans is None or not below:
            return now
        hours = [int(text) for text in spans.groups()]
        start, end = hours[0] * 3600 + hours[1] * 60, hours[2] * 3600 + hours[3] * 60
        since = (seconds_of_day(now) - start) % _DAY
        length = (end - start) % _DAY
        return now + length - since if since < length else now


def read_bells(reader: TomlReader, environ: Mapping[str, str]) -> tuple[BellSettings, ...]:
    """Read each [[bell]]; a broken one is a problem and is left out."""
    tables = reader.tables.get("bell", [])
    if not isinstance(tables, list):
        reader.add("each bell has a table of its own", "bell", hint="write [[bell]]")
        return ()
    bells: dict[str, BellSettings] = {}
    for place, table in enumerate(tables):
        before = len(reader.problems)
        bell = reader.read(BellSettings, table, "bell", place)
        bell = bell and _complete(reader, bell, environ, place)
        if bell and bell.id in {CONSOLE, *bells}:
            reader.add(f"'{bell.id}' is taken", "bell", place, "id", hint="choose another")
        elif bell and len(reader.problems) == before:
            bells[bell.id] = bell
    return tuple(bells.values())


def variable(bell: str, key: str) -> str:
    """Name the environment's variable with a secret of a bell."""
    return f"LINGDANG_BELL_{bell.upper().replace('-', '_')}_{key.upper()}"


def _complete(
    reader: TomlReader, bell: BellSettings, environ: Mapping[str, str], place: int
) -> BellSettings | None:
    kinds = KINDS.keys() - {CONSOLE}
    if bell.kind not in kinds:
        hint = suggest(bell.kind, kinds)
        reader.add(f"there is no kind '{bell.kind}'", "bell", place, "kind", hint=hint)
        return None
    for key in SECRETS:
        given = environ.get(variable(bell.id, key))
        bell = add_secret(reader, given, bell, ("bell", place), key)
    for key, message, hint in _faults(bell):
        reader.add(message, "bell", place, key, hint=hint)
    return bell


def _faults(bell: BellSettings) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong: key, sentence, next step."""
    yield from _misplaced(bell)
    pattern, form = _URLS.get(bell.kind, _HTTP)
    if bell.url and not re.fullmatch(pattern, bell.url):
        # What stands there may be a secret: it is not repeated.
        yield "url", f"it is no address for {bell.kind}", f"write {form}"
    elif is_abroad(bell.kind, bell.url) and not bell.abroad:
        yield "url", "this service is abroad", "write abroad = true if that is allowed here"
    if bell.kind == "webhook" and bell.secret and not _is_key(bell.secret):
        yield "secret", "it is no secret of Standard Webhooks", "whsec_ and 24 to 64 bytes, base64"
    if bell.callback and not _CALLBACK.fullmatch(bell.callback):
        yield "callback", "it can be guessed", "24 to 200 of a-z A-Z 0-9 _ -, by chance"
    if bell.kind == "apprise" and not has_apprise():
        yield "kind", "apprise is not installed", "pip install -r requirements/apprise.txt"


def _misplaced(bell: BellSettings) -> Iterator[tuple[str, str, str]]:
    facts = bell.facts
    for key in _ASKED:
        there = bool(getattr(bell, key))
        if key in facts.needs and not there:
            yield "id", f"{bell.kind} needs the key '{key}'", "see docs/bells.md"
        elif there and key not in (*facts.needs, *facts.takes):
            yield key, f"{bell.kind} has no use for '{key}'", "take it out"


def _is_key(secret: str) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix(WEBHOOK_SECRET), validate=True)
    except (ValueError, binascii.Error):
        return False
    return secret.startswith(WEBHOOK_SECRET) and 24 <= len(key) <= 64  # noqa: PLR2004 - the standard's
