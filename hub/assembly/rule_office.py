"""The office for rules: their texts, versions and modes, from the file to the engine that runs.

A text is checked as a whole with all others, and its examples are run, before it counts. It
counts in the same commit that stores its version; what it says of the present is said then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from hub.assembly.loading import World, choose_modes
from hub.assembly.rule_card import make_card
from hub.assembly.rule_entry import say_rule
from hub.assembly.rule_loader import RuleLoader
from hub.assembly.rule_text import id_of, parameters_of, schedules_of, to_problem
from hub.clock import Clock
from hub.errors import ConfigError, ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.rule_version import RuleMode, RuleVersion
from hub.model.spelling import suggest
from hub.ports import BacktestWish, Document, RuleCard, RuleProof, RuleSheet, RuleWords
from hub.services.rule_shelf import PARAMETERS, SCHEDULE, RuleShelf, to_document
from rules.rule import Rule
from rules.source import cut_rules

LONGEST_WHY = 500

Entry = tuple[str, str, str, dict[str, Any]]
Put = Callable[[Sequence[Rule], Sequence[Document], Sequence[Entry]], Awaitable[None]]
"""Puts rules in force, with documents and journal entries, in one commit."""
Closings = Callable[[], Awaitable[Mapping[str, Mapping[str, int]]]]
"""Counts the closing codes of tickets by rule."""
Backtest = Callable[[BacktestWish], AsyncIterator[bytes]]


class SiteRules:
    """Implements `hub.ports.RuleOffice`; one change at a time."""

    def __init__(
        self,
        world: World,
        shelf: RuleShelf,
        *,
        put: Put,
        closings: Closings,
        backtest: Backtest,
        clock: Clock,
    ) -> None:
        self.shelf = shelf
        self._put, self._closings, self._clock = put, closings, clock
        self._backtest = backtest
        self.turn, self._loading = asyncio.Lock(), asyncio.Lock()
        self.loader = RuleLoader(world, shelf)
        self._loaded: dict[str, Rule] = {}

    async def cards(self) -> Sequence[RuleCard]:
        """Return every rule, by id."""
        closings = await self._closings()
        known = await self.known()
        return [self._card(known[rule], closings) for rule in sorted(known)]

    async def sheet(self, rule: str) -> RuleSheet:
        """Return one rule, or raise NotFoundError with the nearest name."""
        known = await self.find(rule)
        return RuleSheet(
            card=self._card(known, await self._closings()),
            text=await asyncio.to_thread(self.loader.text_of, known, self.shelf),
            versions=tuple(self.shelf.versions(rule)),
            words=self._say(known),
        )

    def _say(self, rule: Rule) -> dict[str, RuleWords]:
        emitters = [each.id for each in self._loaded.values() if each.expectation]
        return say_rule(rule, self.loader.vocabulary(emitters))

    async def check(self, text: str) -> RuleProof:
        """Check a text; what would break elsewhere is told with the file."""
        return await asyncio.to_thread(self.loader.check, text, self.shelf)

    async def write(
        self, text: str, mode: RuleMode, why: str, who: Identity, *, rule: str = "", on: int = -1
    ) -> Sequence[RuleCard]:
        """Make a version of each rule in the text."""
        check_why(why)
        async with self.turn:
            proof = await self.check(text)
            if proof.faults:
                raise ConfigError(*(to_problem(fault) for fault in proof.faults))
            others = {**schedules_of(text), **parameters_of(text)}
            if rule and (proof.rules != (rule,) or others):
                said = ", ".join((*proof.rules, *others)) or "none"
                raise InvalidRequestError(
                    f"the text is of {said}; it has to be of {rule} alone",
                    problems={"text": f"not the rule {rule}"},
                    zh=f"文本必须只包含规则 {rule}。",
                )
            self.check_edited(rule, on)
            parts = {id_of(part): part for part in cut_rules(text)}
            versions = [self.make_version(r, mode, why, who, parts[r]) for r in proof.rules]
            active = RuleMode.ACTIVE
            versions += [self.make_version(s, active, why, who, others[s]) for s in others]
            await self.add(versions, who)
        return [await self._one_card(each) for each in proof.rules]

    async def switch(
        self, rule: str, mode: RuleMode, why: str, who: Identity, *, on: int = -1
    ) -> RuleCard:
        """Have a rule count in another mode."""
        check_why(why)
        async with self.turn:
            await self.find(rule)
            self.check_edited(rule, on)
            versions = self.shelf.versions(rule)
            text = versions[-1].text if versions else ""
            await self.add([self.make_version(rule, mode, why, who, text)], who)
        return await self._one_card(rule)

    async def go_back(
        self, rule: str, number: int, why: str, who: Identity, *, on: int = -1
    ) -> RuleCard:
        """Have an older version count again; 0 is the rule of the files."""
        check_why(why)
        async with self.turn:
            await self.find(rule)
            self.check_edited(rule, on)
            if number:
                old = self.shelf.version(rule, number)
                mode, text = old.mode, old.text
            else:
                mode, text = await asyncio.to_thread(self.loader.mode_of_files, rule), ""
            await self.add([self.make_version(rule, mode, why, who, text)], who)
        return await self._one_card(rule)

    async def export(self) -> str:
        """Return the texts that count as one file, each with its version, mode, person and why."""
        parts = [
            f"# {version.rule}, version {version.number}, {version.mode},"
            f" {_one_line(version.actor)}: {_one_line(version.why)}\n{version.text}"
            for version in sorted(self.shelf.newest(), key=lambda version: version.rule)
            if version.text
        ]
        return "\n".join(parts)

    def backtest(self, wish: BacktestWish) -> AsyncIterator[bytes]:
        """Try rules on history, in a process of its own."""
        return self._backtest(wish)

    async def add(self, versions: Sequence[RuleVersion], who: Identity) -> None:
        """Load everything with the new versions, and have it count in one commit."""
        shelf = self.shelf.with_new(*versions)
        new = {version.rule for version in versions}
        known = await asyncio.to_thread(self.loader.load, shelf, new=new, prove=True)
        entries = [_entry(version, who) for version in versions]
        documents = [to_document(version) for version in versions]
        await self._put(choose_modes(known.values(), shelf.newest()), documents, entries)
        self.shelf, self._loaded = shelf, known

    async def known(self) -> Mapping[str, Rule]:
        """Return every rule by id, those that are off as well."""
        async with self._loading:
            if not self._loaded:
                known = await asyncio.to_thread(self.loader.load, self.shelf)
                self._loaded = self._loaded or known  # what was written meanwhile is newer
        return self._loaded

    def _card(self, rule: Rule, closings: Mapping[str, Mapping[str, int]]) -> RuleCard:
        versions = self.shelf.versions(rule.id)
        newest = versions[-1] if versions else None
        return make_card(rule, newest, closings.get(rule.id, {}))

    async def _one_card(self, rule: str) -> RuleCard:
        return self._card(await self.find(rule), await self._closings())

    async def find(self, rule: str) -> Rule:
        """Return a rule, one that is off as well, or raise NotFoundError."""
        known = await self.known()
        if rule not in known:
            hint = suggest(rule, known)
            raise NotFoundError(f"there is no rule {rule!r}; {hint}", zh=f"没有规则 {rule}。")
        return known[rule]

    def check_edited(self, rule: str, on: int) -> None:
        """Raise ConflictError where somebody has made a version since `on`."""
        number = self.shelf.number(rule)
        if rule and on not in {-1, number}:
            raise ConflictError(
                f"rule {rule} is at version {number} by now, not {on}; read it again",
                zh=f"规则 {rule} 已被他人修改（现为第 {number} 版），请重新读取。",
            )

    def make_version(
        self, rule: str, mode: RuleMode, why: str, who: Identity, text: str
    ) -> RuleVersion:
        """Return the next version of a rule or schedule, which does not count yet."""
        return RuleVersion(
            rule=rule,
            number=self.shelf.number(rule) + 1,
            at=self._clock.now(),
            actor=who.name,
            why=why.strip(),
            mode=mode,
            text=text,
        )


def check_why(why: str) -> None:
    """Raise InvalidRequestError where nobody says why."""
    if not why.strip() or len(why) > LONGEST_WHY:
        raise InvalidRequestError(
            f"Say why, in up to {LONGEST_WHY} characters.",
            problems={"why": "missing or too long"},
            zh="请说明修改原因。",
        )


def _one_line(text: str) -> str:
    """Return a text as a comment can hold it: a why of two lines must not become a rule."""
    return "".join(each if each.isprintable() else " " for each in text)


def _entry(version: RuleVersion, who: Identity) -> Entry:
    data = {
        "version": version.number,
        "mode": version.mode.value,
        "why": version.why,
        "text_sha256": sha256(version.text.encode()).hexdigest() if version.text else "",
    }
    if version.rule.startswith(SCHEDULE):
        return "schedule.changed", version.rule.removeprefix(SCHEDULE), who.name, data
    if version.rule.startswith(PARAMETERS):
        rule = version.rule.removeprefix(PARAMETERS)
        return "rule.parameters_changed", rule, who.name, data
    return "rule.changed", version.rule, who.name, data
