"""A canary goes into every input of every page, and sings on none."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from markupsafe import escape

from hub.access.session import COOKIE
from hub.errors import Problem
from hub.model.access import Role
from hub.model.device import Kind
from hub.model.report import Quality
from hub.ports import PointView, QuarantineRow
from tests.support.crawl import CANARY, TAG, Sheet, Walk
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, break_things, make_console

STARTS = ("/", "/wall", "/tickets", "/more", "/problems", "/w/shelved", "/w/published", "/hotline")
TAKEN = {
    "/handovers",
    "/inspections",
    "/projects",
    "/settings/people/#/contact",
    "/tickets/#/actions",
    "/windows",
}
"""Forms that have taken the canary: it was not refused everywhere."""
ROLES = (
    Role.ADMINISTRATOR,
    Role.MANAGER,
    Role.GUARD,
    Role.CREW,
    Role.GRID_WORKER,
    Role.DEPARTMENT,
)


def poison(console: Console) -> None:
    """Put the canary where devices, sheets, rules and vendors write."""
    community, now = console.community, console.clock.now()
    texts = {"zh": CANARY, "en": CANARY}
    for device_id in community.of_kind(Kind.BARRIER_GATE):
        view = community.device(device_id)
        assert view is not None
        columns = dict.fromkeys(
            ("vendor", "vendor_phone", "emergency_card", "number", "scope", "x"), CANARY
        )
        device = msgspec.structs.replace(
            view.device, name=CANARY, model=CANARY, lane=CANARY, attributes=columns
        )
        strange = PointView(value=CANARY, unit=CANARY, quality=Quality.GOOD, at=now)
        points = {**view.points, "arm.position": strange, CANARY: strange}
        community._views[device_id] = msgspec.structs.replace(view, device=device, points=points)
    for path, place in list(community._places.items()):
        community._places[path] = msgspec.structs.replace(place, name=CANARY)
    gate = community.of_kind(Kind.BARRIER_GATE)[0]
    said: dict[str, Any] = {"holder": CANARY, "team": CANARY, "parts": (CANARY,)}
    community.open_ticket(gate, CANARY, CANARY, **said)
    community.raise_alarm(gate, CANARY, CANARY, reason=texts)
    order = {"device": gate, "do": CANARY, "actor": CANARY, "reason": CANARY, "state": CANARY}
    community.tell("command.requested", "c1", CANARY, data=order)
    community.tell("ticket.commented", gate, CANARY, data={"text": CANARY, "title": texts})
    community.tell(CANARY, CANARY, CANARY, data={"title": texts})
    row = QuarantineRow(link=CANARY, address=CANARY, payload=b"x", reason=CANARY, at=now)
    community.books.quarantined_rows.append(row)
    newcomer = {"link": CANARY, "address": CANARY, "sample": CANARY.encode(), "guess": CANARY}
    seen = {"first_seen": now, "last_seen": now, "count": 1}
    community.books.new.append(newcomer | seen)


async def test_the_canary_sings_on_no_page() -> None:
    problems = (Problem(file=CANARY, message=CANARY, hint=CANARY),)
    console = make_console(devices=300, problems=problems)
    break_things(console.community)
    poison(console)
    done: Counter[tuple[str, ...]] = Counter()
    sent: Counter[str] = Counter()
    showing = pages = 0
    for role, fills in ((role, fills) for fills in (True, True, False) for role in ROLES):
        cookie = console.sign_in(f"a {role}", role)
        client = client_of(console.app, accept="text/html", cookie=f"{COOKIE}={cookie}")
        async with client:
            walk = Walk(client, role)
            await walk.look(STARTS)
            if fills:
                await walk.fill_in(done)
        assert walk.faults == []
        sent += walk.sent
        showing, pages = showing + walk.showing, pages + len(walk.seen)
    assert showing > 200 <= pages, "the canary was on the pages, and did not sing"
    assert sent.keys() >= TAKEN


def test_the_cage_hears_a_canary_that_sings() -> None:
    for page in (CANARY, f'<a title="{CANARY}">x</a>', f"<p onclick=x>{TAG}</p>"):
        assert Sheet(page).alive
    assert not Sheet(escape(CANARY)).alive
    assert Sheet(escape(CANARY)).shows_canary
