"""The parameters of rules for the command line: of the hub that runs, or of the store."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx2
import msgspec

from hub.access.local import local_identity, local_user
from hub.assembly.backtest_process import Backtests
from hub.assembly.loading import load_world, read_data_settings
from hub.assembly.parameter_office import SiteParameters
from hub.assembly.quiet_desk import QuietDesk
from hub.assembly.remote_office import ask, hub_client, lives
from hub.assembly.rule_office import SiteRules
from hub.assembly.site_books import known_uids
from hub.clock import SystemClock
from hub.model.access import Identity
from hub.ports import Document, ParameterCard, Setting
from hub.services.commission.state_book import DEVICE_STATES, DEVICES
from hub.services.rule_shelf import RULE_VERSIONS, RuleShelf
from hub.settings import Settings
from hub.store.ownership import left_to_owner
from hub.store.sqlite import open_store
from rules.rule import Rule

Entry = tuple[str, str, str, dict[str, Any]]


class ParameterDesk(Protocol):
    """What the commands ask for, here or over HTTP of a hub that runs."""

    async def card(self, rule: str, device: str = "") -> ParameterCard:
        """Return a rule's parameters; versions are not in it where the hub runs."""
        ...

    async def write(self, rule: str, settings: Sequence[Setting], why: str, on: int) -> None:
        """Set a rule's parameters, all that is set here; `on` is the version that was read."""
        ...

    async def go_back(self, rule: str, number: int, why: str) -> None:
        """Have an older version count again; 0 is what the files say."""
        ...


@asynccontextmanager
async def open_parameters(config: Path) -> AsyncIterator[ParameterDesk]:
    """Open the parameters of the hub that `config` describes, for who runs this command."""
    settings, user = read_data_settings(config), local_user()
    async with contextlib.AsyncExitStack() as stack:
        client = hub_client(settings.store.path.parent, user)
        if client is not None:
            await stack.enter_async_context(client)
            if await lives(client):
                yield RemoteParameters(client)
                return
        yield await stack.enter_async_context(_own(config, settings, local_identity(user)))


@asynccontextmanager
async def _own(config: Path, settings: Settings, who: Identity) -> AsyncIterator[OwnParameters]:
    path = settings.store.path
    clock = SystemClock(speed=settings.demo.speed, origin=settings.demo.clock_origin)
    with left_to_owner(path):
        async with open_store(path, clock=clock) as store:
            books = store.books
            snapshot = await store.archive.load(now=clock.now())
            desk = QuietDesk(store.committer, clock, snapshot.last_seq)
            shelf = RuleShelf(await books.documents(RULE_VERSIONS))
            known = known_uids(await books.documents(DEVICES))
            states = await books.documents(DEVICE_STATES)
            world = load_world(settings, known, versions=shelf.newest(), states=states)

            async def put(
                _rules: Sequence[Rule], documents: Sequence[Document], entries: Sequence[Entry]
            ) -> None:
                await desk.write(documents, entries)

            rules = SiteRules(
                world,
                shelf,
                put=put,
                closings=books.closing_codes,
                backtest=Backtests(config).run,
                clock=clock,
            )
            yield OwnParameters(SiteParameters(rules, world.site), who)


class OwnParameters:
    """Asks the office in this process: what it writes counts with the hub's next start."""

    def __init__(self, office: SiteParameters, who: Identity) -> None:
        self._office = office
        self._who = who

    async def card(self, rule: str, device: str = "") -> ParameterCard:
        """Return a rule's parameters."""
        return await self._office.card(rule, device)

    async def write(self, rule: str, settings: Sequence[Setting], why: str, on: int) -> None:
        """Set a rule's parameters."""
        await self._office.write(rule, settings, why, self._who, on=on)

    async def go_back(self, rule: str, number: int, why: str) -> None:
        """Have an older version count again."""
        await self._office.go_back(rule, number, why, self._who)


class RemoteParameters:
    """Asks the hub that runs, whose office it is: what is set counts at once."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def card(self, rule: str, device: str = "") -> ParameterCard:
        """Return a rule's parameters, without their versions: instants there are text."""
        asked = {"device": device} if device else {}
        said = await ask(self._client, "GET", _path(rule), dict[str, Any], params=asked)
        return msgspec.convert({**said, "versions": ()}, ParameterCard)

    async def write(self, rule: str, settings: Sequence[Setting], why: str, on: int) -> None:
        """Set a rule's parameters, where nobody was faster."""
        wish = [
            {"set": each.values, "device": each.device, "place": each.place, "model": each.model}
            for each in settings
        ]
        self._client.headers["if-match"] = f'"{on}"'
        body = {"settings": wish, "why": why}
        await ask(self._client, "POST", f"{_path(rule)}/versions", dict[str, Any], body=body)

    async def go_back(self, rule: str, number: int, why: str) -> None:
        """Have an older version count again."""
        body = {"back_to": number, "why": why}
        await ask(self._client, "POST", f"{_path(rule)}/actions", dict[str, Any], body=body)


def _path(rule: str) -> str:
    return f"rules/{quote(rule, safe='')}/parameters"
