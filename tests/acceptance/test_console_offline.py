"""The crew in a basement, in a real browser: what is kept, what is sent, and what is wiped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, Playwright, async_playwright, expect

from hub.access.passwords import PasswordDesk
from hub.access.policy import join
from hub.api.router import build_api
from hub.api.server import listen, serving
from hub.clock import SystemClock
from hub.model.access import Role
from hub.model.device import Kind
from hub.model.ticket import Ticket, TicketState, TicketStep
from simulators.demo_files import HOST
from tests.acceptance.console_browser import ARGUMENTS, PHONE
from tests.acceptance.pictures import take_picture as picture_of
from tests.support.lossy_proxy import LossyProxy, lossy
from tests.support.patience import PATIENCE
from tests.support.photos import photo
from tests.unit.console.fakes.community import Console, make_console

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

Chromium = Callable[[str], Path]
PASSWORD = "关山社区夜里还有一盏灯"


class Basement(msgspec.Struct, kw_only=True):
    """A hub, the lossy way to it, and a phone whose browser can be closed and opened again."""

    console: Console
    way: LossyProxy
    playwright: Playwright
    chromium: Path
    folder: Path = Path()
    phone: BrowserContext | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.way.port}"

    async def take_phone(self) -> Page:
        """Open the phone's browser; what it has kept is there again."""
        self.phone = await self.playwright.chromium.launch_persistent_context(
            self.folder,
            executable_path=self.chromium,
            args=ARGUMENTS,
            viewport={"width": PHONE[0], "height": PHONE[1]},
        )
        self.phone.set_default_timeout(1000 * PATIENCE)
        return self.phone.pages[0]

    async def put_away(self) -> None:
        """Close the browser."""
        assert self.phone
        await self.phone.close()
        self.phone = None

    async def sign_in(self, page: Page, name: str, role: Role = Role.CREW) -> None:
        """Sign somebody in by the page."""
        self.console.sign_in(name, role, password_hash=await PasswordDesk().hash(PASSWORD))
        await page.goto(f"{self.url}/sign-in?next=/tickets")
        await page.locator("#name").fill(name)
        await page.locator("#password").fill(PASSWORD)
        await page.get_by_role("button", name="登录").click()
        await page.wait_for_url("**/tickets")

    async def go_down(self) -> None:
        """Lose the network."""
        assert self.phone
        self.way.cut()
        await self.phone.set_offline(True)

    async def come_up(self) -> None:
        """Have the network again."""
        assert self.phone
        self.way.is_cut = False
        await self.phone.set_offline(False)

    def ticket(self, state: TicketState = TicketState.TAKEN, holder: str = "li") -> Ticket:
        """Open a ticket about the next gate."""
        community = self.console.community
        gates = community.of_kind(Kind.BARRIER_GATE)
        gate = gates[len(community.open_tickets()) % len(gates)]
        return community.open_ticket(
            gate, "落杆失败", "Does not close", age=3600, state=state, holder=holder
        )

    def told(self, number: str, kind: str) -> list[dict[str, object]]:
        """Return what the journal says of one kind of entry of a ticket."""
        entries = self.console.community.books.entries
        return [each.data for each in entries if each.subject == number and each.type == kind]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(require_server: Chromium) -> AsyncIterator[Basement]:
    """Serve one hub for the file; each story has a phone and a ticket of its own."""
    console, chromium = make_console(clock=SystemClock()), require_server("chromium")
    join(console.app.router, build_api(console.ports))
    listener = listen(HOST, 0, file="lingdang.toml")
    async with (
        serving(console.app, listener) as url,
        async_playwright() as playwright,
        lossy(int(url.rpartition(":")[2])) as way,
    ):
        yield Basement(console=console, way=way, playwright=playwright, chromium=chromium)


@pytest_asyncio.fixture(loop_scope="module")
async def basement(house: Basement, tmp_path: Path) -> AsyncIterator[Basement]:
    made = msgspec.structs.replace(house, folder=tmp_path / "phone")
    made.way.is_cut, made.way.lose, made.way.lost = False, b"", 0
    yield made
    if made.phone:
        await made.put_away()


async def take_picture(page: Page, name: str) -> None:
    """Take a picture from the top: what sticks to the window would else stand in the middle."""
    await page.evaluate("scrollTo(0, 0)")
    await picture_of(page, name)


