"""Reads what people wrote: settings, models, rules and the site; what is broken is left out.

Nothing here stops a start: each fault becomes a problem with its place, and the rest runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import msgspec

from device_drivers.catalogue import load_models
from hub.access.demo import parse_access
from hub.access.record import Person
from hub.assembly.dialects import (
    driver_names,
    extensions,
    families,
    find_strange_models,
    model_texts,
)
from hub.assembly.duty_check import Names
from hub.assembly.duty_file import read_duty, shipped_duty
from hub.assembly.own_device import add_hub
from hub.assembly.receiver_file import load_receivers
from hub.assembly.site_sheets import read_sheets
from hub.assembly.stream_links import find_unprobed, stream_drivers
from hub.clock import SystemClock
from hub.config.holidays import parse_holidays, shipped_holidays
from hub.config.limits import spans_of
from hub.config.scorecard import parse_scorecard
from hub.config.toml_reader import TomlReader
from hub.errors import ConfigError, Problem
from hub.feeds.profiles.receiver import Receiver
from hub.model.area import put_grids
from hub.model.calendar import Calendar, overlay
from hub.model.catalogue import DeviceModel
from hub.model.device import DeviceUid, Lifecycle
from hub.model.instant import to_local_text
from hub.model.place import Place
from hub.model.roster import special_days
from hub.model.rule_version import RuleMode, RuleVersion
from hub.model.rung import Duty
from hub.model.scorecard import Scorecard
from hub.model.site_load import Sheets
from hub.model.spelling import suggest
from hub.services.commission.naming import find_old_names
from hub.services.commission.state_book import stand
from hub.services.registry import Site, check_site
from hub.services.rule_shelf import file_of, texts_of
from hub.services.tickets.work_clock import WorkingTime
from hub.settings import Settings, parse_settings
from rules.override import follow_names
from rules.rule import Rule
from rules.ruleset import load_rules

_Loaded = TypeVar("_Loaded")


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that files say, and what is wrong with them."""

    settings: Settings
    models: dict[str, DeviceModel]
    rules: tuple[Rule, ...]
    site: Site
    written: Mapping[DeviceUid, Lifecycle] = {}
    """The states that the sheet of devices has, whatever has become of them since."""
    old_names: Mapping[str, str] = {}
    """Ids that devices had before, each with that of now."""
    duty: Duty = Duty(plans=())
    receivers: tuple[Receiver, ...] = ()
    """The platforms that are spoken to by a profile; those without faults."""
    scorecard: Scorecard = Scorecard()
    problems: tuple[Problem, ...] = ()
    rule_files: dict[str, str] = {}
    """The site's own rule files as they were read, but for broken ones: name → text."""
    working: WorkingTime = msgspec.field(default_factory=lambda: _working(Settings(), Calendar()))
    """Counts the hours in which people work, by settings and tables of holidays."""


def read_settings(config: Path) -> tuple[Settings, tuple[Problem, ...]]:
    """Read `lingdang.toml`, and what is wrong in it; ConfigError when it cannot be read at all."""
    text = read_text(config, "name another, or copy deploy/lingdang.example.toml")
    return parse_settings(text, str(config), os.environ, families())


def read_data_settings(config: Path) -> Settings:
    """Read what the hub itself would go by; a file that is no TOML says nothing of the data."""
    settings, problems = read_settings(config)
    if not TomlReader(read_text(config), str(config)).is_toml:
        raise ConfigError(*problems)
    return settings


