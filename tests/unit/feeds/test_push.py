"""Pushes: on schedule, in order for each incident, never lost unseen, and replayed by hand."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from hub.courier.answer import DELIVERED, Answer, later, refused
from hub.errors import ConflictError, NotFoundError, StoreFullError
from hub.feeds.push import course
from hub.feeds.push.course import HOUR, MINUTE, SCHEDULE, Progress
from hub.feeds.push.office import MOST
from hub.model.access import Identity, Role
from tests.chaos.simulation import ShuffledLoop
from tests.support.belfry import START
from tests.support.pushing import CITY, PushStage

NOW = 1000.0


def play(story: Coroutine[Any, Any, None], seed: int = 1) -> None:
    with asyncio.Runner(loop_factory=lambda: ShuffledLoop(seed)) as runner:
        runner.run(story)


def unless_first(answer: Answer) -> Callable[[str], Answer]:
    """Answer this of GS-1, and take all others."""
    return lambda incident: answer if incident == "GS-1" else DELIVERED


def test_the_schedule_is_the_one_that_is_told() -> None:
    assert (
        *(0, 5, 5 * MINUTE, 30 * MINUTE),
        *(2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR),
    ) == SCHEDULE


def test_an_item_is_dead_after_its_last_try_and_the_next_begins_anew() -> None:
    progress = Progress(cursor=0)
    assert course.fail(progress, "GS-1", 1, NOW, why="down") == 0
    assert course.wait_behind(progress, "GS-1", 2)
    assert not course.wait_behind(progress, "GS-2", 3)
    tries = [course.fail(progress, "GS-1", 1, NOW, why="down") for _ in range(7)]
    assert tries == [0] * 6 + [8]
    stuck = progress.stuck["GS-1"]
    assert (stuck.seqs, stuck.tries, stuck.due) == ([2], 0, NOW)


def test_what_is_replayed_goes_before_what_waits() -> None:
    progress = Progress(cursor=9)
    course.fail(progress, "GS-1", 7, NOW, why="down")
    course.replay(progress, [("GS-1", 4)], NOW)
    assert progress.stuck["GS-1"].seqs == [4, 7]
    assert course.fail(progress, "GS-1", 7, NOW, why="down") == 0, "what was under way waits"
    course.take(progress, "GS-1", 4, NOW)
    course.take(progress, "GS-1", 7, NOW)
    assert progress.stuck == {}


def test_a_full_lane_leaves_the_rest_in_the_feed() -> None:
    progress = Progress(cursor=0)
    for number in range(course.MOST_STUCK):
        assert not course.is_full(progress)
        course.fail(progress, f"GS-{number}", number, NOW, why="down")
    assert course.is_full(progress)


def test_an_item_that_is_never_taken_is_tried_by_the_schedule_and_then_dead() -> None:
    async def story() -> None:
        stage = PushStage()
        stage.receiver.answer = lambda incident: (
            later("HTTP 500") if incident == "GS-1" else DELIVERED
        )
        await stage.start()
        lane = await stage.subscribe()
        seq = await stage.tell("GS-1")
        await asyncio.sleep(30 * HOUR)
        tries = [each.at for each in stage.receiver.heard]
        gaps = [after - before for before, after in pairwise(tries)]
        assert gaps == pytest.approx(SCHEDULE[1:], abs=1.0)
        [dead] = await stage.office.dead(lane.wish.id, CITY)
        assert (dead.seq, dead.tries, dead.why) == (seq, 8, "HTTP 500")
        [told] = await stage.journal("push.given_up")
        assert told.data["incident"] == "GS-1"

        stage.receiver.answer = lambda _incident: DELIVERED
        assert await stage.office.replay(lane.wish.id, [], CITY) == 1
        await asyncio.sleep(1)
        assert stage.receiver.heard[-1].id == f"gs-{seq}"
        assert stage.receiver.heard[-1].taken
        assert await stage.office.dead(lane.wish.id, CITY) == []
        await stage.kill()

    play(story())


def test_one_incident_that_is_stuck_holds_up_its_own_items_and_no_others() -> None:
    async def story() -> None:
        stage = PushStage()
        stage.receiver.answer = lambda incident: (
            refused("HTTP 422") if incident == "GS-1" else DELIVERED
        )
        await stage.start()
        await stage.subscribe()
        for number in ("GS-1", "GS-2", "GS-1", "GS-3"):
            await stage.tell(number)
        await asyncio.sleep(2)
        assert [each.incident for each in stage.receiver.heard] == ["GS-1", "GS-2", "GS-3"]
        stage.receiver.answer = lambda _incident: DELIVERED
        await asyncio.sleep(10)
        assert [each.seq for each in stage.receiver.heard if each.taken] == [3, 5, 2, 4]
        await stage.kill()

    play(story())


def test_a_receiver_that_is_back_gets_everything_at_once_and_in_order() -> None:
    async def story() -> None:
        stage = PushStage()
        stage.receiver.answer = lambda _incident: later("no connection")
        await stage.start()
        await stage.subscribe()
        for number in range(300):
            await stage.tell(f"GS-{number % 150}")
        await asyncio.sleep(12 * HOUR)
        asked = len(stage.receiver.heard)
        assert asked < 150, "a receiver that is down is left alone"
        stage.receiver.answer = lambda _incident: DELIVERED
        await asyncio.sleep(15 * MINUTE)
        taken = [each for each in stage.receiver.heard if each.taken]
        assert len(taken) == len({each.id for each in taken}) == 300
        for number in range(150):
            seqs = [each.seq for each in taken if each.incident == f"GS-{number}"]
            assert seqs == sorted(seqs)
        await stage.kill()

    play(story())


def test_what_is_not_wanted_is_passed_by() -> None:
    async def story() -> None:
        stage = PushStage()
        await stage.start()
        wanted = ("cn.lingdang.incident.closed.v1",)
        lane = await stage.subscribe(types=wanted, place="guanshan/a")
        await stage.tell("GS-1", "opened")
        await stage.tell("GS-2", "closed", place="guanshan/b/x")
        seq = await stage.tell("GS-1", "closed")
        await asyncio.sleep(1)
        assert [each.seq for each in stage.receiver.heard] == [seq]
        assert lane.progress.cursor >= seq
        await stage.kill()

    play(story())


def test_a_key_that_is_taken_away_stops_the_pushes_and_a_narrower_one_narrows_them() -> None:
    async def story() -> None:
        stage = PushStage()
        await stage.start()
        lane = await stage.subscribe()
        stage.keys = ()
        await stage.tell("GS-1")
        await asyncio.sleep(HOUR)
        assert stage.receiver.heard == []
        assert not lane.has_key
        stage.keys = (Identity(name="key:city", role=Role.GRID, scope="guanshan/b"),)
        seq = await stage.tell("GS-2", place="guanshan/b/x")
        await asyncio.sleep(2 * MINUTE)
        assert [each.seq for each in stage.receiver.heard] == [seq]
        await stage.kill()

    play(story())


def test_a_restart_goes_on_where_it_was_and_repeats_with_the_same_id_alone() -> None:
    async def story() -> None:
        stage = PushStage()
        await stage.start()
        await stage.subscribe()
        for number in range(50):
            await stage.tell(f"GS-{number}")
            if number == 30:
                await stage.kill()
                await stage.start()
        await asyncio.sleep(HOUR)
        heard = [each.seq for each in stage.receiver.heard]
        assert set(heard) == {seq for seq, _ in stage.rows}
        assert len(heard) <= 50 + 20
        await stage.kill()

    play(story())


def test_what_retention_has_passed_is_told() -> None:
    async def story() -> None:
        stage = PushStage()
        await stage.start()
        lane = await stage.subscribe()
        lane.progress.cursor = -1
        await stage.tell("GS-1")
        await asyncio.sleep(1)
        [told] = await stage.journal("push.overtaken")
        assert told.data == {"from": -1, "to": 0}
        await stage.kill()

    play(story())


def test_subscriptions_are_the_receivers_own_and_not_without_end() -> None:
    async def story() -> None:
        stage = PushStage()
        await stage.start()
        lanes = [await stage.subscribe() for _ in range(MOST)]
        with pytest.raises(ConflictError):
            await stage.subscribe()
        other = Identity(name="key:power", role=Role.GRID, machine=True)
        with pytest.raises(NotFoundError):
            stage.office.find(lanes[0].wish.id, other)
        assert stage.office.subscriptions(other) == []
        boss = Identity(name="boss", role=Role.ADMINISTRATOR)
        assert len(stage.office.subscriptions(boss)) == MOST
        await stage.office.end(lanes[0].wish.id, CITY)
        await stage.tell("GS-1")
        await asyncio.sleep(1)
        assert len(stage.receiver.heard) == MOST - 1
        secrets = {lane.wish.secret for lane in lanes}
        assert len(secrets) == MOST
        assert lanes[0].wish.made_at > START
        await stage.kill()

    play(story())


def test_a_narrow_key_gets_no_more_than_it_sees_by_a_wide_key_of_its_name() -> None:
    async def story() -> None:
        stage = PushStage()
        narrow = Identity(name="key:city", role=Role.GRID, scope="guanshan/b", machine=True)
        stage.keys = (CITY, narrow)
        await stage.start()
        await stage.subscribe(narrow)
        await stage.tell("GS-1")
        seq = await stage.tell("GS-2", place="guanshan/b/x")
        await asyncio.sleep(1)
        assert [each.seq for each in stage.receiver.heard] == [seq]
        await stage.kill()

    play(story())


def test_a_fault_of_the_hubs_own_stops_no_other_receiver() -> None:
    async def story() -> None:
        stage = PushStage()
        await stage.start()
        lane = await stage.subscribe()

        def fail(_incident: str) -> Answer:
            raise ZeroDivisionError

        stage.receiver.answer = fail
        seq = await stage.tell("GS-1")
        await asyncio.sleep(1)
        assert lane.progress.stuck["GS-1"].why.startswith("it failed by a fault")
        stage.receiver.answer = lambda _incident: DELIVERED
        await asyncio.sleep(10)
        assert [each.seq for each in stage.receiver.heard] == [seq]
        await stage.kill()

    play(story())


def test_a_subscription_that_could_not_be_ended_goes_on() -> None:
    async def story() -> None:
        stage = PushStage()
        await stage.start()
        lane = await stage.subscribe()
        write = stage.desk.write
        stage.desk.write = fail_to_write  # type: ignore[method-assign]
        with pytest.raises(StoreFullError):
            await stage.office.end(lane.wish.id, CITY)
        stage.desk.write = write  # type: ignore[method-assign]
        seq = await stage.tell("GS-1")
        await asyncio.sleep(1)
        assert [each.seq for each in stage.receiver.heard] == [seq]
        await stage.kill()

    play(story())


async def fail_to_write(*_: object) -> None:
    raise StoreFullError("the disk is full")