async def until(holds: Callable[[], bool]) -> None:
    """Return once it holds; the hub is in this process."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - the page has no event for us
            await asyncio.sleep(0.05)


async def until_kept(page: Page) -> None:
    """Return once the list and the tickets of the person are on the phone."""
    await page.wait_for_selector("html[data-ready]", state="attached")


async def test_a_repair_in_a_basement_lands_once_whatever_is_lost_on_the_way(
    basement: Basement, tmp_path: Path
) -> None:
    number = basement.ticket().number
    page = await basement.take_phone()
    await basement.sign_in(page, "li")
    await until_kept(page)
    await basement.go_down()

    await page.goto(f"{basement.url}/tickets")
    await expect(page.locator("#kept")).to_contain_text("没有网络")
    await take_picture(page, "offline-list")
    await page.locator(f"a.row[href$='{number}']").click()
    await expect(page.locator("h1")).to_contain_text("落杆失败")
    await take_picture(page, "offline-ticket")
    await page.get_by_role("button", name="到场", exact=True).click()
    await expect(page.locator("#pocket")).to_contain_text("1 件没有送出")
    picture = tmp_path / "after.jpg"
    picture.write_bytes(photo())
    await page.locator("#pocket-photo").set_input_files(picture)
    await page.locator("#pocket-moment").select_option("after")
    await page.get_by_role("button", name="存下照片").click()
    await expect(page.locator("#pocket li")).to_have_count(2)
    await page.locator("#pocket-comment textarea").fill("限位器卡住了")
    await page.get_by_role("button", name="存下说明").click()
    await expect(page.locator("#pocket li")).to_have_count(3)
    await page.locator("#pocket-complete textarea").fill("换了限位器，试了三次")
    await page.locator("#pocket-complete select").select_option("replaced")
    await page.get_by_role("button", name="完工", exact=True).click()
    await expect(page.locator("#pocket li")).to_have_count(4)
    await take_picture(page, "offline-waiting")

    await basement.put_away()
    page = await basement.take_phone()
    assert basement.phone
    await basement.phone.set_offline(True)
    await page.goto(f"{basement.url}/tickets/{number}")
    await expect(page.locator("#pocket")).to_contain_text("4 件没有送出")

    await basement.phone.clear_cookies()
    basement.way.lose = f"POST /api/v1/tickets/{number}/actions".encode()
    await basement.come_up()
    await expect(page.get_by_role("link", name="登录")).to_be_visible(timeout=60_000)
    await take_picture(page, "offline-signed-out")
    await basement.sign_in(page, "li")
    await until(lambda: bool(basement.told(number, "ticket.completed")))
    assert basement.way.lost == 1, "the first answer never came"
    books = basement.console.community.books
    done = books.ticket_by_number[number]
    assert (done.state, done.closing_code) == (TicketState.COMPLETED, "replaced")
    for kind in ("ticket.arrived", "ticket.commented", "ticket.completed", "photo.added"):
        assert len(basement.told(number, kind)) == 1, kind
    await page.goto(f"{basement.url}/tickets/{number}")
    await expect(page.locator("#ticket-top .state")).to_have_text("已完工")
    await expect(page.locator("#pocket")).to_be_hidden()
    await take_picture(page, "offline-sent")


async def test_work_is_told_with_the_time_at_which_it_was_done(basement: Basement) -> None:
    number = basement.ticket().number
    page = await basement.take_phone()
    await basement.sign_in(page, "li")
    await until_kept(page)
    await basement.go_down()
    await page.goto(f"{basement.url}/tickets/{number}")
    await page.get_by_role("button", name="到场", exact=True).click()
    await expect(page.locator("#pocket li")).to_have_count(1)
    # Ten minutes pass; the phone tells the instant, and no other part of it changes.
    earlier = basement.console.clock.now() - 600
    await page.evaluate(
        "async (at) => { const [each] = await Pocket.entries();"
        "const body = {...JSON.parse(each.body), done_at: new Date(at * 1000).toISOString()};"
        "await Pocket.put({...each, body: JSON.stringify(body)}); }",
        earlier,
    )
    await basement.come_up()
    await until(lambda: bool(basement.told(number, "ticket.arrived")))
    [told] = basement.told(number, "ticket.arrived")
    assert told["done_at"] == pytest.approx(earlier, abs=0.01)
    await expect(page.locator("#ticket-history")).to_contain_text("做的，有网络后送到")


async def test_a_conflict_is_shown_and_nothing_that_was_done_is_lost(basement: Basement) -> None:
    number = basement.ticket(TicketState.ARRIVED).number
    page = await basement.take_phone()
    await basement.sign_in(page, "li")
    await until_kept(page)
    await basement.go_down()
    await page.goto(f"{basement.url}/tickets/{number}")
    await page.locator("#pocket-comment textarea").fill("电机烧了")
    await page.get_by_role("button", name="存下说明").click()
    await expect(page.locator("#pocket li")).to_have_count(1)
    await page.locator("#pocket-complete textarea").fill("换了电机")
    await page.get_by_role("button", name="完工", exact=True).click()
    await expect(page.locator("#pocket li")).to_have_count(2)

    step = TicketStep(
        do="transfer", actor="boss", role="manager", at=basement.console.clock.now(), to="wang"
    )
    await basement.console.desk.step_ticket(number, step)
    await basement.come_up()
    tray = page.locator("#pocket")
    await expect(tray).to_contain_text("1 件没有办成", timeout=60_000)
    await expect(tray).to_contain_text("工单已经变了")
    await expect(tray).to_contain_text("换了电机")
    await take_picture(page, "offline-conflict")
    assert len(basement.told(number, "ticket.commented")) == 1
    assert not basement.told(number, "ticket.completed")
    page.on("dialog", lambda dialog: dialog.accept())
    await tray.get_by_role("button", name="删除").click()
    await expect(tray).to_be_hidden()


async def test_who_signs_out_or_in_as_another_leaves_nothing_on_the_phone(
    basement: Basement,
) -> None:
    number = basement.ticket().number
    page = await basement.take_phone()
    await basement.sign_in(page, "li")
    await until_kept(page)
    await basement.go_down()
    await page.goto(f"{basement.url}/tickets/{number}")
    await page.locator("#pocket-comment textarea").fill("钥匙在门卫")
    await page.get_by_role("button", name="存下说明").click()
    await expect(page.locator("#pocket li")).to_have_count(1)
    await basement.put_away()

    page = await basement.take_phone()
    await basement.come_up()
    await basement.sign_in(page, "wang")
    await expect(page.get_by_role("alert").first).to_contain_text("li 的 1 件没有送出，已经清掉")
    await until_kept(page)
    await basement.go_down()
    await page.goto(f"{basement.url}/tickets/{number}")
    assert page.url.endswith("#not-kept"), "the other one's ticket is not on the phone"
    await expect(page.get_by_role("alert").first).to_contain_text("没有存在手机里")
    await expect(page.locator("#pocket")).to_be_hidden()

    await basement.come_up()
    await page.wait_for_selector("html:not([data-kept])", state="attached")
    await page.goto(f"{basement.url}/tickets")
    await until_kept(page)
    await page.evaluate(
        "Pocket.fact('person').then((each) => Pocket.learn('person', {...each, view: 'less'}))"
    )
    await page.goto(f"{basement.url}/more")
    await page.evaluate("settled")
    assert await page.evaluate("caches.has('lingdang-pages')") is False, "other rights, no pages"
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept())[1])
    await page.evaluate(
        "Pocket.put({owner: 'x', number: 'GS-1', do: 'comment', stuck: {status: 409}})"
    )
    await page.get_by_role("button", name="退出").click()
    await page.wait_for_url("**/sign-in?said=out")
    assert "还有 1 件没有送出" in asked[0]
    assert await page.evaluate("caches.has('lingdang-pages')") is False
    assert await page.evaluate("Pocket.entries().then((all) => all.length)") == 0


async def test_walls_and_orders_are_never_there_without_a_network(basement: Basement) -> None:
    basement.ticket()
    page = await basement.take_phone()
    await basement.sign_in(page, "boss", Role.MANAGER)
    await until_kept(page)
    await page.goto(f"{basement.url}/wall")
    await basement.go_down()
    for path in ("/wall", "/devices/gate-001", "/more"):
        with pytest.raises(Exception, match="ERR_"):
            await page.goto(basement.url + path)
    script = (Path(__file__).parents[2] / "hub/console/static/crew.js").read_text("utf-8")
    template = Path(__file__).parents[2] / "hub/console/templates/part_pocket.html"
    assert '("arrive", "comment", "complete", "false_alarm")' in template.read_text("utf-8")
    assert "/commands" not in script


async def test_a_full_phone_says_so_and_keeps_what_is_typed(
    basement: Basement, tmp_path: Path
) -> None:
    number = basement.ticket().number
    page = await basement.take_phone()
    await basement.sign_in(page, "li")
    await until_kept(page)
    await basement.go_down()
    await page.goto(f"{basement.url}/tickets/{number}")
    # What a full disk does to a write: the deal is given up, as by chromium's own quota.
    await page.evaluate(
        "() => { const put = IDBObjectStore.prototype.put;"
        " IDBObjectStore.prototype.put = function (each) {"
        " const asked = put.call(this, each); this.transaction.abort(); return asked; }; }"
    )
    picture = tmp_path / "after.jpg"
    picture.write_bytes(photo())
    await page.locator("#pocket-photo").set_input_files(picture)
    await page.get_by_role("button", name="存下照片").click()
    await expect(page.get_by_role("alert").first).to_contain_text("手机存储满了")
    assert await page.locator("#pocket-photo").input_value()
    await expect(page.locator("#pocket")).to_be_hidden()
    await take_picture(page, "offline-full")


async def test_what_an_older_hub_has_left_in_the_phone_is_sent(basement: Basement) -> None:
    number = basement.ticket().number
    page = await basement.take_phone()
    await basement.sign_in(page, "li")
    await until_kept(page)
    path = f"/api/v1/tickets/{number}/actions"
    await page.evaluate(
        "(path) => Pocket.put({owner: document.documentElement.dataset.owner, key: 'k-1',"
        " number: 'GS-1', do: 'comment', type: 'application/json', path,"
        """ body: '{"do":"comment","text":"旧的"}', gone: true})""",
        path,
    )
    await page.reload()
    await until(lambda: bool(basement.told(number, "ticket.commented")))
    [told] = basement.told(number, "ticket.commented")
    assert told["text"] == "旧的"
