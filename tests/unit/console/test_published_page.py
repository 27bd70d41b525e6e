"""公示: what everybody may see once the site says so, and what stays in the house."""

from __future__ import annotations

import httpx2
import msgspec
import pytest

from hub.model.access import Identity, Role
from hub.model.course import Course
from hub.model.place import Place
from hub.model.project import Project, ProjectState
from hub.ports.survey import Reply
from hub.services.community.published import publish
from hub.services.community.survey import last_half
from tests.support.photos import photo
from tests.support.survey import settle
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import GUANSHAN, Console, make_console
from tests.unit.console.test_inspection_page import Visitor, plan
from tests.unit.console.test_project_page import CLAIM, DATED, NEED, PAGE

NOW = 1_764_000_000.0
DAY = 86_400.0


@pytest.fixture
def console() -> Console:
    return make_console(devices=30, card=msgspec.structs.replace(GUANSHAN, publish_work=True))


async def read(console: Console, path: str) -> httpx2.Response:
    async with client_of(console.app, "", accept="text/html") as client:
        return await client.get(path)


async def test_rounds_and_claims_are_shown_by_team_and_claimant_and_no_login(
    console: Console,
) -> None:
    walk = await plan(console)
    worker = Visitor(console)
    await worker.send(f"{walk}/stops/s1", f"{walk}/stops/s1", verdict="fine")
    await worker.send(walk, f"{walk}/finish")
    await worker.send("/projects", "/projects", **NEED | {"need": "<b>电梯</b>"})
    await worker.send(PAGE, f"{PAGE}/actions", **CLAIM, **DATED)
    page = await read(console, "/w/published")
    assert page.status_code == 200
    for words in (
        "巡查一组",
        "走完 1 次",
        "&lt;b&gt;电梯&lt;/b&gt;",
        "供电公司",
        "2098-12-01",
        "未到期",
    ):
        assert words in page.text, words
    for secret in ("a manager", "<script", "cookie"):
        assert secret not in page.text
    assert "set-cookie" not in page.headers
    assert "Teams, not persons" in (await read(console, "/w/published?lang=en")).text


async def test_a_photo_is_shown_once_somebody_has_cleared_it_and_until_they_take_it_back(
    console: Console,
) -> None:
    desk = Visitor(console)
    await desk.send("/projects", "/projects", **NEED)
    await desk.send(PAGE, f"{PAGE}/actions", **CLAIM, **DATED)
    await desk.send(PAGE, f"{PAGE}/photos", photo())
    (kept,) = console.ports.photos.photos("p1")
    address = f"/w/published/p1/{kept.id}"
    assert (await read(console, address)).status_code == 404
    assert address not in (await read(console, "/w/published")).text
    clear = f"{PAGE}/photos/{kept.id}/clear"
    assert (await desk.send(PAGE, clear, shown="yes")).status_code == 303
    shown = await read(console, address)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert address in (await read(console, "/w/published")).text
    await desk.send(PAGE, clear, shown="no")
    assert (await read(console, address)).status_code == 404
    told = [e.type for e in console.community.books.entries if e.type.startswith("project.photo")]
    assert told == ["project.photo_cleared", "project.photo_withheld"]


async def test_without_the_sites_word_nothing_is_published() -> None:
    console = make_console(devices=30)
    await Visitor(console).send("/projects", "/projects", **NEED)
    answer = await read(console, "/w/published")
    assert answer.status_code == 404
    assert NEED["need"] not in answer.text
    assert (await read(console, "/w/published/p1/x")).status_code == 404


async def test_a_survey_is_published_once_enough_have_answered(console: Console) -> None:
    start, _ = last_half(console.clock.now())
    numbers = [f"GS-{number}" for number in range(1, 9)]
    settle(console.community.books, numbers, start + 2 * DAY)
    office, boss = console.ports.surveys, Identity(name="chen", role=Role.MANAGER)
    drawn = await office.draw(8, boss)
    for number, each in enumerate(drawn.asked[:5]):
        assert "应答率" not in (await read(console, "/w/published")).text
        fine = number < 4
        reply = Reply(responded=True, solved=fine, satisfied=fine)
        await office.answer("s1", each.report, reply, boss)
    page = (await read(console, "/w/published")).text
    assert "问 8 份，答 5 份，应答率 62%；响应率 100%，解决率 80%，满意率 80%" in page
    assert not [number for number in numbers if number in page]


def course(number: str, **fields: object) -> Course:
    base = Course(
        number=number,
        class_="general",
        place="gs/a",
        opened_at=NOW - 2 * DAY,
        finish_by=NOW - DAY,
        completed_at=NOW - 1.5 * DAY,
    )
    return msgspec.structs.replace(base, **fields)


def test_shares_leave_out_what_is_discreet_old_or_a_drill() -> None:
    late = course("GS-2", completed_at=NOW - 0.5 * DAY)
    others = (
        course("GS-3", discreet=True, completed_at=None),
        course("GS-4", opened_at=NOW - 100 * DAY),
        course("GS-5", test=True),
    )
    (share,) = publish([course("GS-1"), late, *others], (), (), {}, now=NOW).shares
    assert (share.class_, share.tickets, share.on_time) == ("general", 2, 0.5)
    assert share.raised == 0
    (raised,) = publish([course("GS-1", class_raises=2), late], (), (), {}, now=NOW).shares
    assert raised.raised == 1, "tickets, not steps"
    assert publish([course("GS-1", class_="")], (), (), {}, now=NOW).shares == []


def test_a_claim_of_a_flat_or_one_that_was_withdrawn_is_not_published() -> None:
    places = {"gs/a/101": Place(path="gs/a/101", name="101", kind="household")}
    good = Project(id="p1", need="电梯", text="x", place="gs/a", actor="li", at=NOW)
    flat = msgspec.structs.replace(good, id="p2", place="gs/a/101")
    gone = msgspec.structs.replace(good, id="p3", state=ProjectState.WITHDRAWN)
    found = publish((), (), [good, flat, gone], places, now=NOW).claims
    assert [each.id for each in found] == ["p1"]
