"""Sixteen platforms that read one hub's feed while it is written and killed, and what they saw."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from random import Random
from typing import Any

import httpx2
import msgspec

from hub.model.place import contains
from tests.chaos.checker import Stored
from tests.support.hub_process import HubProcess
from tests.support.site import KEYS

SCOPES = ("", "t/a", "t/a/x", "t/b")
FOLLOWERS, POLLERS, WRITERS = 12, 4, 3
BREAK = 0.05
"""Seconds before somebody tries again whose hub is gone."""
TIMEOUT = 20.0
FORGETS = 0.15
"""How often a follower dies behind a page, before it has written its cursor down."""
SHOWN = 3
TOLD, INTERNAL = ("ticket.", "incident."), "ticket.escalation_"
"""Entries of the journal that the feed tells, and what of them is the house's own business."""
Json = dict[str, Any]


class Client:
    """One platform: its key's part of the community, its own chance; `faults` are sentences."""

    def __init__(self, name: str, scope: str, line: httpx2.AsyncClient, seed: int) -> None:
        self.name = name
        self.scope = scope
        self.chance = Random(f"{seed}/{name}")
        self.faults: list[str] = []
        self.pages = 0
        self._line = line

    async def ask(self, path: str, **query: object) -> Json:
        """GET until the hub is there; any refusal is a fault, since nothing was deleted."""
        params = {name: str(value) for name, value in query.items() if value != ""}
        while True:
            try:
                answer = await self._line.get(f"/grid/v1/{path}", params=params)
            except httpx2.TransportError:
                await asyncio.sleep(BREAK)
                continue
            if answer.status_code < 500:
                break
        self.pages += 1
        if answer.status_code != 200:
            raise AssertionError(f"{self.name}: {path}: {answer.status_code} {answer.text[:200]}")
        found: Json = answer.json()
        return found


class Follower(Client):
    """Follows the feed by its cursor; now and then it dies before it has written it down."""

    def __init__(self, *about: Any) -> None:  # noqa: ANN401 - as Client
        super().__init__(*about)
        self.seqs: list[int] = []
        self.items: dict[int, Json] = {}
        self._cursor = ""

    async def read(self) -> bool:
        """Read one page of chance size, and tell whether it had items."""
        limit, wait = self.chance.choice([1, 2, 7, 40]), self.chance.choice([0, 0, 0.3, 2])
        page = await self.ask("feed", after=self._cursor, limit=limit, wait=wait)
        if self.chance.random() < FORGETS:
            again = await self.ask("feed", after=self._cursor, limit=limit)
            if again["items"][: len(page["items"])] != page["items"]:
                self.faults.append(f"{self.name}: the same cursor gave other items")
        for item in page["items"]:
            seq = int(item["id"].rpartition("-")[2])
            if self.seqs and seq <= self.seqs[-1]:
                self.faults.append(f"{self.name}: {item['id']} came behind {self.seqs[-1]}")
            self.seqs.append(seq)
            self.items[seq] = item
        self._cursor = page["next"]
        return bool(page["items"])


class Poller(Client):
    """Polls incidents by `updated_since` and a place, and keeps the highest revision of each."""

    def __init__(self, *about: Any) -> None:  # noqa: ANN401 - as Client
        super().__init__(*about)
        self.place = self.chance.choice(["", "t/a", "t/b"])
        self.newest: dict[str, Json] = {}
        self._since = ""

    async def read(self) -> bool:
        """Read one round, and tell whether it had something new."""
        after, as_of, fresh = "", "", False
        while True:
            query = {"after": after, "limit": self.chance.choice([1, 5, 30])}
            page = await self.ask("incidents", updated_since=self._since, place=self.place, **query)
            as_of = as_of or page["as_of"]
            for each in page["items"]:
                known = self.newest.get(each["number"])
                if known is None or known["revision"] < each["revision"]:
                    self.newest[each["number"]] = each
                    fresh = True
            after = page["next"]
            if after is None:
                self._since = as_of
                return fresh


class Crowd(msgspec.Struct, kw_only=True):
    """Everybody who reads."""

    followers: list[Follower]
    pollers: list[Poller]

    async def read_until(self, ended: asyncio.Event) -> None:
        """Read until the writers have ended and nobody finds anything new."""
        everybody: list[Follower | Poller] = [*self.followers, *self.pollers]
        async with asyncio.TaskGroup() as group:
            for client in everybody:
                group.create_task(_read_to_the_end(client.read, ended))

    def find_faults(self, stored: Stored) -> list[str]:
        """Compare what each saw with the journal, filtered by its rights."""
        place_of = {ticket["number"]: ticket["place"] for ticket in stored.tickets}
        told = [
            (seq, data["subject"])
            for seq, kind, data in stored.journal
            if kind.startswith(TOLD) and not kind.startswith(INTERNAL)
        ]
        items = {seq: item for client in self.followers for seq, item in client.items.items()}
        faults = [fault for client in (*self.followers, *self.pollers) for fault in client.faults]
        for client in self.followers:
            due = [seq for seq, subject in told if may_see(client.scope, place_of[subject])]
            faults += _differences(client.name, client.seqs, due)
            if any(items[seq] != item for seq, item in client.items.items()):
                faults.append(f"{client.name}: others were told the same items otherwise")
        newest = {item["subject"]: item["data"] for _, item in sorted(items.items())}
        for poller in self.pollers:
            faults += _outdated(poller, newest, place_of)
        return faults


