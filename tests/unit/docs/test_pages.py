"""Pages that name calls, types and figures name those that the code has, and no others."""

import asyncio
import io
import json
import re
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.feeds.cursor import write_cursor
from hub.feeds.incident import SAYS, make_projector
from hub.intake.reception import COUNTED
from hub.model.access import Role
from hub.model.command import CommandState
from hub.model.hold import HoldState
from hub.services.incidents.case_step import OVERDUE
from hub.services.incidents.case_table import CASE_ROWS
from hub.services.tickets.transition import TRANSITIONS
from tests.unit.access.web_fakes import PLACES, TOKENS, World, client_of, make_world, ticket
from tests.unit.api.app_of_api import make_app

ROOT = Path(__file__).parents[3]
STAFF = {"guard", "crew", "manager", "grid_worker", "administrator"}
GROUPS = {
    "everybody": {"everybody"},
    "staff": STAFF,
    "readers": STAFF | {"department"},
    "onlookers": STAFF | {"department", "building_head"},
    "leaders": {"manager", "administrator"},
    "platforms": {"grid", "administrator"},
}
WRITTEN_WITHOUT_A_STEP = ("opened", "updated", "recovered", "merged", "overdue", "escalated")
WRITERS = (
    "device|link|alarm|ticket|report|photo|command|person|key|clock|store|quarantine|newcomer"
    "|rule|window|broker|roster|bell|contact|acceptance|subscription|push|schedule"
    "|inspection|receiver|project|meeting|site|survey|score|handover|relay"
    "|inspection|receiver|project|meeting|site|survey|score|handover|pairing"
    "|inspection|receiver|project|meeting|site|survey|score|handover|hold"
)
TYPE = re.compile(rf"\"((?:{WRITERS})\.[a-z_]+)\"")
NOT_TYPES = {"clock.offset", "link.lost", "link.back", "link.errors", "broker.stored"}
"""Events and points of devices."""
project = make_projector("guanshan", lambda: PLACES, test=True)


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def roles_of(words: str) -> set[str]:
    named = words.replace(" ", "").split(",")
    return set().union(*(GROUPS.get(word, {word}) for word in named))


async def openapi() -> dict[str, Any]:
    async with client_of(make_app(make_world()), TOKENS[Role.ADMINISTRATOR]) as client:
        document: dict[str, Any] = (await client.get("/api/v1/openapi.json")).json()
    return document


async def test_the_page_of_the_api_has_each_call_with_its_roles_and_parameters() -> None:
    rows = re.findall(
        r"^\| `(GET|POST) (\S+)` \| ([^|]+) \| ([^|]+) \|$", read("api.md"), re.MULTILINE
    )
    told = {f"{method} {path}": (roles_of(who), notes) for method, path, who, notes in rows}
    known = {
        f"{method.upper()} {path}": call
        for path, calls in (await openapi())["paths"].items()
        for method, call in calls.items()
    }
    assert set(told) == set(known)
    for name, call in known.items():
        roles, notes = told[name]
        assert roles == set(call["x-roles"]), name
        for parameter in call.get("parameters", ()):
            if parameter["in"] == "query":
                assert re.search(rf"\b{parameter['name']}\b", notes), (name, parameter["name"])


def test_the_journal_table_has_every_type_that_is_written_and_no_other() -> None:
    names = ("store/safekeeping/trace.py", "api/arrival.py", "console/tickets/people_page.py")
    files = [ROOT / "hub" / name for name in names]
    for folder in ("assembly", "intake", "services", "access", "bells", "feeds"):
        files += (ROOT / "hub" / folder).rglob("*.py")
    found = {name for file in files for name in TYPE.findall(file.read_text("utf-8"))} - NOT_TYPES
    found |= {row.entry for row in TRANSITIONS.values()}
    found |= {OVERDUE, *(row.entry for row in CASE_ROWS.values())}
    found |= {f"command.{state}" for state in CommandState}
    found |= {f"hold.{state}" for state in HoldState}
    section = read("operating.md").partition("## The journal")[2].partition("## Metrics")[0]
    cells = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`([a-z_]+\.[a-z_]+)`", "\n".join(cells))) == found


def test_the_metrics_table_has_every_counter_of_messages() -> None:
    page = read("operating.md")
    for name in (*COUNTED, "committed"):
        assert f"`lingdang_messages_{name}_total`" in page


def test_the_page_of_the_feed_lists_the_types_that_can_come() -> None:
    entries = {row.entry.removeprefix("ticket.") for row in TRANSITIONS.values()}
    possible = {SAYS.get(word, "updated") for word in {*entries, *WRITTEN_WITHOUT_A_STEP}}
    possible |= {row.says for row in CASE_ROWS.values()}
    found = re.search(
        r"`cn\.lingdang\.incident\.` \+ `([a-z_\s]+)` \+ `\.v1`", read("grid-feed.md")
    )
    assert found is not None
    assert set(found[1].split()) == possible


async def test_the_page_of_the_feed_lists_the_fields_of_an_incident() -> None:
    world = make_world()
    change(world, "GS-1")
    data = json.loads(world.books.rows[0].body)["data"]
    found = re.search(r"`data` holds `([a-z_\s]+)`", read("grid-feed.md"))
    assert found is not None
    assert {*found[1].split(), "coordinates"} == set(data)


def change(world: World, number: str) -> None:
    about = ticket(number)
    entry = world.desk.tell("ticket.opened", number, place=about.place)
    row = project(entry, about)
    assert row is not None
    world.books.rows.append(row)


class OutOfNewsError(Exception):
    """Ends the example's endless loop."""


class Platform:
    """Stands in for `urllib.request.urlopen` before a hub of fakes."""

    def __init__(self, world: World) -> None:
        self.cursors: list[str] = []
        self._world = world

    def open(self, request: urllib.request.Request, timeout: float) -> io.BytesIO:
        assert timeout > 30, "it must wait longer than the hub does"
        url = httpx2.URL(request.full_url)
        self.cursors.append(url.params.get("after", ""))
        if len(self.cursors) > 3:
            raise OutOfNewsError
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            answer = runner.run(
                self._get(str(url.copy_set_param("wait", "0")), dict(request.headers))
            )
        body = io.BytesIO(answer.content)
        if answer.is_error:
            raise urllib.error.HTTPError(
                request.full_url, answer.status_code, answer.reason_phrase, Message(), body
            )
        return body

    async def _get(self, url: str, headers: dict[str, str]) -> httpx2.Response:
        async with client_of(make_app(self._world), "", **headers) as client:
            return await client.get(url)


@pytest.mark.parametrize("start", ["", "gone"])
def test_the_example_follows_the_feed_and_keeps_its_place(
    start: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = re.search(r"```python\n(.*?)```", read("grid-feed.md"), re.DOTALL)
    assert found is not None
    assert len(found[1].splitlines()) <= 25
    world = make_world()
    for number in range(250):
        change(world, f"GS-{number}")
    if start:
        world.books.oldest = 50
        (tmp_path / "cursor.txt").write_text(write_cursor("guanshan", 7, ""))
    platform = Platform(world)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(urllib.request, "urlopen", platform.open)
    code = found[1].replace("ld_…", TOKENS[Role.GRID])
    with pytest.raises(OutOfNewsError):
        exec(compile(code, "grid-feed.md", "exec"), {})  # the example itself is under test
    ids = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    first = world.books.oldest + 1
    assert ids == [f"guanshan-{seq}" for seq in range(first, 251)]
    assert (tmp_path / "cursor.txt").read_text() == write_cursor("guanshan", 250, "")
    assert platform.cursors[0] == (write_cursor("guanshan", 7, "") if start else "")
