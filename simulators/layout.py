"""How a made-up community lies: compounds, buildings, units, car lanes, and what feeds what."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec

from simulators.site import PlaceRow

ROOT = "guanshan"
GRID_CODE = "320114003005"
COMPOUNDS = ("东苑", "西苑", "南苑", "北苑", "中苑", "春晓苑", "夏荷苑", "秋实苑", "冬青苑",
             "松涛苑", "竹韵苑", "梅香苑", "兰亭苑")  # fmt: skip
ENTRANCES = ("北门", "南门", "东门", "西门")
FLATS_PER_BUILDING = (34, 120)


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Where a device goes: place path, what people call it, and the lane it belongs to."""

    place: str
    name: str
    lane: str = ""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The community's skeleton; buildings count from 0 and are dealt to the compounds in turn."""

    compounds: int
    buildings: int
    doors: int
    supplies: int

    def compound(self, index: int) -> Spot:
        """Return the compound that the `index`-th thing falls to."""
        nth = index % self.compounds
        return Spot(place=f"{ROOT}/{chr(ord('a') + nth)}", name=COMPOUNDS[nth])

    def building(self, index: int) -> Spot:
        """Return the building that the `index`-th thing falls to."""
        nth = index % self.buildings
        home, number = self.compound(nth), nth // self.compounds + 1
        return Spot(place=f"{home.place}/b{number}", name=f"{home.name} {number} 幢")

    def unit(self, index: int) -> Spot:
        """Return the staircase of the `index`-th door; past the last one it starts again."""
        turn, building = divmod(index, self.buildings)
        number = turn % self.units(building) + 1
        home = self.building(building)
        lane = home.place.removeprefix(ROOT + "/").replace("/", "-")
        return Spot(
            place=f"{home.place}/u{number}",
            name=f"{home.name} {number} 单元",
            lane=f"{lane}-u{number}",
        )

    def car_lane(self, index: int) -> Spot:
        """Return the `index`-th car lane: each entrance has a way in and a way out."""
        entrance, way = divmod(index, 2)
        home, nth = self.compound(entrance), entrance // self.compounds
        number = way + 1 + 2 * (nth // len(ENTRANCES))
        return Spot(
            place=home.place,
            name=f"{home.name}{ENTRANCES[nth % len(ENTRANCES)]} {number} 号",
            lane=f"{home.place[-1]}-{nth + 1}-{'out' if way else 'in'}",
        )

    def units(self, building: int) -> int:
        """Count a building's staircases: one for each of its doors."""
        return max(1, -(-(self.doors - building) // self.buildings))

    def supply_of(self, building: int) -> int:
        """Return the supply (from 0) that feeds a building; it stands in the same compound."""
        compound, nth = building % self.compounds, building // self.compounds
        return compound + self.compounds * (nth % max(1, self.supplies // self.compounds))

    def places(self, chance: Random) -> Iterator[PlaceRow]:
        """List every place, parents first; the lot decides how many flats a building has."""
        yield PlaceRow(path=ROOT, name="关山社区", kind="community", grid_code=GRID_CODE)
        for index in range(self.compounds):
            yield self._row(self.compound(index), "compound", index)
        for building in range(self.buildings):
            flats = str(chance.randint(*FLATS_PER_BUILDING))
            yield self._row(self.building(building), "building", building, households=flats)
            for turn in range(self.units(building)):
                spot = self.unit(building + turn * self.buildings)
                yield self._row(spot, "unit", building)

    def _row(self, spot: Spot, kind: str, index: int, households: str = "") -> PlaceRow:
        grid = f"{GRID_CODE}{index % self.compounds + 1:03d}"
        return PlaceRow(
            path=spot.place, name=spot.name, kind=kind, grid_code=grid, households=households
        )