def load_world(
    settings: Settings,
    known: Mapping[str, DeviceUid],
    *,
    problems: Iterable[Problem] = (),
    versions: Sequence[RuleVersion] = (),
    states: Mapping[str, bytes] | None = None,
    people: Mapping[str, Person] | None = None,
    prove: bool = False,
    now: float | None = None,
) -> World:
    """Read models, rules and site; `known` maps ids of known devices to their uids.

    `versions` are those of rules that were made on the site and count, `states` the documents of
    devices' states that were changed on the hub, `people` those who are stored; None where that
    is not to be looked at.
    `prove` runs the rules' examples, which takes seconds; a start trusts the last check. Grids
    count as of the day of `now`, that of the machine where it is None.
    """
    faults = [*problems, *extensions().problems]
    read_models = partial(load_models, drivers=driver_names())
    models = _load(read_models, model_texts(), _folders(settings.models.dirs, faults), faults)
    files_of_site = _folders(settings.rules.dirs, faults)
    own = {**files_of_site, **texts_of(versions)}
    read = partial(load_rules, models=models, prove=prove, site=tuple(own))
    rules = choose_modes(_load(read, shipped_rules(), own, faults), versions)
    sheets = read_sheets(settings, faults)
    today = to_local_text(SystemClock().now() if now is None else now)[:10]
    site = _load_site(sheets, models, known, faults, today)
    standing = stand(site, states or {}, sheets.devices_file if sheets else "")
    site, faults = standing.site, [*faults, *standing.problems]
    if settings.mqtt is not None:
        site = add_hub(site, known)
    old_names = find_old_names(site.devices, known)
    rules = follow_names(rules, old_names)
    faults += _lost_overrides(rules, site)
    faults += find_unprobed(settings, site.devices)
    sheet = sheets.devices_file if sheets else str(settings.site.devices)
    spoken = {family.name: family.dialect for family in settings.family} | stream_drivers(settings)
    faults += find_strange_models(site.devices, models, spoken, sheet)
    calendar = _load_calendar(settings.limits.calendar, faults)
    names = Names(
        bells=[bell.id for bell in settings.bell],
        people=_known(settings, people),
        shared=[bell.id for bell in settings.bell if bell.facts.is_shared],
    )
    duty = _load_duty(settings.duty.file, site.places, names, faults)
    duty = msgspec.structs.replace(duty, days=(*special_days(calendar), *duty.days))
    scorecard = _load_scorecard(settings.scorecard.file, faults)
    profiles = _folders(settings.profiles.dirs, faults)
    receivers = load_receivers(settings.receiver, profiles, site.places, faults)
    broken = {problem.file for problem in faults}
    return World(
        settings=settings,
        models=models,
        rules=rules,
        site=site,
        written=standing.written,
        old_names=old_names,
        duty=duty,
        receivers=receivers,
        scorecard=scorecard,
        problems=tuple(faults),
        working=_working(settings, calendar),
        rule_files={name: text for name, text in files_of_site.items() if name not in broken},
    )


def _working(settings: Settings, calendar: Calendar) -> WorkingTime:
    return WorkingTime(calendar, spans_of(settings.limits))


def choose_modes(rules: Iterable[Rule], versions: Iterable[RuleVersion]) -> tuple[Rule, ...]:
    """Have each rule count as its version says; one whose text was left out stays as it is."""
    of = {version.rule: version for version in versions}
    return tuple(
        _count(rule, of[rule.id]) if rule.id in of else rule
        for rule in rules
        if rule.id not in of or of[rule.id].mode is not RuleMode.OFF
    )


def _count(rule: Rule, version: RuleVersion) -> Rule:
    if version.text and rule.file != file_of(version):
        return rule
    return msgspec.structs.replace(rule, trial=version.mode is RuleMode.TRIAL)


def shipped_catalogue() -> str:
    """Return the text of the fault catalogue of the package."""
    return (files("rules") / "catalogue.toml").read_text(encoding="utf-8")