def may_see(scope: str, place: str) -> bool:
    """Tell whether a key of that part of the community sees the place."""
    return not scope or contains(scope, place)


@contextlib.asynccontextmanager
async def gathered(hub: HubProcess, seed: int) -> AsyncIterator[Crowd]:
    """Make the keys and the clients, and close their lines at the end."""
    keys = []
    async with contextlib.AsyncExitStack() as stack:
        for scope in SCOPES:
            name = f"city-{scope.replace('/', '-') or 'whole'}"
            about = {"name": name, "role": "grid", "place": scope}
            made = await hub.post("/api/v1/keys", "administrator", **about)
            line = await stack.enter_async_context(line_to(hub, made["token"]))
            keys.append((scope, line))
        followers = [Follower(f"follower-{n}", *keys[n % 4], seed) for n in range(FOLLOWERS)]
        pollers = [Poller(f"poller-{n}", *keys[n % 4], seed) for n in range(POLLERS)]
        yield Crowd(followers=followers, pollers=pollers)


def line_to(hub: HubProcess, key: str) -> httpx2.AsyncClient:
    """Make a client with a key; the hub comes back where it was."""
    headers = {"authorization": f"Bearer {key}"}
    return httpx2.AsyncClient(
        base_url=hub.url, headers=headers, trust_env=False, timeout=TIMEOUT, verify=False
    )


class Progress:
    """How much has been written, for whoever waits for some more.

    `enough` tells the writers to end, and `ended` that the last of them has.
    """

    def __init__(self) -> None:
        self.written = 0
        self.enough = asyncio.Event()
        self.ended = asyncio.Event()
        self._news = asyncio.Event()

    def count(self) -> None:
        """Count one thing that was written."""
        self.written += 1
        self._news.set()

    async def until(self, more: int) -> None:
        """Return once so much more was written."""
        enough = self.written + more
        while self.written < enough:
            self._news.clear()
            await self._news.wait()


async def write_all(hub: HubProcess, seed: int, progress: Progress) -> None:
    """Have several people write at once, and tell when the last of them has ended."""
    async with asyncio.TaskGroup() as group:
        for number in range(WRITERS):
            group.create_task(write(hub, Random(f"{seed}/writer-{number}"), progress))
    progress.ended.set()


async def write(hub: HubProcess, chance: Random, progress: Progress) -> None:
    """Open incidents all over the place, and take steps of them, until told to end."""
    async with line_to(hub, KEYS["manager"]) as manager, line_to(hub, KEYS["grid"]) as grid:
        await _write(manager, grid, chance, progress)


async def _write(
    manager: httpx2.AsyncClient, grid: httpx2.AsyncClient, chance: Random, progress: Progress
) -> None:
    numbers: list[str] = []
    while not progress.enough.is_set():
        progress.count()
        place = chance.choice(["t/a", "t/a/x", "t/b", "t"])
        if not numbers or chance.random() < 0.4:
            body = {"source": "inspection", "category": "other", "place": place, "apart": True}
            made = await _send(manager, "/api/v1/reports", {**body, "text": "x"})
            numbers += [made["ticket"]] if made else []
            continue
        step = {"do": chance.choice(["urge", "comment"]), "at": "2026-01-01T00:00:00+08:00"}
        path = f"/grid/v1/incidents/{chance.choice(numbers)}/actions"
        await _send(grid, path, {**step, "text": "x"})


async def _send(line: httpx2.AsyncClient, path: str, body: Json) -> Json:
    """POST until it is answered, with one key; empty where its outcome is not known."""
    headers = {"idempotency-key": uuid.uuid4().hex}
    while True:
        try:
            answer = await line.post(path, json=body, headers=headers)
        except httpx2.TransportError:
            await asyncio.sleep(BREAK)
            continue
        if answer.status_code < 500:
            assert answer.is_success or answer.status_code == 409, answer.text
            return dict(answer.json()) if answer.is_success else {}


async def _read_to_the_end(read: Callable[[], Awaitable[bool]], ended: asyncio.Event) -> None:
    while True:
        was_over = ended.is_set()
        if not await read() and was_over:
            return


def _differences(name: str, seen: list[int], due: list[int]) -> list[str]:
    missing, strange = sorted(set(due) - set(seen)), sorted(set(seen) - set(due))
    faults = []
    if missing:
        faults.append(f"{name}: {len(missing)} items never came, such as {missing[:SHOWN]}")
    if strange:
        faults.append(f"{name}: {len(strange)} items are not its own, as {strange[:SHOWN]}")
    return faults


def _outdated(poller: Poller, newest: Mapping[str, Json], place_of: Mapping[str, str]) -> list[str]:
    due = {
        number: data
        for number, data in newest.items()
        if may_see(poller.scope, place_of[number]) and may_see(poller.place, place_of[number])
    }
    wrong = sorted(
        number
        for number in due.keys() | poller.newest
        if due.get(number) != poller.newest.get(number)
    )
    if not wrong:
        return []
    return [f"{poller.name}: {len(wrong)} incidents are not as they stand, as {wrong[:SHOWN]}"]
