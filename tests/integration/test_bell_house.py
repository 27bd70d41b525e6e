"""Bells that need no vendor: mail, the site's broker, and whatever Apprise knows."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import aiomqtt
import pytest

from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_settings import MqttSettings
from hub.bells import smtp
from hub.bells.apprise_bell import AppriseChannel
from hub.bells.channel import Address
from hub.bells.mqtt import MqttChannel
from hub.bells.smtp import SmtpChannel
from hub.clock import SystemClock
from hub.config.bell_settings import BellSettings
from hub.courier.answer import Answer, Verdict
from tests.integration.test_bell_vendors import MESSAGE
from tests.integration.test_outbound import certify
from tests.support.broker import running_broker, shipped_lines
from tests.support.post_office import PostOffice, post_office
from tests.support.vendor import Said, vending

pytestmark = pytest.mark.integration

WANG = Address(to="wang@example.cn")


async def mail(
    office: PostOffice, *, scheme: str = "smtp", host: str = "localhost", **more: object
) -> Answer:
    trust = more.pop("trust", None)
    fields = {"sender": "铃铛 <bell@guanshan.example>", **more}
    url = f"{scheme}://{host}:{office.port}"
    bell = BellSettings(id="mail", kind="smtp", url=url, **fields)  # type: ignore[arg-type]
    return await SmtpChannel(bell, SystemClock(), trust).send(MESSAGE, WANG)  # type: ignore[arg-type]


@pytest.fixture
def certificate(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    require_server("openssl")
    return certify(tmp_path, "localhost")


async def test_a_mail_says_it_all_and_has_the_same_id_each_time() -> None:
    async with post_office() as office:
        assert (await mail(office)).verdict is Verdict.DELIVERED
        assert (await mail(office)).verdict is Verdict.DELIVERED
        one, two = office.mails
    assert one.to == ["wang@example.cn"]
    assert one.content["Subject"] == "【严重】落杆失败"
    assert one.content.get_content().splitlines()[:2] == ["【严重】落杆失败", "位置：甲小区 南门"]
    assert one.content["Message-ID"] == two.content["Message-ID"]
    assert one.content["Message-ID"] == "<bell-0123456789abcdef@guanshan.example>"
    assert one.content["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_password_goes_by_tls(
    scheme: str, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    served, trust = certificate
    async with post_office(served, wrapped=scheme == "smtps") as office:
        answer = await mail(office, scheme=scheme, account="bell", secret="sesame", trust=trust)
        assert answer.verdict is Verdict.DELIVERED
        assert (office.mails[0].user, office.mails[0].safe) == ("bell", True)
        answer = await mail(office, scheme=scheme, account="bell", secret="wrong", trust=trust)
        assert answer.verdict is Verdict.REFUSED
        assert answer.why == "535 5.7.8 wrong password"


async def test_a_password_does_not_go_without_tls() -> None:
    async with post_office() as office:
        answer = await mail(office, account="bell", secret="sesame")
        assert (answer.verdict, office.mails) == (Verdict.REFUSED, [])
        assert "no TLS" in answer.why


async def test_a_certificate_of_another_name_gets_no_password(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    served, trust = certificate
    async with post_office(served) as office:
        answer = await mail(office, host="127.0.0.1", account="bell", secret="x", trust=trust)
        assert answer.verdict is Verdict.LATER
        assert "CERTIFICATE_VERIFY_FAILED" in answer.why


@pytest.mark.parametrize(
    ("command", "said", "verdict", "theirs"),
    [
        ("RCPT", "550 5.1.1 no such user", Verdict.REFUSED, True),
        ("RCPT", "450 4.2.1 mailbox busy", Verdict.LATER, False),
        ("MAIL", "550 not from you", Verdict.REFUSED, False),
        ("DATA", "452 no space", Verdict.LATER, False),
        ("HELLO", "421 come again", Verdict.LATER, False),
        ("HELLO", "what?", Verdict.LATER, False),
    ],
)
async def test_what_a_mail_server_answers(
    command: str, said: str, verdict: Verdict, *, theirs: bool
) -> None:
    async with post_office() as office:
        office.answers[command] = said
        answer = await mail(office)
        assert (answer.verdict, answer.theirs, office.mails) == (verdict, theirs, [])


async def test_a_mail_server_that_is_not_there_or_silent_is_for_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with post_office() as office:
        pass
    assert (await mail(office)).verdict is Verdict.LATER
    monkeypatch.setattr(smtp, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        office.port = silent.getsockname()[1]
        assert (await mail(office)).verdict is Verdict.LATER


@pytest.mark.parametrize("client", ["paho", "fast"])
async def test_a_message_on_the_sites_broker_is_acknowledged_by_it(
    tmp_path: Path, require_server: Callable[[str], Path], client: str
) -> None:
    if client == "fast":
        pytest.importorskip("mqtt5")
    lines = shipped_lines(durable=False)
    async with running_broker(require_server("mosquitto"), tmp_path, lines) as broker:
        settings = MqttSettings(host="127.0.0.1", port=broker.port, community="t", client=client)  # type: ignore[arg-type]
        channel = MqttChannel("siren", Dialler(settings))
        answer = await channel.send(MESSAGE, Address())
        assert (answer.verdict, answer.why) == (
            Verdict.LATER,
            "nobody has subscribed to the bell's topic",
        )
        async with aiomqtt.Client("127.0.0.1", broker.port) as siren:
            await siren.subscribe("ld/t/lingdang-hub/bell/+", qos=1)
            assert (await channel.send(MESSAGE, Address())).verdict is Verdict.DELIVERED
            heard = await anext(aiter(siren.messages))
            assert str(heard.topic) == "ld/t/lingdang-hub/bell/siren"
            assert not heard.retain
            body = json.loads(bytes(heard.payload))  # type: ignore[arg-type]
            assert (body["id"], body["ticket"]) == (MESSAGE.id, MESSAGE.ticket)
    assert (await channel.send(MESSAGE, Address())).verdict is Verdict.LATER


async def test_a_hub_without_a_broker_says_so() -> None:
    answer = await MqttChannel("siren", None).send(MESSAGE, Address())
    assert (answer.verdict, answer.why) == (Verdict.REFUSED, "the hub has no [mqtt] broker")


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
async def test_apprise_tells_a_service_that_the_hub_does_not_know() -> None:
    pytest.importorskip("apprise")
    async with vending(lambda _: Said(data={})) as vendor:
        bell = BellSettings(id="x", kind="apprise", url=f"json://127.0.0.1:{vendor.port}/a")
        assert (await AppriseChannel(bell).send(MESSAGE, Address())).verdict is Verdict.DELIVERED
        assert vendor.asked[0].body["title"] == "【严重】落杆失败"
        vendor.next = [Said("500 Internal Server Error")]
        assert (await AppriseChannel(bell).send(MESSAGE, Address())).verdict is Verdict.LATER
    unknown = BellSettings(id="x", kind="apprise", url="nothing://x")
    assert (await AppriseChannel(unknown).send(MESSAGE, Address())).verdict is Verdict.REFUSED
