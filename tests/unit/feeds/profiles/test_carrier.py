"""Pushed by a profile: created once, whatever is lost on the way, then updated under their number.

The lane, its schedule and the store are the real ones; the platform answers without a socket.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx2
import msgspec
import pytest

from hub.courier.answer import Answer, Reply, Request, later
from hub.errors import StoreFullError
from hub.feeds.profiles.carrier import ProfileCarrier, Sources
from hub.feeds.profiles.composing import Credentials
from hub.feeds.profiles.receiver import Line, Receiver
from hub.feeds.push.course import HOUR
from hub.feeds.push.lane import PushLane
from hub.model.access import Identity, Role
from hub.model.case import CASES, Case, CaseOutcome, CaseStep
from hub.model.profile import Profile
from hub.model.subscription import Subscription
from hub.ports import Document
from hub.services.incidents.case_book import CaseBook
from hub.services.incidents.case_step import take_step
from tests.chaos.simulation import ShuffledLoop
from tests.support.pushing import PushStage
from tests.support.reference_platform import APP_KEY, SECRET, Platform, bad, good
from tests.support.vendor import Asked, Said
from tests.unit.access.web_fakes import PLACES
from tests.unit.feeds.profiles.test_profile_reading import PUSH, profile_of

BOSS = Identity(name="boss", role=Role.ADMINISTRATOR)


class Stage(PushStage):
    """A lane for one configured receiver, and a platform behind it."""

    def __init__(self, text: str = PUSH) -> None:
        super().__init__()
        self.platform = Platform()
        self.said: list[str] = []
        self.lost: Callable[[Asked], bool] = lambda _asked: False
        self.personal: dict[str, Any] = {}
        self.looked_up: list[str] = []
        self.profile: Profile = profile_of(text)
        self.cases = CaseBook()
        self.full = False

    async def open(self) -> PushLane:
        await self.start()
        await self.kill()
        receiver = Receiver(
            name="city",
            profile=self.profile,
            url="https://city.example/api",
            keys=Credentials(app_key=APP_KEY, secret=SECRET),
        )
        line = Line(self.clock, self.ask, attempt, iter_nonces())
        carrier = ProfileCarrier(receiver, line, self.sources())
        wish = Subscription(
            id="profile-city", receiver="city", url=receiver.url, secret="", made_at=1.0
        )
        await self.office.stand(wish, carrier, receiver.identity())
        self._task = asyncio.create_task(self.office.run(), name="pushes")
        await asyncio.sleep(0)
        return self.office.lanes[wish.id]

    def sources(self) -> Sources:
        return Sources("gs", self.store.books, self, lambda: PLACES, self.look_up)  # type: ignore[arg-type]

    async def look_up(self, incident: str) -> dict[str, Any]:
        self.looked_up.append(incident)
        return self.personal

    async def ask(self, request: Request) -> Reply:
        url = httpx2.URL(request.url)
        headers = {name.lower(): text for name, text in request.headers.items()}
        asked = Asked(request.method, url.raw_path.decode(), headers, request.body)
        said = self.platform(asked)
        self.said.append(f"{asked.path.rpartition('/')[2]}:{code_of(said)}")
        if self.lost(asked):
            raise TimeoutError
        raw = json.dumps(said.data).encode() if said.raw is None else said.raw
        return Reply(status=int(said.status[:3]), body=raw)

    async def act_on_incident(self, number: str, step: CaseStep) -> CaseOutcome:
        if self.full:
            raise StoreFullError("the disk is full")
        before = self.cases.find(step.receiver, number)
        after, draft = take_step(before, step, place="guanshan/a", now=self.clock.now())
        if draft is not None:
            self.cases.put(after)
            body = msgspec.json.encode(after)
            await self.desk.write(
                [Document(collection=CASES, key=after.key, body=body, at=self.clock.now())]
            )
        return CaseOutcome(case=after, applied=draft is not None)

    async def case(self, incident: str) -> Case:
        body = await self.store.books.document(CASES, f"city/{incident}")
        return msgspec.json.decode(body, type=Case) if body else Case("city", incident)  # type: ignore[misc]


def code_of(said: Said) -> object:
    return said.data.get("code") if isinstance(said.data, dict) else said.status[:3]


def iter_nonces() -> Callable[[], str]:
    numbers = iter(range(1_000_000))
    return lambda: f"n{next(numbers)}"


async def attempt(converse: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
    try:
        return await converse()
    except TimeoutError:
        return later("no answer within 15 s")


def play(story: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=lambda: ShuffledLoop(1)) as runner:
        runner.run(story)


def test_it_is_created_once_and_updated_under_their_number() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.open()
        await stage.tell("GS-1", "opened")
        await asyncio.sleep(1)
        assert stage.said == ["find:404", "add:0"]
        assert (await stage.case("GS-1")).number == "WG00001"
        assert (await stage.case("GS-1")).state == "reported", "taken is not filed (立案)"
        [body] = stage.platform.bodies
        assert (body["outerNo"], body["title"], body["level"]) == ("GS-1", "道闸长时间不落杆", "2")
        assert (body["bigClass"], body["smallClass"], body["caseType"]) == ("05", "91", "1")
        assert (body["x"], body["y"], body["coordType"]) == (114.4, 30.5, "WGS84")
        assert body["reportTime"] == "2025-11-25 00:00:00"
        assert "gridCode" not in body, "420100 has not 15 digits"
        await stage.tell("GS-1", "closed")
        await asyncio.sleep(1)
        [update] = stage.platform.updates
        assert (update["caseNo"], update["opType"]) == ("WG00001", "end")
        assert stage.said[2:] == ["update:0"]
        await stage.kill()

    play(story())


@pytest.mark.parametrize("finds", [True, False])
def test_a_create_whose_answer_is_lost_makes_no_second_case(finds: bool) -> None:
    async def story() -> None:
        stage = Stage()
        stage.platform.finds = finds
        lane = await stage.open()
        stage.lost = lambda asked: asked.path.endswith("/add")
        await stage.tell("GS-1", "opened")
        await asyncio.sleep(1)
        assert lane.health.failing
        stage.lost = lambda _asked: False
        await asyncio.sleep(HOUR)
        assert len(stage.platform.cases) == len(stage.platform.bodies) == 1
        assert (await stage.case("GS-1")).number == "WG00001"
        assert lane.progress.stuck == {}
        await stage.kill()

    play(story())


def test_a_number_that_could_not_be_stored_is_asked_for_again() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.open()
        stage.full = True
        await stage.tell("GS-1", "opened")
        await asyncio.sleep(1)
        stage.full = False
        await asyncio.sleep(HOUR)
        assert stage.said == ["find:404", "add:0", "find:0"]
        assert (await stage.case("GS-1")).number == "WG00001"
        await stage.kill()

    play(story())


def test_a_code_that_is_no_yes_is_a_failure_and_tried_again() -> None:
    async def story() -> None:
        stage = Stage()
        lane = await stage.open()
        stage.platform.before_answer = [bad(500, "系统忙"), bad("9", "维护")]
        await stage.tell("GS-1", "opened")
        await asyncio.sleep(1)
        assert lane.progress.stuck["GS-1"].why == "HTTP 200, but code is 500: 系统忙"
        await asyncio.sleep(HOUR)
        assert lane.progress.stuck == {}
        assert not lane.health.failing
        await stage.kill()

    play(story())


def test_a_fatal_code_is_a_dead_letter_with_its_reason_and_holds_up_nothing() -> None:
    async def story() -> None:
        stage = Stage()
        lane = await stage.open()
        stage.platform.before_answer = [bad(4001, "地址不在辖区")]
        seq = await stage.tell("GS-1", "opened")
        await stage.tell("GS-2", "opened")
        await asyncio.sleep(1)
        [dead] = await stage.office.dead(lane.wish.id, BOSS)
        assert (dead.seq, dead.tries) == (seq, 1)
        assert dead.why == "HTTP 200, but code is 4001: 地址不在辖区"
        assert not lane.health.failing, "the item is wrong, and not the platform"
        assert (await stage.case("GS-2")).number
        assert await stage.office.replay(lane.wish.id, [], BOSS) == 1
        await asyncio.sleep(1)
        assert (await stage.case("GS-1")).number
        await stage.kill()

    play(story())


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Said("500 Internal Server Error"), "HTTP 500"),
        (Said("301 Moved Permanently"), "wants to send us to elsewhere"),
        (Said(raw=b"<html>maintenance</html>"), "the answer cannot be read"),
        (Said(raw=b"\xff\xfe"), "the answer cannot be read"),
        (Said(data={"result": "ok"}), "the answer has no 'code'"),
        (Said(data={"code": {"a": 1}}), "code is"),
        (good(), "there is no number in 'data.caseNo'"),
        (good(caseNo=["x"]), "there is no number"),
        (good(caseNo="x" * 101), "there is no number"),
        (good(caseNo="a\nb"), "there is no number"),
    ],
)
def test_garbage_is_a_failure_that_loses_nothing(said: Said, why: str) -> None:
    async def story() -> None:
        stage = Stage()
        lane = await stage.open()
        stage.platform.before_answer = [said]
        await stage.tell("GS-1", "opened")
        await asyncio.sleep(1)
        assert why in lane.progress.stuck["GS-1"].why
        await asyncio.sleep(HOUR)
        assert (await stage.case("GS-1")).number == "WG00001"
        assert len(stage.platform.cases) == 1
        await stage.kill()

    play(story())


def test_a_platform_that_is_down_for_a_day_gets_everything_in_order() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.open()
        stage.lost = lambda _asked: True
        for number in range(30):
            await stage.tell(f"GS-{number}", "opened")
            await stage.tell(f"GS-{number}", "completed")
        await asyncio.sleep(24 * HOUR)
        stage.lost = lambda _asked: False
        await asyncio.sleep(HOUR)
        assert len(stage.platform.cases) == len(stage.platform.bodies) == 30
        told = [(each["outerNo"], each["opType"]) for each in stage.platform.updates]
        assert set(told) == {(f"GS-{number}", "finish") for number in range(30)}
        await stage.kill()

    play(story())


def test_nothing_of_people_leaves_unless_the_profile_lists_it() -> None:
    async def story(text: str, told: str | None) -> None:
        stage = Stage(text)
        stage.personal = {"reporter.phone": "13900000000", "reporter.name": "张三"}
        await stage.open()
        await stage.tell("GS-1", "opened")
        await asyncio.sleep(1)
        assert stage.platform.bodies[0].get("phone") == told
        assert "张三" not in json.dumps(stage.platform.bodies, ensure_ascii=False)
        assert bool(stage.looked_up) is (told is not None)
        await stage.kill()

    play(story(PUSH, None))
    field = '\n[[field]]\nname = "phone"\nfrom = "reporter.phone"\n'
    listed = '\n[personal]\nfields = ["reporter.phone"]\n'
    play(story(PUSH + field + listed, "13900000000"))


def test_what_does_not_fit_is_dead_at_once_and_says_what_to_do() -> None:
    async def story() -> None:
        stage = Stage(PUSH.replace('from = "grid_code"', 'from = "grid_code"\nrequired = true'))
        lane = await stage.open()
        await stage.tell("GS-1", "opened")
        await asyncio.sleep(1)
        assert stage.said == ["find:404"]
        [dead] = await stage.office.dead(lane.wish.id, BOSS)
        assert "'420100' has not 15 digits; write 'grid_code' in places.csv" in dead.why
        await stage.kill()

    play(story())


def test_drills_and_their_own_steps_are_not_told_to_them() -> None:
    async def story() -> None:
        stage = Stage()
        lane = await stage.open()
        await stage.tell("GS-1", "opened", test=True)
        last = await stage.tell("GS-2", "opened")
        await asyncio.sleep(1)
        assert list(stage.platform.cases) == ["GS-2"]
        assert lane.progress.cursor >= last
        await stage.kill()

    play(story())


def test_work_that_was_handed_down_is_no_new_case_where_it_came_from() -> None:
    async def story() -> None:
        stage = Stage()
        lane = await stage.open()
        await stage.tell("GS-1", "opened", source="grid")
        last = await stage.tell("GS-1", "dispatched", source="grid")
        await asyncio.sleep(1)
        assert stage.said == [], "it is not filed yet, and may be theirs"
        assert lane.progress.cursor >= last
        await stage.kill()

    play(story())


def test_what_is_void_before_it_was_told_never_gets_there() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.open()
        await stage.tell("GS-1", "voided")
        await asyncio.sleep(1)
        assert stage.said == []
        await stage.kill()

    play(story())


def test_where_a_yes_means_filed_the_case_is_filed() -> None:
    async def story() -> None:
        stage = Stage(PUSH.replace('accepted = "comment"', 'accepted = "file"'))
        await stage.open()
        await stage.tell("GS-1", "opened")
        await asyncio.sleep(1)
        case = await stage.case("GS-1")
        assert (case.number, case.state) == ("WG00001", "filed")
        await stage.kill()

    play(story())


def test_that_it_is_there_without_a_number_is_for_a_person_to_see() -> None:
    async def story() -> None:
        stage = Stage()
        stage.platform.finds = False
        stage.platform.answers_duplicates_with_number = False
        stage.platform.cases["GS-1"] = "WG9"
        lane = await stage.open()
        await stage.tell("GS-1", "opened")
        await asyncio.sleep(1)
        [dead] = await stage.office.dead(lane.wish.id, BOSS)
        assert "do not say under which number" in dead.why
        await stage.kill()

    play(story())


def test_a_configured_receiver_is_ended_in_the_configuration() -> None:
    async def story() -> None:
        stage = Stage()
        lane = await stage.open()
        with pytest.raises(Exception, match=r"lingdang\.toml"):
            await stage.office.end(lane.wish.id, BOSS)
        await stage.kill()

    play(story())


def test_its_place_in_the_feed_survives_a_kill_before_anything_was_sent() -> None:
    async def story() -> None:
        stage = Stage()
        lane = await stage.open()
        begun = lane.progress.cursor
        await stage.kill()
        await stage.tell("GS-1", "opened")
        lane = await stage.open()
        assert lane.progress.cursor == begun
        await asyncio.sleep(1)
        assert list(stage.platform.cases) == ["GS-1"]
        await stage.kill()

    play(story())
