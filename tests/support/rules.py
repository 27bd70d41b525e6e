"""An office for rules without a hub: what it puts in force is kept, and no history is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from hub.assembly.loading import World
from hub.assembly.rule_office import SiteRules
from hub.clock import Clock
from hub.ports import BacktestWish, Document
from hub.services.registry import Site
from hub.services.rule_shelf import RuleShelf
from hub.settings import Settings
from rules.rule import Rule
from tests.support.shipped import MODELS


class Force:
    """What was put in force last, and everything that was stored with it."""

    def __init__(self) -> None:
        self.rules: Sequence[Rule] = ()
        self.documents: list[Document] = []
        self.entries: list[tuple[str, str, str, dict[str, Any]]] = []
        self.closings: dict[str, dict[str, int]] = {}
        self.wishes: list[BacktestWish] = []

    async def put(
        self,
        rules: Sequence[Rule],
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]],
    ) -> None:
        """Keep everything."""
        self.rules = rules
        self.documents += documents
        self.entries += entries

    async def count(self) -> Mapping[str, Mapping[str, int]]:
        """Return the counted closing codes."""
        return self.closings

    async def backtest(self, wish: BacktestWish) -> AsyncIterator[bytes]:
        """Find nothing."""
        self.wishes.append(wish)
        yield b'{"kind":"end"}\n'


def make_office(
    clock: Clock,
    force: Force | None = None,
    *,
    files: Mapping[str, str] | None = None,
    documents: Mapping[str, bytes] | None = None,
) -> SiteRules:
    """Make an office over the shipped library, and rule files of a site."""
    force = force or Force()
    world = World(
        settings=Settings(),
        models=MODELS,
        rules=(),
        site=Site(devices=(), places={}),
        rule_files=dict(files or {}),
    )
    return SiteRules(
        world,
        RuleShelf(documents or {}),
        put=force.put,
        closings=force.count,
        backtest=force.backtest,
        clock=clock,
    )
