"""The Guanshan community, drawn by lot from a seed: from 30 devices to 10,000."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random

from hub.model.device import Kind
from simulators.layout import COMPOUNDS, ROOT, Layout
from simulators.site import DeviceRow, Site

SMALLEST, LARGEST = 30, 10_000
SHARES: dict[Kind, float] = {
    Kind.BARRIER_GATE: 0.04,
    Kind.LPR_CAMERA: 0.04,
    Kind.SWITCH: 0.033,
    Kind.POWER_SUPPLY: 0.01,
    Kind.UNIT_DOOR: 0.0,
    Kind.ACCESS_CONTROLLER: 0.127,
    Kind.CAMERA: 0.227,
    Kind.RECORDER: 0.007,
    Kind.ELECTRICITY_METER: 0.167,
    Kind.WATER_METER: 0.08,
}
"""The mix, in the order of a guard's wall; unit doors are the rest."""
MODELS: dict[Kind, tuple[tuple[str, str], ...]] = {
    Kind.BARRIER_GATE: (("ld-barrier-gate", "道安智能"),),
    Kind.LPR_CAMERA: (("ld-lpr-camera", "识途科技"),),
    Kind.SWITCH: (("ld-switch", "通联网络"),),
    Kind.POWER_SUPPLY: (("ld-power-supply", "恒源电气"),),
    Kind.UNIT_DOOR: (("ld-unit-door", "安居门禁"),),
    Kind.ACCESS_CONTROLLER: (("ld-access-controller", "安居门禁"),),
    Kind.CAMERA: (("ld-camera", "明视安防"),),
    Kind.RECORDER: (("ld-recorder", "明视安防"),),
    Kind.ELECTRICITY_METER: (
        ("eastron-sdm630", "Eastron"),
        ("chint-dtsu666", "正泰"),
        ("acrel-adw300", "安科瑞"),
    ),
    Kind.WATER_METER: (("kaifeng-xintai-water", "开封新泰"),),
}
"""Model and vendor; where a kind has several, the lot decides."""
CAMERA_SPOTS = ("电梯厅", "楼道口", "单元门外", "屋顶", "消防通道", "地下车库")
METERS_PER_BUS = {Kind.ELECTRICITY_METER: 25, Kind.WATER_METER: 12}
LANES_WITHOUT_NEIGHBOUR = 2
"""The lanes of the last entrance have no other way round."""
FIRST_WARRANTY_END, WARRANTY_SPREAD = date(2025, 3, 1), timedelta(days=2000)


def build_site(*, devices: int, seed: int) -> Site:
    """Draw a community of exactly `devices` devices; the same seed draws the same one.

    Raises ValueError for fewer than 30 or more than 10,000.
    """
    if not SMALLEST <= devices <= LARGEST:
        raise ValueError(f"a community has from 30 to 10,000 devices, not {devices}")
    counts, chance = _counts(devices), Random(seed)
    layout = Layout(
        compounds=min(len(COMPOUNDS), counts[Kind.POWER_SUPPLY]),
        buildings=counts[Kind.SWITCH],
        doors=counts[Kind.UNIT_DOOR],
        supplies=counts[Kind.POWER_SUPPLY],
    )
    places = tuple(layout.places(chance))
    return Site(places=places, devices=tuple(_devices(layout, counts, chance)))


def _counts(total: int) -> dict[Kind, int]:
    counts = {kind: max(1, round(total * share)) for kind, share in SHARES.items()}
    counts[Kind.UNIT_DOOR] = 0
    counts[Kind.UNIT_DOOR] = total - sum(counts.values())
    return counts


def _devices(layout: Layout, counts: dict[Kind, int], chance: Random) -> Iterator[DeviceRow]:
    serial = 0
    for kind, count in counts.items():
        for index in range(count):
            serial += 1
            only = count - index <= LANES_WITHOUT_NEIGHBOUR
            columns = _card(kind, serial, chance) | _DRAW[kind](layout, index)
            if kind is Kind.BARRIER_GATE and only:
                columns["sole_entrance"] = "true"
            yield DeviceRow(kind=kind, **columns)


