"""Each vendor's documented contract, on loopback: what is taken, what each answer means."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from hub.bells.channel import Address
from hub.bells.kinds import ASKED, OVER_HTTP, PUSHED, make_channel, make_witness
from hub.bells.message import Message
from hub.bells.receipt import News, Outcome, Receipt
from hub.clock import Clock, SystemClock
from hub.config.bell_settings import BellSettings
from hub.courier import post
from hub.courier.answer import Answer, Verdict
from hub.model.alarm import Severity
from hub.outbound import GuardedTransport
from tests.integration.test_outbound import HOSTILE, NO_ADDRESS
from tests.support import vendor as vendors
from tests.support.vendor import SECRET, Said, Vendor, vending

pytestmark = pytest.mark.integration

MESSAGE = Message(
    id="bell-0123456789abcdef",
    ticket="GS-20251124-0001",
    severity=Severity.MAJOR,
    title="【严重】落杆失败",
    lines=("位置：甲小区 南门", "工单 GS-20251124-0001"),
    what="落杆失败",
    where="甲小区 南门",
    until="请在 2025-11-24 16:05 前接单",
)
CLOUD = {"account": "id", "secret": SECRET, "template": "T-1"}
VENDORS: dict[str, tuple[Callable[[], vendors.Judge], str, dict[str, Any], Address]] = {
    "webhook": (
        lambda: vendors.webhook,
        "/hook?x=1",
        {"secret": vendors.WEBHOOK_SECRET},
        Address(),
    ),
    "wecom_robot": (
        lambda: vendors.wecom_robot,
        "/cgi-bin/webhook/send?key=k-1",
        {},
        Address(mention="WangWei"),
    ),
    "wecom_app": (
        vendors.WecomApp,
        "",
        {"account": "corp", "secret": SECRET, "agent": 1000002},
        Address(to="WangWei"),
    ),
    "dingtalk": (
        lambda: vendors.dingtalk,
        "/robot/send?access_token=tok",
        {"secret": SECRET},
        Address(mention="u1"),
    ),
    "feishu": (lambda: vendors.feishu, "/hook/1", {"secret": SECRET}, Address(mention="ou_1")),
    "aliyun_sms": (
        lambda: vendors.aliyun,
        "",
        {**CLOUD, "sign": "铃铛"},
        Address(to="13900000000"),
    ),
    "aliyun_voice": (lambda: vendors.aliyun, "", CLOUD, Address(to="13900000000")),
    "tencent_sms": (
        lambda: vendors.tencent,
        "",
        {**CLOUD, "sign": "铃铛", "app": "1400000000"},
        Address(to="13900000000"),
    ),
    "tencent_voice": (
        lambda: vendors.tencent,
        "",
        {**CLOUD, "app": "1400000000"},
        Address(to="13900000000"),
    ),
}


RECEIPTS = {
    "aliyun_sms": "1^2",
    "aliyun_voice": "1^2",
    "tencent_sms": "5000:1",
    "tencent_voice": "c",
}
"""What these call a message of which they tell more."""


@contextlib.asynccontextmanager
async def client(*allow: str) -> AsyncIterator[httpx2.AsyncClient]:
    transport = GuardedTransport(allow or ("127.0.0.0/8",))
    async with httpx2.AsyncClient(transport=transport, trust_env=False) as made:
        yield made


async def tell(
    kind: str,
    vendor: Vendor,
    *,
    clock: Clock | None = None,
    to: Address | None = None,
    **over: object,
) -> Answer:
    _, path, fields, address = VENDORS[kind]
    set_up: dict[str, Any] = {"url": vendor.url + path, **fields, **over}
    bell = BellSettings(id="x", kind=kind, **set_up)
    async with client() as asking:
        channel = make_channel(bell, asking, clock or SystemClock(), None)
        return await channel.send(MESSAGE, to or address)


@pytest.fixture(params=sorted(VENDORS))
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    return str(request.param)


def test_every_kind_that_speaks_http_has_its_vendor() -> None:
    assert set(VENDORS) == set(OVER_HTTP)


async def test_what_is_signed_as_documented_is_delivered(kind: str) -> None:
    async with vending(VENDORS[kind][0]()) as vendor:
        answer = await tell(kind, vendor)
        assert answer == Answer(verdict=Verdict.DELIVERED, receipt=RECEIPTS.get(kind, ""))
        said = vendor.asked[-1]
        text = said.raw.decode() + " ".join(said.query.values())
        assert "落杆失败" in text.encode().decode("unicode_escape", "ignore") or "落杆失败" in text
        assert SECRET not in said.target


@pytest.mark.parametrize(
    "kind", ["webhook", "wecom_app", "dingtalk", "feishu", "aliyun_sms", "tencent_sms"]
)
async def test_a_wrong_secret_is_refused_for_good(kind: str) -> None:
    wrong = "whsec_" + "A" * 40 + "AAA=" if kind == "webhook" else "another secret"
    async with vending(VENDORS[kind][0]()) as vendor:
        answer = await tell(kind, vendor, secret=wrong)
        assert answer.verdict is Verdict.REFUSED
        assert not answer.theirs
        assert "another secret" not in answer.why


BUSY = Said("429 Too Many Requests", {}, {"retry-after": "77"})


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        (Said("500 Internal Server Error", raw=b"<h1>oops</h1>"), 0.0),
        (BUSY, 77.0),
        (Said("503 Service Unavailable", {}, {"retry-after": "Mon, 24 Nov 2025 16:00:00 GMT"}), 0),
        (Said("503 Service Unavailable", {}, {"retry-after": "x" * 5000}), 0.0),
        (Said("503 Service Unavailable", {}, {"retry-after": "9" * 400}), 86_400.0),
        (Said("302 Found", {}, {"location": "http://169.254.169.254/"}), 60.0),
    ],
)
async def test_what_may_go_through_another_time_is_for_later(
    kind: str, said: Said, wait: float
) -> None:
    async with vending(VENDORS[kind][0]()) as vendor:
        vendor.next = [said] * 4
        answer = await tell(kind, vendor)
        assert (answer.verdict, answer.wait) == (Verdict.LATER, wait)
        assert answer.why


@pytest.mark.parametrize(
    "raw",
    [b"", b"<html>please log in</html>", b"[1,2]", b"\xff\xfe\x00", b'{"errcode":', b"[" * 60_000],
)
async def test_a_page_of_somebody_on_the_way_is_no_delivery(kind: str, raw: bytes) -> None:
    async with vending(VENDORS[kind][0]()) as vendor:
        vendor.next = [Said(raw=raw)] * 4
        answer = await tell(kind, vendor)
        # A webhook's receiver owes no body: its 2xx is the answer.
        due = Verdict.DELIVERED if kind == "webhook" else Verdict.LATER
        assert answer.verdict is due


async def test_an_answer_without_end_is_cut_off(kind: str) -> None:
    async with vending(VENDORS[kind][0]()) as vendor:
        vendor.next = [Said(raw=b" " * 5_000_000)] * 4
        assert (await tell(kind, vendor)).verdict in {Verdict.LATER, Verdict.DELIVERED}


async def test_who_does_not_answer_is_waited_for_no_longer_than_patience(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "PATIENCE", 0.3)
    async with vending(VENDORS[kind][0]()) as vendor:
        vendor.next = [Said(after=20.0)]
        answer = await tell(kind, vendor)
        assert (answer.verdict, answer.why) == (Verdict.LATER, "no answer within 0 s")


async def test_who_hangs_up_and_who_is_not_there_are_for_later(kind: str) -> None:
    async with vending(VENDORS[kind][0]()) as vendor:
        pass
    assert (await tell(kind, vendor)).verdict is Verdict.LATER


CODES = [
    ("wecom_robot", {"errcode": 45009, "errmsg": "freq"}, Verdict.LATER, 60.0),
    ("wecom_robot", {"errcode": 93000, "errmsg": "gone"}, Verdict.REFUSED, 0.0),
    ("wecom_robot", {"errcode": 123456, "errmsg": "new"}, Verdict.LATER, 60.0),
    ("wecom_app", {"errcode": 60020, "errmsg": "ip"}, Verdict.REFUSED, 0.0),
    ("dingtalk", {"errcode": 310000, "errmsg": "sign"}, Verdict.REFUSED, 0.0),
    ("dingtalk", {"errcode": 130101, "errmsg": "freq"}, Verdict.LATER, 600.0),
    ("feishu", {"code": 19021, "msg": "sign"}, Verdict.REFUSED, 0.0),
    ("feishu", {"code": 9499, "msg": "Bad Request"}, Verdict.LATER, 60.0),
    ("feishu", {"StatusCode": 0, "StatusMessage": "success"}, Verdict.DELIVERED, 0.0),
    ("aliyun_sms", {"Code": "isv.AMOUNT_NOT_ENOUGH"}, Verdict.REFUSED, 0.0),
    ("aliyun_sms", {"Code": "isv.BUSINESS_LIMIT_CONTROL"}, Verdict.LATER, 3600.0),
    ("tencent_sms", {"Response": {"Error": {"Code": "InternalError"}}}, Verdict.LATER, 30.0),
    ("tencent_sms", {"Response": {"SendStatusSet": []}}, Verdict.LATER, 0.0),
    ("tencent_sms", {"Response": 7}, Verdict.LATER, 0.0),
    ("tencent_sms", {"Response": {"Error": {"Code": {}}}}, Verdict.LATER, 0.0),
    ("dingtalk", {"errcode": [0]}, Verdict.LATER, 0.0),
    ("feishu", {"code": {"a": 1}}, Verdict.LATER, 0.0),
    ("wecom_app", {"access_token": 7, "expires_in": "x"}, Verdict.LATER, 0.0),
    ("aliyun_voice", {"Code": None}, Verdict.LATER, 0.0),
]


@pytest.mark.parametrize(("kind", "data", "verdict", "wait"), CODES)
async def test_a_failure_inside_http_200_is_one(
    kind: str, data: object, verdict: Verdict, wait: float
) -> None:
    async with vending(VENDORS[kind][0]()) as vendor:
        vendor.next = [Said(data=data)] * 2
        answer = await tell(kind, vendor)
        assert (answer.verdict, answer.wait) == (verdict, wait)


@pytest.mark.parametrize(
    ("kind", "to"),
    [("wecom_app", "Nobody"), ("aliyun_sms", "12"), ("tencent_sms", "110")],
)
async def test_a_persons_wrong_address_is_not_the_channels_fault(kind: str, to: str) -> None:
    async with vending(VENDORS[kind][0]()) as vendor:
        answer = await tell(kind, vendor, to=Address(to=to))
        assert (answer.verdict, answer.theirs) == (Verdict.REFUSED, True)


async def test_a_token_is_asked_for_once_and_anew_when_it_has_lapsed() -> None:
    app = vendors.WecomApp()
    async with vending(app) as vendor, client() as asking:
        bell = BellSettings(
            id="x", kind="wecom_app", url=vendor.url, account="corp", secret=SECRET, agent=1000002
        )
        channel = make_channel(bell, asking, SystemClock(), None)
        address = Address(to="WangWei")
        for _ in range(3):
            assert (await channel.send(MESSAGE, address)).verdict is Verdict.DELIVERED
        assert app.tokens == ["t0"]
        app.lapsed.add("t0")
        assert (await channel.send(MESSAGE, address)).verdict is Verdict.DELIVERED
        assert app.tokens == ["t0", "t1"]
        app.lapsed.update(f"t{number}" for number in range(99))
        assert (await channel.send(MESSAGE, address)).verdict is Verdict.LATER
        assert len(app.tokens) == 3, "it is renewed once, and not for ever"


async def test_the_clock_of_the_hub_is_what_is_signed() -> None:
    class Late(SystemClock):
        def now(self) -> float:
            return super().now() - 86_400

    for kind in ("dingtalk", "feishu", "webhook"):
        async with vending(VENDORS[kind][0]()) as vendor:
            assert (await tell(kind, vendor, clock=Late())).verdict is Verdict.REFUSED


def hook(url: str) -> BellSettings:
    return BellSettings(id="x", kind="webhook", url=url, secret=vendors.WEBHOOK_SECRET)


@pytest.mark.parametrize("host", HOSTILE)
async def test_a_hostile_address_as_webhook_is_refused_before_anything_is_sent(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        pytest.fail("it was about to connect")

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", never)
    async with client("192.0.2.0/24") as asking:
        channel = make_channel(hook(f"https://{host}/"), asking, SystemClock(), None)
        answer = await channel.send(MESSAGE, Address())
    assert answer.verdict is Verdict.REFUSED
    assert "may not be reached" in answer.why


@pytest.mark.parametrize(
    "url",
    [
        *(f"https://{each}/" for each in NO_ADDRESS),
        "https://",
        "gopher://x/",
    ],
)
async def test_what_only_looks_like_an_address_is_refused_too(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        pytest.fail("it was about to connect")

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", never)
    async with client("192.0.2.0/24") as asking:
        channel = make_channel(hook(url), asking, SystemClock(), None)
        assert (await channel.send(MESSAGE, Address())).verdict is not Verdict.DELIVERED


async def test_a_name_that_turns_inwards_after_the_first_message_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter(["127.0.0.1", "10.0.0.1"])

    def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (next(answers), port))]

    async with vending(vendors.webhook) as vendor, client() as asking:
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        channel = make_channel(
            hook(f"http://rebinding.example:{vendor.port}/"), asking, SystemClock(), None
        )
        assert (await channel.send(MESSAGE, Address())).verdict is Verdict.DELIVERED
        assert (await channel.send(MESSAGE, Address())).verdict is Verdict.REFUSED
        assert len(vendor.asked) == 1


async def test_many_at_once_are_answered_each(kind: str) -> None:
    async with vending(VENDORS[kind][0]()) as vendor:
        answers = await asyncio.gather(*(tell(kind, vendor) for _ in range(20)))
        assert {answer.verdict for answer in answers} == {Verdict.DELIVERED}


MISSES = {
    "aliyun_sms": "MOBILE_NOT_ON_SERVICE",
    "aliyun_voice": "200003: nobody answered",
    "tencent_sms": "MK:0001",
}


@pytest.mark.parametrize("kind", sorted(MISSES))
async def test_a_vendor_that_is_asked_as_documented_says_what_became_of_it(kind: str) -> None:
    judge, _, fields, address = VENDORS[kind]
    async with vending(judge()) as vendor, client() as asking:
        bell = BellSettings(id="x", kind=kind, url=vendor.url, **fields)
        witness = make_witness(bell, asking, SystemClock())
        assert witness
        receipt = Receipt(id=RECEIPTS[kind], sent=time.time())
        news = await witness.ask(receipt, address)
        assert (news.outcome, news.why) == (Outcome.MISSED, MISSES[kind])
        other = await witness.ask(Receipt(id="another", sent=time.time()), address)
        assert other.outcome is Outcome.AWAITED
        for said in (Said("500 No"), Said(raw=b"<html>"), Said("302 Found"), Said(data=[1])):
            vendor.next = [said]
            assert (await witness.ask(receipt, address)).outcome is Outcome.AWAITED
        nobody = BellSettings(id="x", kind=kind, url="http://127.0.0.1:1", **fields)
        witness = make_witness(nobody, asking, SystemClock())
        assert witness
        assert (await witness.ask(receipt, address)).outcome is Outcome.AWAITED


async def test_a_wrong_secret_asks_in_vain() -> None:
    for kind in MISSES:
        judge, _, fields, address = VENDORS[kind]
        async with vending(judge()) as vendor, client() as asking:
            bell = BellSettings(id="x", kind=kind, url=vendor.url, **{**fields, "secret": "no"})
            witness = make_witness(bell, asking, SystemClock())
            assert witness
            receipt = Receipt(id=RECEIPTS[kind], sent=time.time())
            assert (await witness.ask(receipt, address)).outcome is Outcome.AWAITED


PUSHES: dict[str, list[tuple[object, News]]] = {
    "aliyun_sms": [
        (
            [{"biz_id": "1", "success": True, "err_code": "DELIVERED", "out_id": "o"}],
            News(id="1", outcome=Outcome.DELIVERED),
        ),
        (
            [{"biz_id": "1", "success": False, "err_code": "MOBILE_NOT_ON_SERVICE"}],
            News(id="1", outcome=Outcome.MISSED, why="MOBILE_NOT_ON_SERVICE"),
        ),
    ],
    "aliyun_voice": [
        (
            [{"call_id": "1", "status_code": "300000", "dtmf": "1", "out_id": "o"}],
            News(id="1", outcome=Outcome.ANSWERED, key="1"),
        ),
        (
            [{"call_id": "1", "status_code": "200010", "duration": "0"}],
            News(id="1", outcome=Outcome.MISSED, why="200010: the phone is off"),
        ),
        (
            [{"call_id": "1", "status_code": "200011"}],
            News(id="1", outcome=Outcome.LOST, why="200011: the number is out of service"),
        ),
    ],
    "tencent_sms": [
        (
            [{"sid": "1", "report_status": "SUCCESS", "errmsg": "DELIVRD", "mobile": "139"}],
            News(id="1", outcome=Outcome.DELIVERED),
        ),
        (
            [{"sid": "1", "report_status": "FAIL", "errmsg": "MK:0001"}],
            News(id="1", outcome=Outcome.MISSED, why="MK:0001"),
        ),
    ],
    "tencent_voice": [
        (
            {"voiceprompt_callback": {"result": "0", "callid": "1", "accept_time": "1470197211"}},
            News(id="1", outcome=Outcome.ANSWERED),
        ),
        (
            {"voiceprompt_callback": {"result": "1", "callid": "1"}},
            News(id="1", outcome=Outcome.MISSED, why="1: nobody answered"),
        ),
        (
            {"voicekey_callback": {"callid": "1", "keypress": "1", "mobile": "139"}},
            News(id="1", outcome=Outcome.ANSWERED, key="1"),
        ),
        (
            {
                "voice_failure_callback": {
                    "callid": "1",
                    "failure_code": 8,
                    "failure_reason": "空号",
                }
            },
            News(id="1", outcome=Outcome.MISSED, why="8: 空号"),
        ),
    ],
}
"""What the vendors' pages say that they push."""


def test_every_kind_that_pushes_or_can_be_asked_is_tried() -> None:
    assert set(PUSHES) == set(PUSHED)
    assert set(MISSES) == set(ASKED)


@pytest.mark.parametrize("kind", sorted(PUSHES))
def test_what_is_pushed_as_documented_is_understood(kind: str) -> None:
    for pushed, news in PUSHES[kind]:
        assert list(PUSHED[kind].hear(pushed)) == [news]
