"""Which sessions a hub has at its broker, and what they hand in."""

from __future__ import annotations

from device_drivers.links.mqtt_settings import FamilySession, MqttSettings, Session
from hub.assembly.dialects import find_strange_models, sessions
from hub.assembly.mqtt_sessions import TrimmingInbox
from hub.config.families import FamilySettings
from hub.model.device import Kind
from hub.ports import Envelope
from tests.support.shipped import MODELS
from tests.unit.intake.stage import device

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
    filters = SETTINGS.filters(family)
    assert {"yard/device/+/message/up/ivs_result", "yard/+/device/message/up/keep_alive"} < {
        *filters
    }
    assert filters[-1] == "ld/gs/lingdang-hub/link-plates"
    others = {word for session in Session for word in SETTINGS.filters(session)}
    assert not others & set(SETTINGS.filters(family))


def test_a_link_named_like_a_session_takes_over_nobody() -> None:
    family = FamilySession(link="state", topics=())
    names = {SETTINGS.client_id(each) for each in (*Session, family)}
    assert len(names) == len(Session) + 1


def test_a_model_of_another_dialect_than_its_link_s_is_told() -> None:
    family = FamilySettings(name="boards", dialect="tasmota")
    gate = device("a", link="boards")
    meter = device("b", Kind.ELECTRICITY_METER, link="boards", model="tasmota-meter")
    other = device("c", Kind.ELECTRICITY_METER, link="bus", model="eastron-sdm120")
    (problem,) = find_strange_models(
        [gate, meter, other], MODELS, {family.name: family.dialect}, "devices.csv"
    )
    assert "a: its link 'boards' speaks tasmota" in str(problem)
    assert "tasmota-meter" in problem.hint
    announced = FamilySettings(name="boards", dialect="homeassistant")
    problems = list(
        find_strange_models([gate], MODELS, {announced.name: announced.dialect}, "devices.csv")
    )
    assert problems[0].hint == "give it the link by which it is heard"


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