def _card(kind: Kind, serial: int, chance: Random) -> dict[str, str]:
    """Write a device's asset card; every fourth warranty or so has ended."""
    model, vendor = chance.choice(MODELS[kind])
    warranty_end = FIRST_WARRANTY_END + WARRANTY_SPREAD * chance.random()
    return {
        "model": model,
        "address": f"{kind.value[0]}{100_000 + serial}",
        "number": f"GS-{serial:05d}",
        "vendor": vendor,
        "warranty_end": warranty_end.isoformat(),
        "phone": f"025-5555{chance.randint(0, 9999):04d}",
    }


def _at_lane(prefix: str, word: str) -> _Draw:
    def draw(layout: Layout, index: int) -> dict[str, str]:
        spot = layout.car_lane(index)
        return {
            "id": f"{prefix}-{spot.lane}",
            "name": spot.name + word,
            "place": spot.place,
            "lane": spot.lane,
        }

    return draw


def _at_door(prefix: str, word: str) -> _Draw:
    def draw(layout: Layout, index: int) -> dict[str, str]:
        spot = layout.unit(index)
        return _in_building(layout, index) | {
            "id": f"{prefix}-{spot.lane}",
            "name": spot.name + word,
            "place": spot.place,
            "lane": spot.lane,
        }

    return draw


def _in_building(layout: Layout, index: int) -> dict[str, str]:
    building = index % layout.buildings
    return {
        "place": layout.building(building).place,
        "upstream": f"switch-{building + 1}",
        "power": f"ups-{layout.supply_of(building) + 1}",
    }


def _switch(layout: Layout, index: int) -> dict[str, str]:
    name = f"{layout.building(index).name}交换机"
    return _in_building(layout, index) | {
        "id": f"switch-{index + 1}",
        "name": name,
        "upstream": "",
    }


def _power_supply(layout: Layout, index: int) -> dict[str, str]:
    spot = layout.compound(index)
    name = f"{spot.name}弱电间电源 {index // layout.compounds + 1} 号"
    return {"id": f"ups-{index + 1}", "name": name, "place": spot.place}


def _camera(layout: Layout, index: int) -> dict[str, str]:
    nth = index // layout.buildings
    number = nth // len(CAMERA_SPOTS) + 1
    where = f"{layout.building(index).name}{CAMERA_SPOTS[nth % len(CAMERA_SPOTS)]}"
    return _in_building(layout, index) | {
        "id": f"camera-{index + 1}",
        "name": f"{where} {number} 号摄像机",
    }


def _recorder(_: Layout, index: int) -> dict[str, str]:
    return {
        "id": f"recorder-{index + 1}",
        "name": f"监控中心录像机 {index + 1} 号",
        "place": ROOT,
    }


def _meter(kind: Kind, prefix: str, word: str, bus: str) -> _Draw:
    def draw(layout: Layout, index: int) -> dict[str, str]:
        gateway, unit = divmod(index, METERS_PER_BUS[kind])
        spot, number = layout.building(index), index // layout.buildings + 1
        household = index % 5 == 4
        what = f"{number}01 室户表" if household else f"{word} {number} 号"
        return {
            "id": f"{prefix}-{index + 1}",
            "name": f"{spot.name}{what}",
            "place": spot.place,
            "address": str(unit + 1),
            "link": f"{bus}-{gateway + 1}",
            "scope": "household" if household else "public",
        }

    return draw


_Draw = Callable[[Layout, int], dict[str, str]]

_DRAW: dict[Kind, _Draw] = {
    Kind.BARRIER_GATE: _at_lane("gate", "道闸"),
    Kind.LPR_CAMERA: _at_lane("lpr", "车牌识别"),
    Kind.SWITCH: _switch,
    Kind.POWER_SUPPLY: _power_supply,
    Kind.UNIT_DOOR: _at_door("door", "门"),
    Kind.ACCESS_CONTROLLER: _at_door("access", "门禁主机"),
    Kind.CAMERA: _camera,
    Kind.RECORDER: _recorder,
    Kind.ELECTRICITY_METER: _meter(Kind.ELECTRICITY_METER, "em", "公共电表", "electricity"),
    Kind.WATER_METER: _meter(Kind.WATER_METER, "wm", "给水总表", "water"),
}
