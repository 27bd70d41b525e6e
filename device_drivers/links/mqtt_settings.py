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


class FamilySession(msgspec.Struct, frozen=True, kw_only=True):
    """The one session of a further dialect; `topics` are the filters of all that it says.

    `link` is the name under which the books know its devices.
    """

    link: str
    topics: tuple[str, ...]
    value: str = "all"

    @property
    def word(self) -> str:
        """The last word of its canary's topic, which no other session reads."""
        return f"link-{self.link}"


AnySession = Session | FamilySession

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

    def client_id(self, session: AnySession) -> str:
        """Return the fixed client id under which the broker keeps a session."""
        name = session.word if isinstance(session, FamilySession) else session.value
        return f"{self.community}-{name}"

    def filters(self, session: AnySession) -> tuple[str, ...]:
        """Return the topic filters of a session; they do not overlap."""
        if isinstance(session, FamilySession):
            return (*session.topics, self.canary_topic(session))
        return tuple(f"ld/{self.community}/+/{word}" for word in LAST_WORDS[session])

    def canary_topic(self, session: AnySession) -> str:
        """Return the topic on which the session's canary flies."""
        own = session.word if isinstance(session, FamilySession) else LAST_WORDS[session][0]
        return f"ld/{self.community}/{HUB_ADDRESS}/{own}"
