"""Which sessions a hub has at its broker, and what they hand in."""

from __future__ import annotations

from device_drivers.links.mqtt_settings import FamilySession, MqttSettings, Session
from hub.assembly.dialects import sessions
from hub.assembly.mqtt_sessions import TrimmingInbox
from hub.config.families import FamilySettings
from hub.ports import Envelope

SETTINGS = MqttSettings(host="h", community="gs")


class Inbox:
    """Keeps what it is offered."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []
        self.full = False

    def offer(self, envelope: Envelope) -> None:
        self.kept.append(envelope)

    def is_full(self) -> bool:
        return self.full

    async def has_room(self) -> None:
        self.full = False


def test_a_further_dialect_has_one_session_that_no_other_one_hears() -> None:
    (family,) = sessions([FamilySettings(name="plates", dialect="vzenith", prefix="yard")])
    assert SETTINGS.client_id(family) == "gs-link-plates"
    assert SETTINGS.canary_topic(family) == "ld/gs/lingdang-hub/link-plates"
    assert SETTINGS.filters(family) == (
        "yard/device/+/message/up/+",
        "yard/+/device/message/up/+",
        "ld/gs/lingdang-hub/link-plates",
    )
    others = {word for session in Session for word in SETTINGS.filters(session)}
    assert not others & set(SETTINGS.filters(family))


def test_a_link_named_like_a_session_takes_over_nobody() -> None:
    family = FamilySession(link="state", topics=())
    names = {SETTINGS.client_id(each) for each in (*Session, family)}
    assert len(names) == len(Session) + 1


async def test_pictures_are_gone_before_the_intake_sees_them() -> None:
    inner = Inbox()
    inbox = TrimmingInbox(inner)
    for payload in (b'{"a":1}', b'{"image":"' + b"A" * 5000 + b'"}', ()):
        inbox.offer(Envelope(link="x", address="t", payload=payload, received=1.0))
    assert inner.kept[0].payload == b'{"a":1}'
    assert len(inner.kept[1].payload) < 100
    assert inner.kept[2].payload == ()
    inner.full = True
    assert inbox.is_full()
    await inbox.has_room()
    assert not inbox.is_full()
