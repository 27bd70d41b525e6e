"""The office for the parameters of rules, on the shelf and the loader of the office for rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from hub.assembly.rule_card import LIBRARY
from hub.assembly.rule_office import SiteRules, check_why
from hub.errors import InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.device import Device
from hub.model.rule_version import RuleMode
from hub.model.spelling import suggest
from hub.ports import DeviceParameters, InForce, ParameterCard, Setting
from hub.services.registry import Site
from hub.services.rule_shelf import PARAMETERS
from rules.override import trace, write_overrides
from rules.rule import Override, Rule

SHOWN = 1000
"""Devices that a card has at most."""
MOST = 200
"""Settings that a rule can have here."""


class SiteParameters:
    """Implements `hub.ports.ParameterOffice`; changes take turns with those of rules."""

    def __init__(self, rules: SiteRules, site: Site) -> None:
        self._rules = rules
        self._site = site

    async def card(self, rule: str, device: str = "") -> ParameterCard:
        """Return a rule's parameters, of one device or of those that differ."""
        found = await self._rules.find(rule)
        versions = tuple(self._rules.shelf.versions(f"{PARAMETERS}{rule}"))
        devices = list(self._of_devices(found, device))
        return ParameterCard(
            rule=rule,
            params=dict(found.params),
            settings=tuple(map(_to_setting, found.overrides)),
            version=versions[-1].number if versions else 0,
            devices=tuple(devices[:SHOWN]),
            left_out=max(len(devices) - SHOWN, 0),
            versions=versions,
        )

    async def write(
        self, rule: str, settings: Sequence[Setting], why: str, who: Identity, *, on: int = -1
    ) -> ParameterCard:
        """Make a version; every rule is loaded with it before it counts."""
        await self._rules.find(rule)
        problems = dict(self._problems(settings))
        if problems:
            raise InvalidRequestError(
                "; ".join(f"{where}: {what}" for where, what in problems.items()),
                problems=problems,
                zh="参数设置有误，请核对所列各项。",
            )
        text = write_overrides(rule, [msgspec.to_builtins(each) for each in settings])
        await self._add(rule, text, why, who, on)
        return await self.card(rule)

    async def go_back(
        self, rule: str, number: int, why: str, who: Identity, *, on: int = -1
    ) -> ParameterCard:
        """Have an older version count again, as a new one; 0 is what the files say."""
        await self._rules.find(rule)
        text = self._rules.shelf.version(f"{PARAMETERS}{rule}", number).text if number else ""
        await self._add(rule, text, why, who, on)
        return await self.card(rule)

    async def _add(self, rule: str, text: str, why: str, who: Identity, on: int) -> None:
        check_why(why)
        rules, key = self._rules, f"{PARAMETERS}{rule}"
        async with rules.turn:
            rules.check_edited(key, on)
            await rules.add([rules.make_version(key, RuleMode.ACTIVE, why, who, text)], who)

    def _problems(self, settings: Sequence[Setting]) -> Iterator[tuple[str, str]]:
        """Yield what only the site's books can tell; the loader knows of the rest."""
        if len(settings) > MOST:
            yield "settings", f"{len(settings)} are more than {MOST}"
        ids, places = [device.id for device in self._site.devices], self._site.places
        for i, each in enumerate(settings):
            if not each.values:
                yield f"settings.{i}.set", "nothing is set"
            if each.device and each.device not in ids:
                hint = suggest(each.device, ids)
                yield f"settings.{i}.device", f"there is no device {each.device!r}; {hint}"
            if each.place and each.place not in places:
                hint = suggest(each.place, places)
                yield f"settings.{i}.place", f"there is no place {each.place!r}; {hint}"

    def _of_devices(self, rule: Rule, wanted: str) -> Iterable[DeviceParameters]:
        """Yield what counts on the device that is asked for, or on those that differ."""
        watched = [each for each in self._site.devices if each.kind in rule.kinds]
        if wanted:
            watched = [each for each in watched if each.id == wanted]
            if not watched:
                raise NotFoundError(
                    f"rule {rule.id} watches no device {wanted!r}",
                    zh=f"该规则不监测设备 {wanted}。",
                )
        elif not rule.overrides:
            return
        for device in watched:
            found = _in_force(rule, device)
            if wanted or any(each.by != "rule" for each in found.values()):
                yield DeviceParameters(device=device.id, values=found)


def _in_force(rule: Rule, device: Device) -> dict[str, InForce]:
    return {
        name: InForce(value=value, by=_scope(override), source=_source((override or rule).file))
        for name, (value, override) in trace(rule, device).items()
    }


def _scope(override: Override | None) -> str:
    """Return for whom a setting is meant, the closest it names."""
    if override is None:
        return "rule"
    if override.device:
        return "device"
    if override.place:
        return f"place {override.place}"
    return "model" if override.model else "all"


def _source(file: str) -> str:
    """Return `site` for what was written here, `library`, or the file."""
    if "@" in file:
        return "site"
    return "library" if file.startswith(LIBRARY) else file


def _to_setting(override: Override) -> Setting:
    return Setting(
        values=override.values,
        device=override.device,
        place=override.place,
        model=override.model,
        source=_source(override.file),
    )
