"""Drivers of installed packages: found by their entry point, looked at, and kept or refused.

Nothing that a package does stops a start. One that is broken, or whose name is another's, is left
out; a problem names it with its release and the next step.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import Distribution, EntryPoint, distributions
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from device_drivers.catalogue import load_models
from device_drivers.extension import API, GROUP
from device_drivers.extension_checks import RefusedDriver, check_maker, check_topics
from device_drivers.guard import GuardedMaker
from hub.errors import ConfigError, Problem
from hub.model.catalogue import DeviceModel

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class Extension(NamedTuple):
    """One driver of another package; `models` are the texts of its model files by name."""

    maker: GuardedMaker
    models: Mapping[str, str]
    package: Traversable

    @property
    def origin(self) -> str:
        """Name the package with its release."""
        return self.maker.origin


class Extensions(NamedTuple):
    """What installed packages bring, and what is wrong with those that are left out."""

    found: Mapping[str, Extension] = {}
    problems: tuple[Problem, ...] = ()

    def models(self) -> dict[str, str]:
        """Return the texts of all their model files, by file name."""
        return {name: text for each in self.found.values() for name, text in each.models.items()}


class _Offer(NamedTuple):
    """An entry point, and the package that has it with its release."""

    point: EntryPoint
    origin: str
    package: str


def find_extensions(shipped: frozenset[str], models: frozenset[str]) -> Extensions:
    """Return what installed packages bring; `shipped` names and `models` are taken already."""
    problems: list[Problem] = []
    offers = _offers(problems)
    found = dict(_load(_without_clashes(offers, shipped, problems), shipped, problems))
    return Extensions(_without_twins(found, models, problems), tuple(problems))


def _offers(problems: list[Problem]) -> list[_Offer]:
    """Return all entry points of the group; a package that stands twice on the path counts once."""
    offers: dict[str, list[_Offer]] = {}
    for package in distributions():
        text = _entry_points(package)
        if GROUP not in text:
            continue
        name = str(package.name)
        if name in offers:
            continue
        origin = f"{name} {package.version}"
        try:
            points = package.entry_points.select(group=GROUP)
            offers[name] = [_Offer(point, origin, name) for point in points]
        except Exception as error:  # noqa: BLE001 - whatever a package has written there
            what = f"its entry points cannot be read ({type(error).__name__})"
            problems.append(_problem(origin, what, _anew(name)))
    return [offer for name in sorted(offers) for offer in offers[name]]


def _entry_points(package: Distribution) -> str:
    try:
        return package.read_text("entry_points.txt") or ""
    except (OSError, ValueError):
        return ""


def _without_clashes(
    offers: Sequence[_Offer], shipped: frozenset[str], problems: list[Problem]
) -> Iterator[_Offer]:
    """Yield those whose name is theirs alone; of a clash none is taken, whoever came first."""
    by_name: defaultdict[str, list[_Offer]] = defaultdict(list)
    for offer in offers:
        by_name[offer.point.name].append(offer)
    for name, same in by_name.items():
        others = ["the hub itself"] if name in shipped else []
        if len(same) + len(others) == 1:
            yield same[0]
            continue
        whose = [*others, *(each.origin for each in same)]
        for each in same:
            what = f"the driver {name!r} is brought by {' and by '.join(whose)}; none is used"
            what = what.replace("none is", "the hub's own is") if others else what
            rest = [other.package for other in same if other is not each]
            step = f"uninstall {each.package}" + (f" or {', '.join(rest)}" if rest else "")
            problems.append(_problem(each.origin, what, step))


def _load(
    offers: Iterator[_Offer], shipped: frozenset[str], problems: list[Problem]
) -> Iterator[tuple[str, Extension]]:
    for offer in offers:
        try:
            yield offer.point.name, _open(offer, shipped)
        except RefusedDriver as error:
            what = f"the driver {offer.point.name!r} {error}"
            problems.append(_problem(offer.origin, what, error.step or _anew(offer.package)))


def _open(offer: _Offer, shipped: frozenset[str]) -> Extension:
    """Load one driver; raises RefusedDriver with what is wrong with it."""
    point = offer.point
    if not _NAME.fullmatch(point.name):
        raise RefusedDriver("has a name of other letters than a-z 0-9 -")
    try:
        maker = point.load()
        folder = files(point.module.partition(".")[0])
    except (Exception, SystemExit) as error:
        raise RefusedDriver(f"cannot be loaded ({type(error).__name__}: {error})") from error
    check_maker(maker, point.name, API)
    check_topics(getattr(maker, "topics", None))
    guarded = GuardedMaker(maker, offer.origin)
    models = _read_models(folder, offer.origin)
    known = _check_models(models, frozenset({*shipped, point.name}))
    try:
        maker(known)
    except (Exception, SystemExit) as error:
        raise RefusedDriver(f"cannot be made ({type(error).__name__}: {error})") from error
    return Extension(guarded, models, folder)


def _read_models(folder: Traversable, origin: str) -> dict[str, str]:
    try:
        entries = sorted((folder / "models").iterdir(), key=lambda entry: entry.name)
        return {
            f"{origin}: {entry.name}": entry.read_text(encoding="utf-8")
            for entry in entries
            if entry.name.endswith(".toml")
        }
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise RefusedDriver(f"has model files that cannot be read ({error})") from error


def _check_models(texts: Mapping[str, str], drivers: frozenset[str]) -> Mapping[str, DeviceModel]:
    try:
        return load_models(texts, drivers)
    except ConfigError as error:
        first, more = error.problems[0], len(error.problems) - 1
        tail = f", and {more} more faults" if more else ""
        raise RefusedDriver(f"has a model file with faults: {first}{tail}") from error


def _without_twins(
    found: Mapping[str, Extension], shipped: frozenset[str], problems: list[Problem]
) -> dict[str, Extension]:
    """Return those whose models are theirs alone."""
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for name, extension in found.items():
        for model in load_models(extension.models):
            owners[model].append(name)
    refused: dict[str, str] = {}
    for model, names in owners.items():
        others = ["the hub itself"] if model in shipped else []
        whose = [*others, *(found[name].origin for name in names)]
        if len(whose) > 1:
            refused |= dict.fromkeys(names, f"model {model!r} is of {' and of '.join(whose)}")
    for name, what in refused.items():
        step = "let the packages' makers know, or uninstall one"
        problems.append(
            _problem(found[name].origin, f"the driver {name!r} is left out: {what}", step)
        )
    return {name: extension for name, extension in found.items() if name not in refused}


def _anew(package: str) -> str:
    return f"install another release of {package}, or uninstall it"


def _problem(origin: str, message: str, hint: str) -> Problem:
    return Problem(file=origin, message=message, hint=hint)
