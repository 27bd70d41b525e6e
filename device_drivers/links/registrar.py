"""Who has registered by GB/T 28181, and what each message is answered: decided without I/O.

Only devices of the books are asked for a password; a stranger is refused, and told of once in a
while. A device whose registration is not known, since the hub was restarted, is refused too: then
it registers again. Everything that is kept is bounded.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Literal, NamedTuple

import msgspec

from device_drivers.codecs.digest import Challenge, is_proven, read_answer, write_challenge
from device_drivers.codecs.manscdp import (
    GOODBYE,
    ID,
    REGISTER,
    Notice,
    read_manscdp,
)
from device_drivers.codecs.sip import Message, expires_of, write_answer
from hub.errors import ProtocolError
from hub.model.instant import to_rfc3339

NONCE_SECONDS = 60.0
SHORTEST, LONGEST = 60, 86_400
"""Seconds that a registration lives."""
REPEATED_SECONDS = 32.0
MOST_REPEATED, MOST_STRANGERS = 4096, 256
MOST_FAILURES, LOCK_SECONDS = 5, 600.0
STRANGER_EVERY = 600.0

Source = tuple[str, int]
Caller = tuple[str, str]
"""An id and the host that claims it: another host must not lock the true one out."""


class RegistrarSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The platform's own 20 digits, its domain of 10, and the password of its devices."""

    id: str
    domain: str
    password: str


class Taken(NamedTuple):
    """What becomes of a message: the answer, what it says, and what nobody could read of it."""

    answer: bytes = b""
    notices: tuple[Notice, ...] = ()
    strange: bytes = b""
    registered: str = ""
    """A device that has just registered, and can be asked."""


class Registration(msgspec.Struct):
    """Where a device is, until when; epoch seconds."""

    source: Source
    transport: Literal["UDP", "TCP"]
    until: float


class Registrar:
    """Decides; `devices` are the ids that may register, or are told of by those that do."""

    def __init__(self, settings: RegistrarSettings, devices: Collection[str]) -> None:
        self.registered: dict[str, Registration] = {}
        self._settings = settings
        self._devices = frozenset(devices)
        self._nonces: dict[Caller, tuple[str, float]] = {}
        self._failures: dict[Caller, tuple[int, float]] = {}
        self._strangers: dict[str, float] = {}
        self._repeated: dict[tuple[Source, str], tuple[float, bytes]] = {}

    def take(
        self, message: Message, source: Source, transport: Literal["UDP", "TCP"], now: float
    ) -> Taken:
        """Decide about one message; a repetition gets the answer that the first has got."""
        if not message.method or message.method == "ACK":
            return Taken()
        key = (source, message.transaction)
        before = self._repeated.get(key)
        if before is not None and now - before[0] < REPEATED_SECONDS:
            return Taken(before[1])
        taken = self._decide(message, source, transport, now)
        if len(self._repeated) >= MOST_REPEATED:
            self._repeated.clear()
        self._repeated[key] = now, taken.answer
        return taken

    def _decide(
        self, message: Message, source: Source, transport: Literal["UDP", "TCP"], now: float
    ) -> Taken:
        match message.method:
            case "REGISTER":
                return self._register(message, source, transport, now)
            case "MESSAGE" | "NOTIFY":
                return self._hear(message, source, now)
            case "OPTIONS":
                return Taken(write_answer(message, 200, source))
            case "BYE" | "CANCEL":
                return Taken(write_answer(message, 481, source))
        return Taken(write_answer(message, 405, source, (("Allow", "REGISTER, MESSAGE, NOTIFY"),)))

    def _register(
        self, message: Message, source: Source, transport: Literal["UDP", "TCP"], now: float
    ) -> Taken:
        device = message.sender
        if device not in self._devices:
            return Taken(write_answer(message, 403, source), self._strange(device, now))
        caller = (device, source[0])
        if self._is_locked(caller, now):
            return Taken(write_answer(message, 403, source))
        if not self._is_proven(message, caller, now):
            return Taken(self._challenge(message, source, now))
        self._failures.pop(caller, None)
        seconds = expires_of(message)
        if seconds == 0:
            self.registered.pop(device, None)
            gone = Notice(kind=GOODBYE, device=device)
            return Taken(write_answer(message, 200, source), (gone,))
        seconds = min(LONGEST, max(SHORTEST, seconds))
        self.registered[device] = Registration(source, transport, now + seconds)
        # The date sets the device's clock: local time, without a zone.
        date = (to_rfc3339(now) or "")[:23]
        more = (("Contact", message.get("contact")), ("Expires", str(seconds)), ("Date", date))
        here = Notice(kind=REGISTER, device=device)
        return Taken(write_answer(message, 200, source, more), (here,), registered=device)

    def _hear(self, message: Message, source: Source, now: float) -> Taken:
        known = self.registered.get(message.sender)
        if known is None or known.until < now or known.source[0] != source[0]:
            return Taken(write_answer(message, 403, source))
        known.source = source
        try:
            said = read_manscdp(message.body)
        except ProtocolError:
            return Taken(write_answer(message, 200, source), strange=message.body)
        notices = tuple(said.notices)
        if said.kind == "Catalog":
            # Only channels of the books: a recorder may know of hundreds that are nobody's.
            notices = tuple(each for each in notices if each.device in self._devices)
        return Taken(write_answer(message, 200, source), notices)

    def _challenge(self, message: Message, source: Source, now: float) -> bytes:
        nonce = secrets.token_hex(16)
        if len(self._nonces) >= MOST_REPEATED:
            self._nonces.clear()
        self._nonces[message.sender, source[0]] = nonce, now
        asked = write_challenge(Challenge(self._settings.domain, nonce))
        return write_answer(message, 401, source, (("WWW-Authenticate", asked),))

    def _is_proven(self, message: Message, caller: Caller, now: float) -> bool:
        fields = read_answer(message.get("authorization"))
        nonce, since = self._nonces.pop(caller, ("", 0.0))
        is_fresh = now - since <= NONCE_SECONDS and fields.get("nonce") == nonce
        if not nonce or not is_fresh or not self._settings.password:
            return False
        challenge = Challenge(self._settings.domain, nonce)
        if fields.get("username") == caller[0] and is_proven(
            fields, challenge, "REGISTER", self._settings.password
        ):
            return True
        if len(self._failures) >= MOST_REPEATED:
            self._failures.clear()
        self._failures[caller] = self._failures.get(caller, (0, 0.0))[0] + 1, now
        return False

    def _is_locked(self, caller: Caller, now: float) -> bool:
        count, since = self._failures.get(caller, (0, 0.0))
        if count >= MOST_FAILURES and now - since >= LOCK_SECONDS:
            del self._failures[caller]
            return False
        return count >= MOST_FAILURES

    def _strange(self, device: str, now: float) -> tuple[Notice, ...]:
        """Tell of a stranger now and then, so that it stands among the newcomers."""
        told = self._strangers.get(device)
        is_news = told is None or now - told >= STRANGER_EVERY
        if not ID.fullmatch(device) or not is_news or len(self._strangers) >= MOST_STRANGERS:
            return ()
        self._strangers[device] = now
        return (Notice(kind=REGISTER, device=device),)
