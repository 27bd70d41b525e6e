from collections import Counter
from pathlib import Path

import pytest

from device_drivers.catalogue import load_models, shipped_models
from hub.model.device import Kind
from hub.model.place import contains
from simulators.guanshan import build_site
from simulators.site import MQTT, DeviceRow, gateways, read_devices, write_site

SIZES = (30, 31, 300, 1000, 10_000)


@pytest.mark.parametrize("size", SIZES)
def test_a_site_has_as_many_devices_as_asked_and_every_kind(size: int) -> None:
    site = build_site(devices=size, seed=7)
    kinds = {row.kind for row in site.devices}
    assert len(site.devices) == size
    assert len(kinds) == 10


@pytest.mark.parametrize("size", SIZES)
def test_every_reference_of_a_site_leads_somewhere(size: int) -> None:
    site = build_site(devices=size, seed=7)
    ids, places = {row.id for row in site.devices}, {row.path for row in site.places}
    assert len(ids) == size
    assert len(places) == len(site.places)
    for row in site.devices:
        assert row.place in places
        assert not row.upstream or row.upstream in ids
        assert not row.power or row.power in ids


def test_every_place_stands_after_the_place_that_holds_it() -> None:
    seen: set[str] = set()
    for place in build_site(devices=1000, seed=7).places:
        parent = place.path.rpartition("/")[0]
        assert not parent or parent in seen
        seen.add(place.path)


@pytest.mark.parametrize("size", SIZES)
def test_a_switch_and_a_supply_serve_their_own_compound_only(size: int) -> None:
    devices = {row.id: row for row in build_site(devices=size, seed=7).devices}
    for row in devices.values():
        if row.upstream:
            assert contains(devices[row.upstream].place, row.place)
        if row.power:
            assert contains(devices[row.power].place, row.place)


@pytest.mark.parametrize("size", SIZES)
def test_addresses_are_unique_on_their_link_and_units_fit_a_bus(size: int) -> None:
    devices = build_site(devices=size, seed=7).devices
    assert max(Counter((row.link, row.address) for row in devices).values()) == 1
    units = [int(row.address) for row in devices if row.link != MQTT]
    assert min(units) >= 1
    assert max(units) <= 32


def test_the_same_seed_draws_the_same_site_and_another_seed_another() -> None:
    assert build_site(devices=60, seed=1) == build_site(devices=60, seed=1)
    assert build_site(devices=60, seed=1) != build_site(devices=60, seed=2)


@pytest.mark.parametrize("size", [29, 10_001])
def test_a_community_too_small_or_too_large_is_refused_with_the_limits(size: int) -> None:
    with pytest.raises(ValueError, match="from 30 to 10,000"):
        build_site(devices=size, seed=1)


def test_gates_and_their_cameras_share_lanes_one_to_one() -> None:
    devices = build_site(devices=300, seed=7).devices
    gates = [row.lane for row in devices if row.kind is Kind.BARRIER_GATE]
    cameras = [row.lane for row in devices if row.kind is Kind.LPR_CAMERA]
    assert gates == cameras
    assert len(set(gates)) == len(gates) == 12


def test_the_last_entrance_is_a_sole_one() -> None:
    devices = build_site(devices=300, seed=7).devices
    sole = [row.lane for row in devices if row.sole_entrance == "true"]
    assert len(sole) == 2
    assert len({lane.rpartition("-")[0] for lane in sole}) == 1


def test_every_model_of_a_site_is_shipped_and_of_its_kind() -> None:
    models = load_models(shipped_models())
    for row in build_site(devices=300, seed=7).devices:
        assert models[row.model].kind is row.kind


def test_a_written_site_is_what_spreadsheets_take_and_reads_back(tmp_path: Path) -> None:
    site = build_site(devices=30, seed=7)
    write_site(site, tmp_path)
    assert (tmp_path / "devices.csv").read_bytes().startswith(b"\xef\xbb\xbfid,address,link,kind,")
    assert (tmp_path / "places.csv").read_bytes().startswith(b"\xef\xbb\xbfpath,name,kind,grid")
    assert read_devices(tmp_path / "devices.csv") == site.devices


def test_names_are_such_as_people_say() -> None:
    names = {row.id: row.name for row in build_site(devices=300, seed=7).devices}
    assert names["gate-a-1-in"] == "东苑北门 1 号道闸"
    assert names["door-a-b1-u1"] == "东苑 1 幢 1 单元门"


def test_gateways_are_named_once_in_order() -> None:
    rows = build_site(devices=300, seed=7).devices
    assert gateways(rows) == ["electricity-1", "electricity-2", "water-1", "water-2"]
    assert gateways([row for row in rows if row.link == MQTT]) == []


def test_a_row_says_by_itself_that_it_is_in_service() -> None:
    row = DeviceRow(id="a", address="b", kind=Kind.CAMERA, model="m", place="p", name="n")
    assert row.state == "in_service"
