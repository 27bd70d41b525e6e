"""What becomes of rings: which channel when, what ends them, what the journal is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import msgspec
import pytest

from hub.bells.belfry import REST
from hub.bells.contact import Contacts
from hub.bells.course import GATHER
from hub.bells.delivery import DELIVERIES
from hub.bells.office import Bells
from hub.config.bell_settings import BellSettings
from hub.courier.answer import Answer, Verdict, later, refused
from hub.errors import StoreFullError
from hub.model.access import Identity, Role
from hub.model.alarm import Severity
from hub.model.bell import CONSOLE
from hub.model.journal import Entry
from hub.model.ring import RINGS, Concern
from hub.ports import Document
from tests.chaos.simulation import ShuffledLoop
from tests.support.belfry import START, House, make_ring

T = TypeVar("T")
DAY = 86_400.0


def play(tale: Callable[[], Coroutine[Any, Any, T]], seed: int = 1) -> T:
    """Run a tale in virtual time."""
    with asyncio.Runner(loop_factory=lambda: ShuffledLoop(seed)) as runner:
        return runner.run(tale())


def told(house: House) -> list[tuple[float, str]]:
    """Return (seconds since the start, channel) of each message that was taken."""
    good = [each for each in house.heard if each.answer.verdict is Verdict.DELIVERED]
    return [(round(each.at - START), each.bell) for each in good]


@pytest.mark.parametrize("seed", range(5))
def test_the_next_channel_is_rung_when_nobody_answers_and_each_once(seed: int) -> None:
    async def tale() -> None:
        async with House() as house:
            await house.ring(make_ring())
            await asyncio.sleep(DAY)
            assert told(house) == [(2, "a"), (302, "b"), (602, "c")]
            assert not house.unwritten
            entries = await house.journal()
            assert [(each.type, each.data["channel"]) for each in entries] == [
                ("bell.sent", "a"),
                ("bell.sent", "b"),
                ("bell.sent", "c"),
            ]
            assert entries[0].subject == "GS-1"
            assert entries[0].place == "gs/a/g"
            assert not await house.store.books.documents(RINGS)
            assert not await house.store.books.documents(DELIVERIES)

    play(tale, seed)


@pytest.mark.parametrize("entry", ["ticket.acknowledged", "ticket.taken", "ticket.voided"])
def test_who_acts_stops_the_bells(entry: str) -> None:
    async def tale() -> None:
        async with House() as house:
            await house.ring(make_ring())
            await asyncio.sleep(100)
            await house.act(entry, "GS-1")
            await asyncio.sleep(DAY)
            assert told(house) == [(2, "a")]
            assert not await house.store.books.documents(RINGS)

    play(tale)


def test_each_is_told_in_the_language_of_their_contact_but_for_templates() -> None:
    async def tale() -> None:
        settings = {
            "mail": BellSettings(id="mail", kind="smtp"),
            "sms": BellSettings(id="sms", kind="aliyun_sms"),
        }
        async with House(("mail", "sms"), settings=settings) as house:
            contact = {"email": "j@example.com", "language": "en"}
            await house.hire("john", phone="13900000000", **contact)
            await house.hire("wang", email="wang@example.cn")
            for number, person in enumerate(("john", "wang")):
                await house.ring(make_ring(number, person=person, channels=("mail", "sms")))
            await asyncio.sleep(600)
            said = {(each.bell, each.person): each.message.title for each in house.heard}
            assert said == {
                ("mail", "john"): "[MAJOR] does not close",
                ("mail", "wang"): "【严重】落杆失败",
                ("sms", "john"): "【严重】落杆失败",
            }, "a template is in the site's language"
            office = Bells(house.belfry, house.outbox, Contacts(*house.means), house.book)
            john = Identity(name="john", role=Role.CREW)
            assert (await office.test("mail", "", john)).text.startswith("[DRILL] Test of a bell")
            assert (await office.test("mail", "wang", john)).text.startswith("【演练】铃铛测试")

    play(tale)


def test_what_is_discreet_goes_over_no_channel_that_many_read() -> None:
    async def tale() -> None:
        settings = {
            "a": BellSettings(id="a", kind="wecom_robot"),
            "b": BellSettings(id="b", kind="smtp"),
        }
        async with House(("a", "b"), settings=settings) as house:
            await house.hire("wang", email="wang@example.cn")
            await house.ring(make_ring(person="wang", channels=("a", "b"), discreet=True))
            await house.ring(make_ring(2, person="wang", channels=("a", "b"), ticket="GS-2"))
            await asyncio.sleep(100)
            assert sorted((each.bell, each.message.ticket) for each in house.heard) == [
                ("a", "GS-2"),
                ("b", "GS-1"),
            ]
            failed = (await house.journal("bell.failed"))[0]
            assert (failed.data["discreet"], failed.data["channel"]) == (True, "a")
            assert failed.data["why"] == "many read there, and this ticket is only for leaders"
            assert house.belfry.lanes["a"].health.why == "", "it is not the channel's fault"
            office = Bells(house.belfry, house.outbox, Contacts(*house.means), house.book)
            wang = Identity(name="wang", role=Role.CREW)
            chen = Identity(name="chen", role=Role.MANAGER)
            assert {card.ticket for card in office.rings(wang)} == {"GS-2"}
            assert {card.ticket for card in office.rings(chen)} == {"GS-1", "GS-2"}

    play(tale)


def test_another_tickets_acknowledgement_stops_nothing_and_an_older_one_neither() -> None:
    async def tale() -> None:
        async with House() as house:
            await house.act("ticket.taken", "GS-1")
            await house.ring(make_ring())
            await house.act("ticket.taken", "GS-2")
            await asyncio.sleep(1000)
            assert len(told(house)) == 3

    play(tale)


def test_who_is_informed_is_told_once_also_after_the_ticket_was_taken_and_not_after_its_end() -> (
    None
):
    async def tale() -> None:
        later_today = {"concern": Concern.INFORMED, "not_before": START + 1000}
        async with House() as house:
            await house.ring(make_ring(1, **later_today))
            await house.ring(make_ring(2, ticket="GS-2", **later_today))
            await asyncio.sleep(10)
            await house.act("ticket.taken", "GS-1")
            await house.act("ticket.closed", "GS-2")
            await asyncio.sleep(DAY)
            assert [each.rings for each in house.heard] == [("r1",)]

    play(tale)


def test_a_channel_that_refuses_for_good_gives_way_at_once() -> None:
    async def tale() -> None:
        async with House() as house:
            house.channels["a"].answer = lambda: refused("the robot is gone")
            await house.ring(make_ring())
            await asyncio.sleep(100)
            assert told(house) == [(2, "b")]
            failed, sent = await house.journal()
            assert (failed.type, failed.data["why"]) == ("bell.failed", "the robot is gone")
            assert (sent.type, sent.data["attempts"]) == ("bell.sent", 2)

    play(tale)


def test_a_channel_that_fails_is_tried_until_its_time_is_over() -> None:
    async def tale() -> None:
        async with House() as house:
            house.channels["a"].answer = lambda: later("HTTP 500")
            await house.ring(make_ring())
            await asyncio.sleep(1000)
            tries = [each for each in house.heard if each.bell == "a"]
            assert len(tries) >= 2
            assert told(house)[0][1] == "b"
            assert told(house)[0][0] <= 303

    play(tale)


def test_a_channel_that_is_out_of_order_is_passed_over_at_once() -> None:
    async def tale() -> None:
        async with House() as house:
            house.channels["a"].answer = lambda: later("HTTP 500")
            for number in range(3):
                await house.ring(make_ring(number, ticket=f"GS-{number}", at=house.clock.now()))
            await asyncio.sleep(3)
            begun = house.clock.now()
            await house.ring(make_ring(9, ticket="GS-9", at=begun, not_before=begun))
            await asyncio.sleep(10)
            last = [each for each in house.heard if each.rings == ("r9",)]
            assert [each.bell for each in last] == ["b"]

    play(tale)


def test_nobody_reached_is_told_once_in_the_chains_time_and_tried_on() -> None:
    async def tale() -> None:
        async with House() as house:
            for channel in house.channels.values():
                channel.answer = lambda: later("no network")
            await house.ring(make_ring())
            await asyncio.sleep(901 + GATHER + 300)
            given = await house.journal("bell.given_up")
            assert len(given) == 1
            assert given[0].data["person"] == "group:crew"
            await asyncio.sleep(DAY)
            assert len(house.heard) < 700, "a dead vendor is not called all day"
            for channel in house.channels.values():
                channel.answer = lambda: Answer(verdict=Verdict.DELIVERED)
            await asyncio.sleep(700)
            assert told(house), "what was down for a day is told when it is back"
            assert len(await house.journal("bell.given_up")) == 1
            assert len(await house.journal("bell.failed")) == 3

    play(tale)


def test_a_day_without_a_channel_rings_no_stale_news() -> None:
    async def tale() -> None:
        async with House(["a"]) as house:
            house.channels["a"].answer = lambda: later("no network")
            for number in (1, 2):
                await house.ring(make_ring(number, ticket=f"GS-{number}", channels=("a",)))
            await asyncio.sleep(DAY / 2)
            await house.act("ticket.closed", "GS-1")
            await asyncio.sleep(DAY / 2)
            house.channels["a"].answer = lambda: Answer(verdict=Verdict.DELIVERED)
            await asyncio.sleep(1300)
            assert [each[1] for each in told(house)] == ["a"]
            assert house.heard[-1].rings == ("r2",)

    play(tale)


def test_all_refused_is_given_up_at_once_and_stays_on_the_page_until_the_ticket_ends() -> None:
    async def tale() -> None:
        async with House() as house:
            for channel in house.channels.values():
                channel.answer = lambda: refused("no")
            await house.ring(make_ring())
            await asyncio.sleep(60)
            types = [each.type for each in await house.journal()]
            assert types == ["bell.failed"] * 3 + ["bell.given_up"]
            [(ring, delivery)] = house.belfry.waiting()
            assert (ring.id, delivery.at_rest) == ("r1", True)
            await house.act("ticket.taken", "GS-1")
            await asyncio.sleep(5)
            assert not house.belfry.waiting()

    play(tale)


def test_a_channel_that_there_is_not_is_passed_over() -> None:
    async def tale() -> None:
        async with House() as house:
            await house.ring(make_ring(channels=("sms", "b")))
            await house.ring(make_ring(2, ticket="GS-2", channels=()))
            await asyncio.sleep(60)
            assert told(house) == [(2, "b")]
            assert len(await house.journal("bell.given_up")) == 1

    play(tale)


def test_several_rings_of_one_ticket_and_person_are_one_message() -> None:
    async def tale() -> None:
        async with House() as house:
            await house.ring(make_ring(1, severity=Severity.MINOR))
            await house.ring(make_ring(2, rung=2, severity=Severity.CRITICAL))
            await house.ring(make_ring(3, person="group:guards"))
            await asyncio.sleep(60)
            assert sorted(each.rings for each in house.heard) == [("r1", "r2"), ("r3",)]

    play(tale)


def test_what_failed_and_what_is_new_of_one_ticket_go_together_in_order() -> None:
    async def tale() -> None:
        async with House(["a"]) as house:
            house.channels["a"].answer = lambda: later("HTTP 503", 120.0)
            await house.ring(make_ring(1, channels=("a",)))
            await asyncio.sleep(60)
            house.channels["a"].answer = lambda: Answer(verdict=Verdict.DELIVERED)
            now = house.clock.now()
            await house.ring(make_ring(2, rung=2, at=now, not_before=now, channels=("a",)))
            await asyncio.sleep(600)
            assert [each.rings for each in house.heard][1:] == [("r1", "r2")]

    play(tale)


def test_what_was_in_hand_when_the_hub_died_is_sent_again_with_the_same_id_and_nothing_else() -> (
    None
):
    async def tale() -> None:
        async with House() as house:
            house.channels["a"].takes = lambda: 10.0
            await house.ring(make_ring(1))
            await house.ring(make_ring(2, ticket="GS-2"))
            await asyncio.sleep(5)
            await house.kill()
            house.start()
            await asyncio.sleep(100)
            rings = [each.rings for each in house.heard]
            assert sorted(rings) in ([("r1",), ("r1",), ("r2",)], [("r1",), ("r2",), ("r2",)])
            assert rings[0] == rings[1] or rings[0] == rings[2]
            ids = [each.message.id for each in house.heard if each.rings == rings[0]]
            assert len(set(ids)) == 1

    play(tale)


def test_a_channel_has_its_time_after_the_hub_was_down() -> None:
    async def tale() -> None:
        house = House()
        await house.ring(make_ring())
        await asyncio.sleep(1000)
        async with house:
            await asyncio.sleep(1000)
            assert told(house) == [(1000, "a"), (1300, "b"), (1600, "c")]

    play(tale)


def test_a_ring_that_comes_with_a_hole_in_the_roster_is_rung() -> None:
    async def tale() -> None:
        async with House() as house:
            ring = make_ring()
            paper = Document(collection=RINGS, key=ring.id, body=msgspec.json.encode(ring))
            await house.desk.write([paper], [("roster.hole", "GS-1", "hub", {})])
            await asyncio.sleep(10)
            assert told(house) == [(2, "a")]

    play(tale)


def test_a_ring_that_ends_while_rings_are_read_is_not_taken_for_a_new_one() -> None:
    async def tale() -> None:
        house = House()
        await house.ring(make_ring())
        await house.outbox.open(0)
        house.desk.takes = 5.0
        ending = asyncio.create_task(house.outbox.end(["r1"]))
        for _ in range(6):
            await asyncio.sleep(1)
            await house.outbox.load()
            assert not house.outbox.rings
        await ending
        await house.outbox.load()
        assert not house.outbox.rings

    play(tale)


def test_a_restart_begins_nothing_anew() -> None:
    async def tale() -> None:
        async with House() as house:
            await house.ring(make_ring())
            for _ in range(10):
                await asyncio.sleep(77)
                await house.kill()
                house.start()
            await asyncio.sleep(1000)
            assert told(house) == [(2, "a"), (302, "b"), (602, "c")]

    play(tale)


def test_a_ring_that_was_stopped_while_the_hub_was_down_is_not_rung() -> None:
    async def tale() -> None:
        async with House() as house:
            await house.ring(make_ring())
            await asyncio.sleep(100)
            await house.kill()
            await house.act("ticket.acknowledged", "GS-1")
            await asyncio.sleep(1000)
            house.start()
            await asyncio.sleep(1000)
            assert told(house) == [(2, "a")]

    play(tale)


def test_a_ring_that_is_taken_back_by_who_asked_for_it_is_not_rung() -> None:
    async def tale() -> None:
        async with House() as house:
            ring = await house.ring(make_ring(not_before=START + 500))
            await asyncio.sleep(10)
            paper = Document(collection=RINGS, key=ring.id, body=None)
            await house.desk.write([paper], [("ticket.updated", "GS-1", "hub", {})])
            await asyncio.sleep(DAY)
            assert not house.heard

    play(tale)


def test_a_burst_of_tickets_is_read_a_few_times_a_second_and_delays_no_ring() -> None:
    async def tale() -> None:
        async with House() as house:
            looks, read = [], house.store.books.journal

            async def count(*, after: int, limit: int, types: Sequence[str] = ()) -> list[Entry]:
                looks.append(house.clock.now())
                return await read(after=after, limit=limit, types=types)

            house.store.books.journal = count  # type: ignore[method-assign]
            await asyncio.sleep(1)
            await house.ring(make_ring(at=house.clock.now() - GATHER))
            asked = house.clock.now()
            for number in range(200):
                await house.act("ticket.opened", f"GS-{number + 10}")
                await asyncio.sleep(0.02)
            assert house.heard[0].at - asked < 1
            # Four a second, and one of the lane before it sends.
            assert len(looks) <= (house.clock.now() - START) / REST + 3

    play(tale)


def test_who_acts_between_two_looks_is_not_rung_either() -> None:
    async def tale() -> None:
        async with House() as house:
            ring = await house.ring(make_ring(channels=("a",)))
            due = ring.at + GATHER
            await asyncio.sleep(due - house.clock.now() - REST / 2)
            await house.act("ticket.opened", "GS-2")  # the look after this comes once it is due
            await asyncio.sleep(REST / 4)
            await house.act("ticket.taken", "GS-1")
            assert ring.id in house.outbox.rings
            await asyncio.sleep(DAY)
            assert not house.heard

    play(tale)


def test_what_was_on_its_way_when_somebody_acted_is_told_to_the_journal() -> None:
    async def tale() -> None:
        async with House() as house:
            house.channels["a"].takes = lambda: 10.0
            await house.ring(make_ring())
            await asyncio.sleep(5)
            await house.act("ticket.taken", "GS-1")
            await asyncio.sleep(1000)
            assert [each.type for each in await house.journal()] == ["bell.sent"]
            assert not await house.store.books.documents(RINGS)
            assert not await house.store.books.documents(DELIVERIES)

    play(tale)


def test_a_fault_of_one_channel_ends_neither_the_others_nor_the_belfry() -> None:
    def fall_over() -> Answer:
        raise ZeroDivisionError

    async def tale() -> None:
        async with House() as house:
            house.channels["a"].answer = fall_over
            await house.ring(make_ring())
            await asyncio.sleep(1000)
            assert [bell for _, bell in told(house)] == ["b", "c"]

    play(tale)


def test_a_later_ring_takes_the_place_of_an_earlier_one_and_not_of_one_that_asks_more() -> None:
    async def tale() -> None:
        async with House() as house:
            await house.ring(make_ring(1, channels=("a", "b")))
            await house.ring(make_ring(2, ticket="GS-2", channels=("a", "b")))
            await asyncio.sleep(100)
            now = house.clock.now()
            later_one = {"rung": 2, "channels": ("c",)}
            await house.ring(make_ring(3, at=now, **later_one))
            informed = {**later_one, "ticket": "GS-2", "concern": Concern.INFORMED}
            await house.ring(make_ring(4, at=now, **informed))
            await asyncio.sleep(1000)
            assert sorted(each.rings for each in house.heard) == [
                ("r1",),
                ("r2",),
                ("r2",),
                ("r3",),
                ("r4",),
            ]

    play(tale)


def test_a_slow_channel_delays_no_other() -> None:
    async def tale() -> None:
        async with House() as house:
            house.channels["a"].takes = lambda: 5000.0
            await house.ring(make_ring(1, channels=("a",)))
            await house.ring(make_ring(2, ticket="GS-2", channels=("b",)))
            await asyncio.sleep(20)
            assert {each.bell for each in house.heard} == {"a", "b"}

    play(tale)


def test_nothing_is_sent_while_the_store_takes_nothing() -> None:
    async def tale() -> None:
        async with House() as house:
            await house.ring(make_ring())
            house.store.committer.failures += [StoreFullError("full")] * 30
            await asyncio.sleep(20)
            assert not house.heard
            await asyncio.sleep(30)
            assert told(house)[0][1] == "a"

    play(tale)


def test_a_minute_has_no_more_messages_than_the_vendor_takes_and_the_worst_go_first() -> None:
    async def tale() -> None:
        slow = {"a": BellSettings(id="a", kind="wecom_robot", rate=20)}
        async with House(["a"], settings=slow) as house:
            for number in range(100):
                severity = Severity.CRITICAL if number >= 90 else Severity.MINOR
                await house.ring(
                    make_ring(number, ticket=f"GS-{number}", severity=severity, channels=("a",))
                )
            await asyncio.sleep(30)
            assert house.belfry.lanes["a"].pace.held == 80
            assert sum(each.message.severity is Severity.CRITICAL for each in house.heard) == 10
            await asyncio.sleep(600)
            instants = [each.at for each in house.heard]
            assert len(instants) == 100
            assert all(
                late - soon > 59.9 for soon, late in zip(instants, instants[20:], strict=False)
            )

    play(tale)


def test_a_channel_in_its_quiet_hours_waits_and_what_is_critical_does_not() -> None:
    async def tale() -> None:
        # The tale begins at 00:00 of the community.
        quiet = {"a": BellSettings(id="a", kind="mqtt", quiet="22:00-00:10")}
        async with House(["a"], settings=quiet) as house:
            await house.ring(make_ring(1, channels=("a",)))
            await house.ring(
                make_ring(2, ticket="GS-2", severity=Severity.CRITICAL, channels=("a",))
            )
            await asyncio.sleep(3600)
            assert [each.rings for each in house.heard] == [("r2",), ("r1",)]
            assert [round(each.at - START) for each in house.heard] == [2, 600]

    play(tale)


def test_the_console_keeps_a_ring_in_sight_until_somebody_acts() -> None:
    async def tale() -> None:
        async with House([CONSOLE]) as house:
            await house.ring(make_ring(channels=(CONSOLE,), person="wang"))
            await asyncio.sleep(3600)
            [(ring, delivery)] = house.belfry.waiting()
            assert (ring.person, delivery.reached) == ("wang", (CONSOLE,))
            assert len(house.heard) == 1
            await house.act("ticket.taken", "GS-1")
            await asyncio.sleep(5)
            assert not house.belfry.waiting()

    play(tale)


def test_a_ring_is_no_news_after_a_week() -> None:
    async def tale() -> None:
        async with House([CONSOLE]) as house:
            await house.ring(make_ring(channels=(CONSOLE,)))
            await asyncio.sleep(8 * DAY)
            assert not house.belfry.waiting()
            assert not await house.store.books.documents(RINGS)

    play(tale)


def test_more_rings_than_fit_wait_in_the_store_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = 100
    monkeypatch.setattr("hub.bells.outbox.MOST", most)

    async def tale() -> None:
        fast = {"a": BellSettings(id="a", kind="mqtt", rate=6000)}
        house = House(["a"], settings=fast)
        for number in range(most + 50):
            await house.ring(make_ring(number, ticket=f"GS-{number}", channels=("a",)))
        async with house:
            await asyncio.sleep(5)
            assert house.outbox.left_out == 50
            await asyncio.sleep(3600)
            assert len({each.rings for each in house.heard}) == most + 50

    play(tale)
