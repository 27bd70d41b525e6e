"""The office for the schedules of rules, on the shelf and the loader of the office for rules."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from hub.assembly.rule_loader import Table
from hub.assembly.rule_office import SiteRules, check_why
from hub.assembly.rule_text import days_and_times
from hub.errors import InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.rule_version import RuleMode
from hub.model.spelling import suggest
from hub.ports import ScheduleCard
from hub.services.rule_shelf import SCHEDULE, file_of
from rules.schedule import write_schedule

LIBRARY = "rules/library/"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SiteSchedules:
    """Implements `hub.ports.ScheduleOffice`; changes take turns with those of rules."""

    def __init__(self, rules: SiteRules) -> None:
        self._rules = rules

    async def cards(self) -> Sequence[ScheduleCard]:
        """Return every schedule, by name."""
        found = await self._found()
        return [await self._card(name, *found[name]) for name in sorted(found)]

    async def write(
        self,
        name: str,
        days: Sequence[str],
        times: Sequence[str],
        why: str,
        who: Identity,
        *,
        on: int = -1,
    ) -> ScheduleCard:
        """Make a version, or a new schedule; every rule is loaded with it before it counts."""
        if not _NAME.fullmatch(name):
            raise InvalidRequestError(
                f"{name!r} cannot be used: 1 to 64 of A-Z a-z 0-9 _ -",
                problems={"name": "1 to 64 of A-Z a-z 0-9 _ -"},
                zh="名称只能用字母、数字、下划线和连字符，最多 64 位。",
            )
        await self._add(name, write_schedule(name, days, times), why, who, on)
        return await self._one(name)

    async def go_back(
        self, name: str, number: int, why: str, who: Identity, *, on: int = -1
    ) -> ScheduleCard:
        """Have an older version count again, as a new one; 0 is the schedule of the files."""
        rules = self._rules
        text = rules.shelf.version(f"{SCHEDULE}{name}", number).text if number else ""
        if not text:
            files = await asyncio.to_thread(rules.loader.schedules)
            _check_known(name, files)
        await self._add(name, text, why, who, on)
        return await self._one(name)

    async def _add(self, name: str, text: str, why: str, who: Identity, on: int) -> None:
        check_why(why)
        rules, key = self._rules, f"{SCHEDULE}{name}"
        async with rules.turn:
            rules.check_edited(key, on)
            await rules.add([rules.make_version(key, RuleMode.ACTIVE, why, who, text)], who)

    async def _found(self) -> dict[str, tuple[str, Table]]:
        return await asyncio.to_thread(self._rules.loader.schedules, self._rules.shelf)

    async def _one(self, name: str) -> ScheduleCard:
        found = await self._found()
        _check_known(name, found)
        return await self._card(name, *found[name])

    async def _card(self, name: str, file: str, table: Table) -> ScheduleCard:
        versions = tuple(self._rules.shelf.versions(f"{SCHEDULE}{name}"))
        known = await self._rules.known()
        days, times = days_and_times(table)
        own = bool(versions) and file == file_of(versions[-1])
        source = "library" if file.startswith(LIBRARY) else file
        return ScheduleCard(
            name=name,
            days=tuple(days),
            times=tuple(times),
            source="site" if own else source,
            version=versions[-1].number if versions else 0,
            rules=tuple(sorted(rule.id for rule in known.values() if name in rule.schedules)),
            versions=versions,
        )


def _check_known(name: str, known: dict[str, tuple[str, Table]]) -> None:
    if name not in known:
        raise NotFoundError(
            f"there is no schedule {name!r}; {suggest(name, known)}", zh=f"没有时间表 {name}。"
        )
