"""An area (片区): a part of the community that crosses the tree of places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from hub.model.place import Place


class AreaKind(StrEnum):
    """What an area is: a grid (网格), a building head's beat, a service area, a cooperative."""

    GRID = "grid"
    BEAT = "beat"
    SERVICE = "service"
    COOPERATIVE = "cooperative"


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """One area: the places that it begins at, what lies below belongs to it.

    `holder` is who looks after it. `since` and `until` are its first and last day as
    `2026-11-30`, empty without one.
    """

    id: str
    name: str
    kind: AreaKind
    places: tuple[str, ...]
    holder: str = ""
    since: str = ""
    until: str = ""

    def counts_on(self, day: str) -> bool:
        """Tell whether it is in force on a day, written `2026-11-30`."""
        return self.since <= day and (not self.until or day <= self.until)


def put_grids(places: Mapping[str, Place], areas: Iterable[Area], day: str) -> dict[str, Place]:
    """Give places without a grid code that of the grid which begins at them on that day."""
    grids = [each for each in areas if each.kind is AreaKind.GRID and each.counts_on(day)]
    codes = {path: grid.id for grid in reversed(grids) for path in grid.places}
    return {
        path: place
        if place.grid_code or path not in codes
        else msgspec.structs.replace(place, grid_code=codes[path])
        for path, place in places.items()
    }
