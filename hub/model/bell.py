"""The kinds of bells (铃): what each needs to be told, and whether it leads to an outside cloud."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

CONSOLE = "console"
"""The bell that every hub has: pages of its own, for who is signed in."""
GROUP = "group:"
"""Begins the name of somebody who is many: `group:crew`."""
ADDRESSES = ("email", "phone", "wecom", "dingtalk", "feishu")
"""What a contact can hold; a phone also stands with the person."""
LANGUAGE = "language"
"""Stands beside a contact's addresses: in which language they are told."""
LANGUAGES = ("zh", "en")


class BellKind(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind is set up with: keys that it `needs`, and others that it `takes`.

    `address` names what of a contact it goes to; without one, everybody who reads there is
    reached. `outside`: what is sent leaves for somebody else's cloud, so that no name of a person
    and no phone may stand in it. `rate` is the most messages a minute that its vendor takes.
    """

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    address: str = ""
    mentions: str = ""
    """What of a contact is called out in a group's message, where somebody has it."""
    outside: bool = True
    rate: int = 60
    private: bool = False
    """Each sees only what is meant for them, although it needs no address."""

    @property
    def has_template(self) -> bool:
        """Tell whether a text that is registered at the vendor's is filled in, in its language."""
        return "template" in self.needs

    @property
    def is_shared(self) -> bool:
        """Tell whether everybody who reads there sees what is sent to one of them."""
        return not self.address and not self.private


_CLOUD = ("account", "secret", "template")

KINDS: Mapping[str, BellKind] = MappingProxyType(
    {
        CONSOLE: BellKind(outside=False, rate=6000, private=True),
        "mqtt": BellKind(outside=False, rate=600),
        "smtp": BellKind(
            needs=("url", "sender"), takes=("account", "secret"), address="email", rate=30
        ),
        "webhook": BellKind(needs=("url", "secret")),
        "wecom_robot": BellKind(needs=("url",), mentions="wecom", rate=20),
        "wecom_app": BellKind(
            needs=("account", "secret", "agent"), takes=("url",), address="wecom", rate=30
        ),
        "dingtalk": BellKind(needs=("url", "secret"), mentions="dingtalk", rate=20),
        "feishu": BellKind(needs=("url", "secret"), mentions="feishu", rate=60),
        "aliyun_sms": BellKind(
            needs=(*_CLOUD, "sign"), takes=("url", "callback"), address="phone", rate=60
        ),
        "aliyun_voice": BellKind(
            needs=_CLOUD, takes=("url", "sender", "callback"), address="phone", rate=60
        ),
        "tencent_sms": BellKind(
            needs=(*_CLOUD, "sign", "app"),
            takes=("url", "region", "callback"),
            address="phone",
            rate=60,
        ),
        "tencent_voice": BellKind(
            needs=(*_CLOUD, "app"), takes=("url", "region", "callback"), address="phone", rate=60
        ),
        "apprise": BellKind(needs=("url",), rate=20),
    }
)

_AT_HOME = frozenset(
    {
        *("dingtalk", "feishu", "wecombot", "pushplus", "pushdeer", "pushdeers"),
        *("schan", "wxpusher", "mailto", "mailtos", "json", "jsons", "xml", "xmls"),
        *("ntfy", "gotify", "gotifys", "mqtt", "mqtts", "syslog"),
    }
)
"""Schemes of Apprise whose service is in mainland China, or is one's own server."""
_ABROAD = ("larksuite.com", "ntfy.sh")
"""Hosts abroad of kinds that are otherwise at home."""


def is_abroad(kind: str, url: str) -> bool:
    """Tell whether what a bell of this kind and address sends goes to a service abroad."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if any(host == name or host.endswith("." + name) for name in _ABROAD):
        return True
    if kind != "apprise":
        return False
    # `ntfy://topic` is the public server; with a path there is a server of one's own before it.
    return parts.scheme not in _AT_HOME or (parts.scheme == "ntfy" and not parts.path.strip("/"))
