"""A building on the wall: its doors one by one, everything else counted by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from hub.console.frame.naming import device_name
from hub.console.live.standing import ABNORMAL, RANK, Sighting, Standing, worst
from hub.model.device import Kind

DRAWN = frozenset({Kind.UNIT_DOOR, Kind.LIFT_ALARM, Kind.PUMP_SET})
"""Kinds that have a shape of their own in a building."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One device's shape; `since` as in its sighting."""

    id: str
    name: str
    kind: Kind
    standing: Standing
    since: float | None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Devices of one kind, counted: all, and those that are not normal."""

    kind: Kind
    total: int
    bad: int
    standing: Standing


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One building (or what lies outside of buildings); `lead` is its worst abnormal device.

    `short` is its name beside the name of its compound.
    """

    place: str
    name: str
    short: str
    group: str
    marks: tuple[Mark, ...]
    tallies: tuple[Tally, ...]
    standing: Standing
    lead: Mark | None
    bad: int
    silent: int
    maintained: int


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """Where a cell stands: its place's path and name, and the name of the compound around it."""

    place: str
    name: str
    group: str


def build_cell(
    ground: Ground, sightings: Sequence[Sighting], burdens: Mapping[str, Standing]
) -> Cell:
    """Sum a building up; `burdens` maps a device id to the shape of its worst ticket."""
    marks = [_mark(seen, burdens, ground.name) for seen in sightings]
    bad = [mark for mark in marks if mark.standing in ABNORMAL]
    counts = Counter(mark.standing for mark in marks)
    return Cell(
        place=ground.place,
        name=ground.name,
        short=ground.name.removeprefix(ground.group).strip() or ground.name,
        group=ground.group,
        marks=tuple(mark for mark in marks if mark.kind in DRAWN),
        tallies=_tally([mark for mark in marks if mark.kind not in DRAWN]),
        standing=worst([mark.standing for mark in bad]),
        lead=min(bad, key=lambda mark: RANK[mark.standing], default=None),
        bad=len(bad),
        silent=counts[Standing.SILENT],
        maintained=counts[Standing.MAINTENANCE],
    )


def burdened(seen: Sighting, burdens: Mapping[str, Standing]) -> Standing:
    """Return the worse of what a device shows and what its tickets say."""
    if seen.standing is Standing.MAINTENANCE:
        return seen.standing
    return worst([seen.standing, burdens.get(seen.device.id, Standing.NORMAL)])


def _mark(seen: Sighting, burdens: Mapping[str, Standing], around: str) -> Mark:
    name = device_name(seen.device)
    return Mark(
        id=seen.device.id,
        name=name.removeprefix(around).strip() or name,
        kind=seen.device.kind,
        standing=burdened(seen, burdens),
        since=seen.since,
    )


def _tally(marks: Sequence[Mark]) -> tuple[Tally, ...]:
    by_kind: dict[Kind, list[Standing]] = {}
    for mark in marks:
        by_kind.setdefault(mark.kind, []).append(mark.standing)
    return tuple(
        Tally(
            kind=kind,
            total=len(standings),
            bad=sum(standing in ABNORMAL for standing in standings),
            standing=worst([standing for standing in standings if standing in ABNORMAL]),
        )
        for kind, standings in by_kind.items()
    )
