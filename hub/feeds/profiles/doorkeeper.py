"""Who may fetch from us by a profile: address, token or sign, time, and each nonce once.

What was there before a start cannot be known, so a timestamp from before it is refused: whoever
repeats a request of then finds no gap.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from hub.clock import Clock
from hub.errors import HubError
from hub.feeds.profiles.filling import read_instant
from hub.feeds.profiles.receiver import Receiver
from hub.feeds.profiles.signing import canonical_text, is_same_sign, make_sign
from hub.model.profile import Auth, Times

MOST_NONCES = 100_000
"""Nonces that are remembered; with more within one window nobody gets in."""


class DoorError(HubError):
    """A request of a platform that is not taken; `reason` is one of `[envelope.errors]`."""

    def __init__(self, reason: str, message: str, *, zh: str = "") -> None:
        super().__init__(message, zh=zh)
        self.reason = reason


class Doorkeeper:
    """Lets one receiver in."""

    def __init__(self, receiver: Receiver, clock: Clock) -> None:
        self._receiver = receiver
        self._clock = clock
        self._started = clock.now()
        self._nonces: OrderedDict[str, float] = OrderedDict()

    def admit(
        self, address: str, headers: Mapping[str, str], params: Mapping[str, str], body: bytes
    ) -> None:
        """Return, or raise DoorError; `params` are those of query and body.

        Header names are in lower case.
        """
        self._check_address(address)
        auth = self._receiver.profile.auth
        match auth.scheme:
            case "sign":
                self._check_sign(auth, headers, params, body)
            case "bearer" | "token":
                given = headers.get(auth.header.lower(), "")
                mark = "Bearer " if auth.scheme == "bearer" else ""
                due = f"{mark}{self._receiver.keys.secret}"
                if not hmac.compare_digest(given.encode(), due.encode()):
                    raise DoorError("sign", "the token is wrong", zh="令牌不对。")
            case _:
                pass

    def _check_address(self, address: str) -> None:
        networks = self._receiver.addresses
        if not networks:
            return
        try:
            is_theirs = any(ip_address(address) in ip_network(each) for each in networks)
        except ValueError:
            is_theirs = False
        if not is_theirs:
            raise DoorError(
                "address",
                f"{address} is none of this receiver's addresses",
                zh="来源地址不在名单内。",
            )

    def _check_sign(
        self, auth: Auth, headers: Mapping[str, str], params: Mapping[str, str], body: bytes
    ) -> None:
        marks = {
            name: headers.get(name.lower(), "") if auth.where == "header" else params.get(name, "")
            for name in (auth.app_key, auth.timestamp, auth.nonce, auth.sign)
            if name
        }
        for name in (auth.timestamp, auth.nonce, auth.sign):
            if not marks[name]:
                raise DoorError("sign", f"{name} is missing", zh="缺少签名参数。")
        keys = self._receiver.keys
        if auth.app_key and not hmac.compare_digest(
            marks[auth.app_key].encode(), keys.app_key.encode()
        ):
            raise DoorError("sign", f"{auth.app_key} is not known", zh="应用标识不对。")
        text = canonical_text(auth, {**params, **marks}, keys.secret, body)
        if not is_same_sign(auth, make_sign(auth, text, keys.secret), marks[auth.sign]):
            raise DoorError("sign", f"{auth.sign} does not fit", zh="签名不对。")
        # Only who has the secret gets here, so strangers cannot fill the book of nonces.
        stamp = self._check_time(auth, marks[auth.timestamp])
        self._check_nonce(auth, marks[auth.nonce], stamp)

    def _check_time(self, auth: Auth, text: str) -> float:
        now = self._clock.now()
        try:
            stamp = read_instant(Times(format=auth.time), text)
        except (ValueError, OverflowError):
            raise DoorError(
                "expired", f"{auth.timestamp} is no instant: {text[:40]!r}", zh="时间戳不对。"
            ) from None
        if abs(now - stamp) > auth.window:
            raise DoorError(
                "expired", f"{auth.timestamp} is {now - stamp:.0f} s off; see the clock"
            )
        if stamp < self._started - 1.0:
            raise DoorError(
                "expired",
                "this was signed before the hub's start; sign it anew",
                zh="签名早于平台启动，请重新签名。",
            )
        return stamp

    def _check_nonce(self, auth: Auth, nonce: str, stamp: float) -> None:
        book, oldest = self._nonces, self._clock.now() - auth.window
        while book and next(iter(book.values())) < oldest:
            book.popitem(last=False)
        if nonce in book:
            raise DoorError("replayed", f"{auth.nonce} was used before", zh="随机数已经用过。")
        if len(book) >= MOST_NONCES:
            raise DoorError("failed", "too many requests within one window", zh="请求太多。")
        book[nonce] = max(stamp, self._clock.now())