def shipped_rules() -> dict[str, str]:
    """Return the text of each rule file of the package, by file name."""
    folder = files("rules") / "library"
    return {
        f"rules/library/{entry.name}": entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


def _lost_overrides(rules: Iterable[Rule], site: Site) -> Iterator[Problem]:
    """Tell of parameters that are set for a device or place that the site does not have."""
    devices = {device.id for device in site.devices}
    for override in (each for rule in rules for each in rule.overrides):
        for what, name, known in (
            ("device", override.device, devices),
            ("place", override.place, site.places.keys()),
        ):
            if name and name not in known:
                yield Problem(
                    file=override.file,
                    line=override.line,
                    message=f"the site has no {what} {name!r}, whose parameters are set here",
                    hint=suggest(name, known),
                )


def _load(
    load: Callable[[dict[str, str]], _Loaded],
    shipped: dict[str, str],
    own: dict[str, str],
    faults: list[Problem],
) -> _Loaded:
    """Load shipped and own files; own ones that are broken are left out, and named."""
    try:
        return load({**shipped, **own})
    except ConfigError as error:
        broken = {problem.file for problem in error.problems}
        if not broken & set(own):
            raise
        faults.extend(error.problems)
    good = {name: text for name, text in own.items() if name not in broken}
    return load({**shipped, **good})


def _load_site(
    sheets: Sheets | None,
    models: Mapping[str, DeviceModel],
    known: Mapping[str, DeviceUid],
    faults: list[Problem],
    day: str,
) -> Site:
    if sheets is None:
        return Site(devices=(), places={})
    site, problems = check_site(
        sheets.devices,
        sheets.places,
        models,
        known,
        areas=sheets.areas,
        devices_file=sheets.devices_file,
        places_file=sheets.places_file,
        areas_file=sheets.areas_file,
    )
    faults.extend(problems)
    return msgspec.structs.replace(site, places=put_grids(site.places, site.areas, day))


def _load_calendar(own: Path | None, faults: list[Problem]) -> Calendar:
    """Return the shipped table of holidays with the site's own over it."""
    calendar, problems = parse_holidays(shipped_holidays(), "hub/config/holidays.toml")
    if own is not None:
        try:
            text = read_text(own, "write it, or take 'calendar' out of [limits]")
        except ConfigError as error:
            problems += error.problems
        else:
            days, wrong = parse_holidays(text, str(own))
            calendar, problems = overlay(calendar, days), problems + wrong
    faults.extend(problems)
    return calendar


def _known(settings: Settings, people: Mapping[str, Person] | None) -> Mapping[str, Person] | None:
    """Return the people that are stored, and those whom a demo is about to store."""
    file = settings.demo.access
    if people is None or file is None:
        return people
    try:
        logins = parse_access(read_access(file), str(file)).logins
    except ConfigError:
        return people
    return {login.name: Person(name=login.name, role=role) for role, login in logins.items()} | {
        **people
    }


def _load_duty(
    file: Path | None, places: Mapping[str, Place], names: Names, faults: list[Problem]
) -> Duty:
    """Read the file of duty; without one, or where it cannot be read, the shipped plans count."""
    if file is None:
        return shipped_duty()
    try:
        text = read_text(file, "write it, or take [duty] out")
    except ConfigError as error:
        faults.extend(error.problems)
        return shipped_duty()
    duty, problems = read_duty(text, str(file), places, names)
    faults.extend(problems)
    return duty


def _load_scorecard(file: Path | None, faults: list[Problem]) -> Scorecard:
    """Read the file of the scorecard; without one, or where it has a fault, nothing is judged."""
    if file is None:
        return Scorecard()
    try:
        text = read_text(file, "write it, or take [scorecard] out")
    except ConfigError as error:
        faults.extend(error.problems)
        return Scorecard()
    card, problems = parse_scorecard(text, str(file))
    faults.extend(problems)
    return card


def _folders(folders: Iterable[Path], faults: list[Problem]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for folder in folders:
        if not folder.is_dir():
            hint = "make the folder, or take it out of the configuration"
            faults.append(Problem(file=str(folder), message="there is no such folder", hint=hint))
            continue
        for path in sorted(folder.glob("*.toml")):
            try:
                texts[str(path)] = read_text(path)
            except ConfigError as error:
                faults.extend(error.problems)
    return texts


def read_access(path: Path) -> str:
    """Read the file of the first people; ConfigError when it cannot be read."""
    return read_text(path, "write it, or take 'access' out of [demo] once everybody is known")


def read_text(path: Path, hint: str = "check the path") -> str:
    """Read a text that a person wrote; ConfigError, with `hint` as the next step, if it cannot."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        problem = Problem(file=str(path), message=_why(error), hint=hint)
    except UnicodeDecodeError as error:
        message = f"byte {error.start + 1} is not UTF-8"
        problem = Problem(file=str(path), message=message, hint="save the file as UTF-8")
    raise ConfigError(problem)


def _why(error: OSError) -> str:
    missing = isinstance(error, FileNotFoundError)
    return "there is no such file" if missing else f"it cannot be read: {error.strerror}"
