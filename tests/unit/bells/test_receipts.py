"""What vendors tell afterwards: who did not hear is called by the next channel at once."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bells import aliyun_receipt, tencent_receipt
from hub.bells.channel import Address, Ask
from hub.bells.delivery import DELIVERIES, Delivery
from hub.bells.office import ring_card
from hub.bells.receipt import PATIENCE, News, Outcome, Receipt, take
from hub.clock import SystemClock
from hub.config.bell_settings import BellSettings
from hub.courier.answer import Answer, Reply, Verdict
from hub.model.ring import RINGS, Concern
from tests.support.belfry import START, House, make_ring
from tests.unit.bells.test_delivery import DAY, play, told

PHONE = {each: BellSettings(id=each, kind="aliyun_sms") for each in ("sms", "call")}
TWO = ("sms", "call")


class Phones(House):
    """Two channels to the phone of wang, each of whose messages has a receipt."""

    def __init__(self, *, asked: tuple[str, ...] = TWO) -> None:
        super().__init__(TWO, settings=PHONE, asked=asked)
        self.count = 0
        for name, channel in self.channels.items():
            channel.answer = lambda name=name: self.taken(name)  # type: ignore[misc]

    def taken(self, name: str) -> Answer:
        self.count += 1
        return Answer(verdict=Verdict.DELIVERED, receipt=f"{name}{self.count}")

    async def said(self, bell: str, receipt: str, outcome: Outcome, key: str = "") -> None:
        """Have the vendor push its word."""
        await self.book.take(bell, [News(id=receipt, outcome=outcome, why="3: no", key=key)])
        self.belfry.wake()

    async def told(self) -> list[tuple[str, str]]:
        entries = await self.journal()
        return [(each.type, each.data.get("channel", "")) for each in entries]


def ring_wang(**fields: object) -> object:
    return make_ring(person="wang", channels=TWO, **fields)


def test_what_was_not_delivered_gives_way_to_the_next_channel_at_once() -> None:
    async def tale() -> None:
        async with Phones() as house:
            await house.hire("wang", phone="13900000000")
            await house.ring(ring_wang())  # type: ignore[arg-type]
            house.witnesses["sms"].says["sms1"] = News(
                id="sms1", outcome=Outcome.MISSED, why="PHONE_OFF"
            )
            await asyncio.sleep(60)
            assert told(house) == [(2, "sms"), (7, "call")], "5 s after it was sent it is asked"
            assert house.witnesses["sms"].asked == [(7, "sms1", "13900000000")]
            missed = (await house.journal("bell.missed"))[0]
            assert (missed.data["channel"], missed.data["why"]) == ("sms", "PHONE_OFF")

    play(tale)


def test_what_was_delivered_and_not_answered_has_its_time() -> None:
    async def tale() -> None:
        async with Phones() as house:
            await house.hire("wang", phone="13900000000")
            await house.ring(ring_wang())  # type: ignore[arg-type]
            await asyncio.sleep(10)
            await house.said("sms", "sms1", Outcome.DELIVERED)
            await house.said("sms", "sms1", Outcome.DELIVERED)
            await asyncio.sleep(DAY)
            assert told(house) == [(2, "sms"), (302, "call")]
            assert await house.told() == [
                ("bell.sent", "sms"),
                ("bell.delivered", "sms"),
                ("bell.sent", "call"),
            ]
            assert not await house.store.books.documents(RINGS)

    play(tale)


def test_whom_no_channel_reaches_is_called_three_times_by_each_and_then_told_to_managers() -> None:
    async def tale() -> None:
        async with Phones() as house:
            await house.hire("wang", phone="13900000000")
            for each in range(1, 20):
                for name, witness in house.witnesses.items():
                    witness.says[f"{name}{each}"] = News(
                        id=f"{name}{each}", outcome=Outcome.MISSED, why="nobody answered"
                    )
            await house.ring(ring_wang())  # type: ignore[arg-type]
            await asyncio.sleep(2 * DAY)
            calls = told(house)
            assert [bell for _, bell in calls] == ["sms", "call"] * 3
            gaps = [later[0] - before[0] for before, later in zip(calls, calls[2:], strict=False)]
            assert min(gaps) >= 120, "no number is called again within two minutes"
            assert (await house.told())[-1] == ("bell.given_up", "")
            assert len(await house.journal("bell.given_up")) == 1

    play(tale)


def test_a_number_that_does_not_exist_is_called_once() -> None:
    async def tale() -> None:
        async with Phones() as house:
            await house.hire("wang", phone="13900000000")
            await house.ring(make_ring(person="wang", channels=("call",)))
            await asyncio.sleep(10)
            await house.said("call", "call1", Outcome.LOST)
            await asyncio.sleep(DAY)
            assert told(house) == [(2, "call")]
            assert (await house.told())[-1] == ("bell.given_up", "")

    play(tale)


def test_a_key_on_the_phone_acknowledges_and_silences() -> None:
    async def tale() -> None:
        async with Phones() as house:
            await house.hire("wang", phone="13900000000")
            await house.ring(ring_wang())  # type: ignore[arg-type]
            await asyncio.sleep(10)
            await house.said("sms", "sms1", Outcome.MISSED)
            await asyncio.sleep(10)
            await house.said("call", "call2", Outcome.ANSWERED)
            await house.said("call", "call2", Outcome.ANSWERED, key="2")
            assert house.desk.steps == []
            await house.said("call", "call2", Outcome.ANSWERED, key="1")
            assert house.desk.steps == [("GS-1", "acknowledge", "wang", "crew")]
            await asyncio.sleep(DAY)
            assert [bell for _, bell in told(house)] == ["sms", "call"]

    play(tale)


def test_key_one_is_who_was_called_and_nobody_else() -> None:
    async def tale() -> None:
        async with Phones() as house:
            await house.hire("wang", phone="13900000000")
            await house.ring(make_ring(person="wang", channels=("call",)))
            await house.ring(make_ring(2, person="wang", channels=("call",), ticket="GS-2"))
            await asyncio.sleep(10)
            await house.said("call", "call9", Outcome.ANSWERED, key="1")
            assert house.desk.steps == [], "a message that nobody sent"
            await house.said("call", "call1", Outcome.ANSWERED, key="1")
            assert house.desk.steps == [("GS-1", "acknowledge", "wang", "crew")]
            await asyncio.sleep(DAY)
            assert {each.message.ticket for each in house.heard} == {"GS-1", "GS-2"}
            heard = (await house.journal("bell.delivered"))[0]
            assert (heard.data["why"], heard.data["key"]) == ("answered", "1")

    play(tale)


def test_who_is_only_informed_and_does_not_hear_it_is_told_by_the_next_channel() -> None:
    async def tale() -> None:
        async with Phones() as house:
            await house.hire("wang", phone="13900000000")
            await house.ring(ring_wang(concern=Concern.INFORMED))  # type: ignore[arg-type]
            await asyncio.sleep(400)
            assert told(house) == [(2, "sms")]
            await house.said("sms", "sms1", Outcome.MISSED)
            await asyncio.sleep(DAY)
            assert [bell for _, bell in told(house)] == ["sms", "call"]
            assert not await house.store.books.documents(RINGS), "it ends without a word, too"

    play(tale)


def test_a_vendor_that_says_nothing_is_asked_less_and_less_and_then_no_more() -> None:
    async def tale() -> None:
        async with Phones(asked=("sms",)) as house:
            await house.hire("wang", phone="13900000000")
            await house.ring(make_ring(person="wang", channels=("sms",)))
            await asyncio.sleep(2 * PATIENCE)
            seconds = [at - 2 for at, _, _ in house.witnesses["sms"].asked]
            assert seconds == [5, 10, 20, 40, 80, 160, 320, 640, 1280]
            assert not await house.store.books.documents(RINGS)

    play(tale)


def test_a_hub_that_is_killed_asks_again_and_forgets_no_receipt() -> None:
    async def tale() -> None:
        async with Phones() as house:
            await house.hire("wang", phone="13900000000")
            await house.ring(ring_wang())  # type: ignore[arg-type]
            await asyncio.sleep(3)
            await house.kill()
            [body] = (await house.store.books.documents(DELIVERIES)).values()
            assert msgspec.json.decode(body, type=Delivery).receipts["sms"].id == "sms1"
            house.witnesses["sms"].says["sms1"] = News(id="sms1", outcome=Outcome.MISSED, why="x")
            house.start()
            await asyncio.sleep(60)
            assert [bell for _, bell in told(house)] == ["sms", "call"]

    play(tale)


def test_an_answer_is_undone_by_nothing_and_a_miss_neither() -> None:
    awaited = Receipt(id="1", sent=0.0)
    words = {each: News(id="1", outcome=each, why="w") for each in Outcome}
    for first in (Outcome.ANSWERED, Outcome.MISSED, Outcome.LOST):
        once = take(awaited, words[first], 1.0)
        assert {take(once, word, 2.0) for word in words.values()} == {once}
    delivered = take(awaited, words[Outcome.DELIVERED], 1.0)
    assert take(delivered, words[Outcome.MISSED], 2.0) == delivered
    assert take(delivered, words[Outcome.ANSWERED], 2.0).outcome is Outcome.ANSWERED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3)
    ),
    max_leaves=12,
)
HEAR = (
    aliyun_receipt.hear_sms,
    aliyun_receipt.hear_call,
    tencent_receipt.hear_sms,
    tencent_receipt.hear_call,
)
WORDS = (
    *("biz_id", "success", "call_id", "status_code", "sid", "report_status"),
    *("voiceprompt_callback", "voicekey_callback", "callid", "result"),
)


@given(
    JSON
    | st.lists(st.dictionaries(st.sampled_from(WORDS), JSON))
    | st.dictionaries(st.sampled_from(WORDS), JSON)
)
def test_whatever_is_pushed_is_read_or_refused(pushed: object) -> None:
    for hear in HEAR:
        try:
            said = hear(pushed)
        except ValueError:
            continue
        assert all(isinstance(each, News) for each in said)


BELL = BellSettings(id="x", kind="tencent_sms", url="http://h", account="a", secret="s", app="1")
ASK = (
    aliyun_receipt.make_sms_ask(BELL, SystemClock()),
    aliyun_receipt.make_call_ask(BELL, SystemClock()),
    tencent_receipt.make_sms_ask(BELL, SystemClock()),
)
PARTS = ("SmsSendDetailDTOs", "SmsSendDetailDTO", "SendStatus", "Data", "Response")


@pytest.mark.parametrize("ask", ASK)
@given(data=st.dictionaries(st.sampled_from((*PARTS, "PullSmsSendStatusSet")), JSON))
def test_an_answer_that_cannot_be_understood_is_no_news(ask: Ask, data: dict[str, object]) -> None:
    talk = ask(Receipt(id="1", sent=1_764_000_000.0), Address(to="13900000000"))
    next(talk)
    with pytest.raises(StopIteration) as end:
        talk.send(Reply(status=200, data={**data, "Response": data.get("Response", data)}))
    assert end.value.value.outcome is Outcome.AWAITED


def test_leaders_see_what_became_of_a_ring_on_each_channel() -> None:
    receipts = {
        "sms": Receipt(id="1", sent=START, outcome=Outcome.MISSED, at=START + 5, why="PHONE_OFF"),
        "call": Receipt(id="2", sent=START + 6, outcome=Outcome.ANSWERED, at=START + 20, key="1"),
    }
    delivery = Delivery(
        ring="r",
        began=START,
        due=START,
        reached=("console", "call"),
        refused={"mail": "550"},
        receipts=receipts,
    )
    ring = make_ring(channels=("console", "sms", "call", "mail", "later"))
    card = ring_card(ring, delivery)
    assert [(each.channel, each.outcome, each.why, each.key) for each in card.news] == [
        ("console", "sent", "", ""),
        ("sms", "missed", "PHONE_OFF", ""),
        ("call", "answered", "", "1"),
        ("mail", "refused", "550", ""),
    ]
