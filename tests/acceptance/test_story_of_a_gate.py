"""A gate that does not close at night, until the resident who has told of it is content.

The hub runs whole on a clock of the test's own: the gate speaks over a broker, the resident by
HTTP, bells ring at a program of somebody else's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from hub.access.record import PEOPLE, Person
from hub.assembly.notify import READY_FILE
from hub.assembly.whistles import SECRET, read_secret
from hub.errors import ConflictError
from hub.model.access import Role
from hub.model.instant import to_rfc3339
from hub.model.journal import Entry
from hub.model.ticket import Ticket, TicketAction, TicketState, TicketStep
from hub.ports import Document
from hub.services.reports.label_code import Codes
from tests.acceptance.cases.estate import HOUR, thing
from tests.acceptance.cases.tale import MONDAY_AT_TEN, Tale
from tests.acceptance.conftest import Tell
from tests.support.patience import PATIENCE
from tests.support.vendor import WEBHOOK_SECRET, Asked, Said, Vendor, vending

pytestmark = pytest.mark.integration

TWO_AT_NIGHT = MONDAY_AT_TEN + 16 * HOUR
PHONE = "13800001234"
DAY = 24 * HOUR
STAFF = {
    "li": Role.CREW,
    "wang": Role.CREW,
    "zhang": Role.GUARD,
    "sun": Role.GRID_WORKER,
    "chen": Role.MANAGER,
    "zhou": Role.ADMINISTRATOR,
}
DUTY = """
[[plan]]
name = "night"
[[plan.rung]]
id = "worker"
name = { zh = "维修工", en = "worker" }
responsible = ["person:li"]
channels = ["hook"]
on = ["opened"]
[[plan.rung]]
id = "leader"
name = { zh = "班长", en = "crew leader" }
responsible = ["person:wang"]
channels = ["hook"]
after = "30m"
on = ["untaken"]
[[plan.rung]]
id = "manager"
name = { zh = "项目经理", en = "project manager" }
responsible = ["role:manager"]
channels = ["hook"]
after = "1h"
on = ["untaken", "overdue.finish"]
"""


def settings(vendor: Vendor) -> str:
    return f"""
