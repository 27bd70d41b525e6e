"""What the MQTT links are told: the broker, the community, and which session reads what."""

from __future__ import annotations

import ssl
from enum import StrEnum
from typing import Literal

import msgspec

from hub.extras import Client


class Session(StrEnum):
    """The hub's three sessions: a flood of measurements must not delay an alarm."""

    STATE = "state"
    TELEMETRY = "telemetry"
    REPLY = "reply"


LAST_WORDS: dict[Session, tuple[str, ...]] = {
    Session.STATE: ("state", "event", "avail"),
    Session.TELEMETRY: ("telemetry",),
    Session.REPLY: ("ack",),
}
"""Session → the last words of the topics that it subscribes to; its canary uses the first."""

HUB_ADDRESS = "lingdang-hub"
"""The address under which the hub's own canaries fly; no device can have it."""


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Files for TLS: the authority's certificate (empty: the system's), own certificate and key."""

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    def context(self) -> ssl.SSLContext:
        """Return a context that checks the broker's name; raises OSError for unreadable files."""
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file or None)
        return context


class MqttSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One broker; `keepalive` in seconds, `window` in messages that may wait for their ack.

    `canary_limit`: real seconds with nothing else under way, after which the hub's own message
    counts as lost. `client` is the library: "fast" speaks MQTT 5 only.
    """

    host: str
    port: int = 1883
    username: str = ""
    password: str = ""
    tls: TlsSettings | None = None
    community: str
    protocol: Literal["5", "3.1.1"] = "5"
    client: Client = "auto"
    keepalive: int = 10
    window: int = 1000
    canary_limit: float = 10.0

    @property
    def broker(self) -> str:
        """Name the broker in sentences for people."""
        return f"{self.host}:{self.port}"

    def client_id(self, session: Session) -> str:
        """Return the fixed client id under which the broker keeps a session."""
        return f"{self.community}-{session.value}"

    def filters(self, session: Session) -> tuple[str, ...]:
        """Return the topic filters of a session; they do not overlap."""
        return tuple(f"ld/{self.community}/+/{word}" for word in LAST_WORDS[session])

    def canary_topic(self, session: Session) -> str:
        """Return the topic on which the session's canary flies."""
        return f"ld/{self.community}/{HUB_ADDRESS}/{LAST_WORDS[session][0]}"