[duty]
file = "duty.toml"
[outbound]
allow = ["127.0.0.0/8"]
[[bell]]
id = "hook"
kind = "webhook"
url = "{vendor.url}/bell"
secret_file = "hook.secret"
"""


class Night:
    """The people of the story, each with what they can do, and what the journal has of it."""

    def __init__(self, tale: Tale, folder: Path) -> None:
        self.tale = tale
        ready = msgspec.json.decode((folder / READY_FILE).read_bytes())
        self.web = httpx2.AsyncClient(base_url=ready["url"], trust_env=False, timeout=PATIENCE)

    async def hire(self) -> None:
        """Give everybody a name and a role."""
        people = [Person(name=name, role=role) for name, role in STAFF.items()]
        await self.tale.hub.intake.desk.write(
            [
                Document(collection=PEOPLE, key=each.name, body=msgspec.json.encode(each))
                for each in people
            ]
        )

    async def ticket(self) -> Ticket:
        """Return the only ticket of the night."""
        (found,) = await self.tale.hub.store.books.tickets(open_only=False, limit=100)
        return found

    async def do(self, action: str, name: str, **fields: object) -> Ticket:
        """Have somebody take a step."""
        wish = TicketStep(
            do=TicketAction(action),
            actor=name,
            role=STAFF[name],
            at=self.tale.clock.now(),
            **fields,  # type: ignore[arg-type]
        )
        return await self.tale.hub.intake.desk.step_ticket((await self.ticket()).number, wish)

    async def entries(self, kind: str) -> list[Entry]:
        """Return the entries of a kind."""
        return await self.tale.hub.store.books.journal(after=0, limit=10_000, types=(kind,))

    async def told(self, kind: str) -> list[dict[str, Any]]:
        """Return what the entries of a kind say, in order."""
        return [entry.data for entry in await self.entries(kind)]

    async def rung(self) -> list[str]:
        """Return who was rung, in order, once the vendor has taken what is due.

        But for the guard, whom the rule has told beside them.
        """
        await self.tale.wait("1m")
        for _ in range(200):
            calls = await self.told("ticket.escalated")
            due = sum(len(each["responsible"]) + len(each["informed"]) for each in calls)
            sent = await self.told("bell.sent")
            if len(sent) >= due:
                return [one for each in sent if (one := str(each["person"])) != "zhang"]
            await asyncio.sleep(0.02)  # the vendor's post takes real time, and no other
            await self.tale.settle()
        raise AssertionError((await self.told("bell.failed"), sent))

    async def label(self) -> str:
        """Return where the label of the gate leads."""
        stored = await self.tale.hub.store.books.document(*SECRET)
        assert stored
        uid = (await self.ticket()).uid
        return f"/w/{Codes(read_secret(stored)).label(f'device:{uid}')}"

    async def post(self, path: str, **fields: str) -> str:
        """Send a form without login, and return the page that comes back."""
        answer = await self.web.post(path, data=fields)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def form_key(self, path: str) -> tuple[str, str]:
        """Return a page and the key of its form."""
        page = (await self.web.get(path)).text
        return page, re.findall(r'name="key" value="([^"]+)"', page)[0]


@pytest.fixture
async def night(tell: Tell, tmp_path: Path) -> AsyncIterator[Night]:
    (tmp_path / "duty.toml").write_text(DUTY, "utf-8")
    (tmp_path / "hook.secret").write_text(WEBHOOK_SECRET, "utf-8")

    def take(_asked: Asked) -> Said:
        return Said("204 No Content", raw=b"")

    async with (
        vending(take) as vendor,
        tell(thing("gate-1"), more=settings(vendor), start=TWO_AT_NIGHT) as tale,
    ):
        night = Night(tale, tmp_path)
        await night.hire()
        async with night.web:
            yield night


async def test_from_a_whistle_at_night_to_a_resident_who_is_content(night: Night) -> None:
    tale = night.tale
    await tale.says("gate-1", arm_position="open")
    await tale.until("5m")
    ticket = await night.ticket()
    assert (ticket.fault, ticket.source, ticket.state) == ("gate.stuck_open", "device", "new")
    opened, first_limit = ticket.opened_at, ticket.finish_by
    assert await night.rung() == ["li"]
    first = await night.told("bell.sent")
    assert {each["person"]: each["concern"] for each in first} == {
        "li": "responsible",
        "zhang": "informed",
    }, "a rule that tells the guard has the guard told"

    # A resident comes home, and scans the label on the gate.
    label = await night.label()
    page, key = await night.form_key(label)
    assert ticket.title["zh"] in page, "it is known"
    receipt = await night.post(label, key=key, category="stays_open", phone=PHONE, text="吵")
    number, code = re.findall(r"<dd>([^<]+)</dd>", receipt)
    assert number == ticket.number, "the report is one with the gate's own fault"

    # Nobody takes it: it climbs, each rung once.
    await tale.until("36m")
    assert await night.rung() == ["li", "wang"]
    await night.do("acknowledge", "wang")
    await tale.until("1h40m")
    assert await night.rung() == ["li", "wang", "chen"], "acknowledging does not stop the clock"
    assert [each["limit"] for each in await night.told("ticket.overdue")] == ["take", "arrive"]

    # It is dispatched, taken, and needs a part: the extension is refused.
    await night.do("dispatch", "chen", to="li")
    await night.do("take", "li")
    await night.do("arrive", "li")
    until = to_rfc3339(opened + 3 * DAY)
    await night.do("extend", "li", reason="等配件", extra={"until": until})
    refused = await night.do("refuse", "chen", reason="居民等着")
    assert refused.finish_by == first_limit

    # The vendor is called: while the ticket waits for him, its clock stands still.
    await night.do("suspend", "li", to="厂家", reason="等厂家送电机")
    await tale.wait("2h")
    resumed = await night.do("resume", "li")
    assert resumed.finish_by == (first_limit or 0) + 2 * HOUR

    # Repaired, it seems; the guard sees that it is not.
    with pytest.raises(ConflictError, match="not healthy"):
        await night.do("complete", "li", code="repaired")
    await tale.says("gate-1", arm_position="closed")
    await tale.wait("10m")
    await night.do("complete", "li", code="repaired")
    with pytest.raises(ConflictError, match="another person"):
        await night.do("verify", "li")
    again = await night.do("reject", "zhang", reason="杆还在抖")
    assert (again.state, again.holder) == (TicketState.TAKEN, "li")
    await night.do("arrive", "li")
    await night.do("complete", "li", code="replaced", extra={"parts": ["电机"], "minutes": 40})
    await night.do("verify", "zhang")

    # Whoever has told of it is called back before it is closed.
    with pytest.raises(ConflictError, match="called back"):
        await night.do("close", "chen")
    await night.do("call_back", "sun", extra={"satisfied": True})
    closed = await night.do("close", "chen")
    assert (closed.state, closed.parts, closed.minutes) == (TicketState.CLOSED, ("电机",), 40)
    assert "已办结" in await night.post("/w/progress", number=number, code=code)

    # A day later it hangs again, and the resident says so, with the code of the night.
    await tale.wait("1d")
    page = await night.post("/w/progress", number=number, code=code)
    (key,) = re.findall(r'name="key" value="([^"]+)"', page) or [""]
    await night.post("/w/reopen", number=number, code=code, reason="又不落杆", key=key)
    reopened = await night.ticket()
    assert (reopened.number, reopened.state) == (number, TicketState.DISPATCHED)
    assert (reopened.reopened, reopened.holder, reopened.call_back) == (1, "", None)
    assert reopened.finish_by == tale.clock.now() + DAY, "the limits are new"
    assert await night.rung() == ["li", "wang", "chen", "li", "wang"], "one rung higher, at once"

    # The journal has each step once, in order, each limit and rung at its own instant, and
    # nothing of the person.
    entries = [each for each in await night.entries("ticket.") if each.subject == number]
    assert [_word(each) for each in entries if each.type != "ticket.updated"] == STEPS
    minutes = {_word(each): (each.at - opened) / 60 for each in entries}
    assert {word: minutes[word] for word in DUE} == DUE
    assert [_limits(each, opened) for each in entries if "finish_by" in each.data] == LIMITS
    await check_bells(night)
    assert PHONE not in msgspec.json.encode(entries).decode()
    assert "吵" not in msgspec.json.encode(entries).decode()


def _word(entry: Entry) -> str:
    """Return what an entry tells, and of a limit or rung which."""
    which = entry.data.get("limit") or entry.data.get("id", "")
    of_which = entry.type in {"ticket.overdue", "ticket.escalated"}
    return entry.type.removeprefix("ticket.") + (f" {which}" if of_which else "")


def _limits(entry: Entry, opened: float) -> tuple[str, dict[str, float]]:
    """Return the limits that an entry sets, in minutes since the opening."""
    found = {name: entry.data.get(name) for name in ("take_by", "arrive_by", "finish_by")}
    return _word(entry), {n: (at - opened) / 60 for n, at in found.items() if at is not None}


async def check_bells(night: Night) -> None:
    """Check that each rung rang each of its people once, for its own reason, soon after it came."""
    sent = [each for each in await night.entries("bell.sent") if each.data["person"] != "zhang"]
    called = [(each.data["id"], each.at) for each in await night.entries("ticket.escalated")]
    rung = [(each.data["person"], each.data["rung"], each.data["concern"]) for each in sent]
    assert rung == BELLS
    assert len({each.data["ring"] for each in sent}) == len(sent), "no ring was sent twice"
    assert {each.data["channel"] for each in sent} == {"hook"}
    assert await night.told("bell.failed") == await night.told("bell.given_up") == []
    for each in sent:
        name = each.data["ring"].split("/")[2]
        come = [at for rung_id, at in called if rung_id == name and at <= each.at]
        assert each.at - max(come) < LOOK, each.data


LOOK = 900.0
"""Seconds from one look of the story at its clock to the next, at most: half of the way to the
next rung."""
BELLS = [
    ("li", 1, "responsible"),
    ("wang", 2, "responsible"),
    ("chen", 3, "responsible"),
    ("li", 2, "informed"),
    ("wang", 2, "responsible"),
]
"""Who was rung, by which rung, to act or to know: the last two once it was reopened."""
DUE = {
    "overdue take": 5.0,
    "overdue arrive": 30.0,
    "escalated worker": 0.0,
    "escalated manager": 90.0,
    "escalated leader": 1668.0,
}
"""Minutes after the opening; the leader's was called at 30 and, last, at the reopening."""
LIMITS = [
    ("opened", {"take_by": 5.0, "arrive_by": 30.0, "finish_by": 1440.0}),
    ("resumed", {"finish_by": 1560.0}),
    ("reopened", {"take_by": 1673.0, "arrive_by": 1698.0, "finish_by": 3108.0}),
]
"""Each entry that moves a limit, and to where, in minutes since the opening."""
STEPS = [
    *("opened", "escalated worker", "joined", "overdue take", "overdue arrive"),
    *("escalated leader", "acknowledged", "escalated manager", "dispatched", "taken", "arrived"),
    *("extension_asked", "extension_decided", "suspended", "resumed", "recovered", "completed"),
    *("rejected", "arrived", "completed", "verified", "called_back", "closed", "reopened"),
    "escalated leader",
]
