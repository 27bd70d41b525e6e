"""The books of the site: what loads, and every fault that is named when it does not."""

from __future__ import annotations

import pytest

from hub.errors import Problem
from hub.model.catalogue import DeviceModel
from hub.model.device import DeviceUid, Kind, Lifecycle
from hub.services.registry import Site, check_site
from hub.services.sheets.row import read_attribute
from hub.services.tree import find_cycles

PLACES = """path,name,kind,grid_code,elevator
guanshan,关山社区,community,360102001001001,
guanshan/a,一期,compound,360102001001001,
guanshan/a/b1,1栋,building,360102001001002,yes
"""
HEADER = "id,address,link,kind,model,place,name,lane,upstream,power,state,number,sole_entrance\n"
DEVICES = HEADER + (
    "sw-1,SW01,mqtt,switch,sw-x,guanshan/a,弱电井交换机,,,ups-1,in_service,007,\n"
    "ups-1,UPS01,mqtt,power_supply,ups-x,guanshan/a,,,,,,12,\n"
    "gate-1,G01,,barrier_gate,gate-x,guanshan/a,西门,west,sw-1,ups-1,commissioning,,true\n"
)


def make_model(name: str, kind: Kind) -> DeviceModel:
    return DeviceModel(id=name, kind=kind, driver="own", name={"zh": name, "en": name}, points={})


MODELS = {
    "sw-x": make_model("sw-x", Kind.SWITCH),
    "ups-x": make_model("ups-x", Kind.POWER_SUPPLY),
    "gate-x": make_model("gate-x", Kind.BARRIER_GATE),
}


def load(devices: str | bytes = DEVICES, places: str | bytes = PLACES, **known: str) -> Site:
    site, problems = read(devices, places, **known)
    assert problems == ()
    return site


def read(
    devices: str | bytes, places: str | bytes, **known: str
) -> tuple[Site, tuple[Problem, ...]]:
    return check_site(
        devices, places, MODELS, {name: DeviceUid(uid) for name, uid in known.items()}
    )


def faults(devices: str | bytes = DEVICES, places: str | bytes = PLACES) -> list[Problem]:
    problems = read(devices, places)[1]
    assert problems
    return list(problems)


def with_row(row: str) -> str:
    return DEVICES + row + "\n"


def test_a_site_loads_with_its_trees_and_attributes() -> None:
    site = load()
    switch, supply, gate = site.devices
    assert (switch.name, switch.power, switch.attributes) == (
        "弱电井交换机",
        "ups-1",
        {"number": "007"},
    )
    assert (supply.name, supply.state, supply.link) == ("ups-1", Lifecycle.IN_SERVICE, "mqtt")
    assert supply.attributes == {"number": 12}
    assert (gate.kind, gate.upstream, gate.lane, gate.link) == (
        "barrier_gate",
        "sw-1",
        "west",
        "mqtt",
    )
    assert (gate.state, gate.attributes) == ("commissioning", {"sole_entrance": True})
    assert site.places["guanshan/a/b1"].attributes == {"elevator": True}
    assert site.places["guanshan/a/b1"].grid_code == "360102001001002"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_sheets_load_in_the_encodings_that_spreadsheets_write(encoding: str) -> None:
    site = load(DEVICES.encode(encoding), PLACES.replace("\n", "\r\n").encode(encoding))
    assert site.devices[2].name == "西门"
    assert site.places["guanshan"].name == "关山社区"


def test_bytes_that_are_no_text_are_a_fault_of_their_file() -> None:
    [problem] = faults(b"\xff\xff\xff")
    assert (problem.file, problem.line) == ("devices.csv", 1)
    assert "UTF-8" in problem.message


def test_a_known_device_keeps_its_uid_and_a_new_one_gets_its_own() -> None:
    one, two = load(**{"gate-1": "d_old"}), load(**{"gate-1": "d_old"})
    assert one.devices[2].uid == two.devices[2].uid == "d_old"
    fresh = {device.uid for site in (one, two) for device in site.devices[:2]}
    assert len(fresh) == 4
    assert all(uid.startswith("d_") for uid in fresh)


@pytest.mark.parametrize(
    ("row", "column", "word", "hint"),
    [
        ("x,X,,bariergate,gate-x,guanshan/a", 4, "bariergate", "'barrier_gate'"),
        ("x,X,,barrier_gate,gate-y,guanshan/a", 5, "gate-y", "'gate-x'"),
        ("x,X,,barrier_gate,gate-x,guanshan/aa", 6, "guanshan/aa", "'guanshan/a'"),
        ("x,X,,barrier_gate,gate-x,guanshan/a,,,sw-2", 9, "sw-2", "'sw-1'"),
        ("x,X,,barrier_gate,gate-x,guanshan/a,,,,usp-1", 10, "usp-1", "'ups-1'"),
        ("x,X,,barrier_gate,gate-x,guanshan/a,,,,,in-service", 11, "in-service", "'in_service'"),
        ("x,X 1,,barrier_gate,gate-x,guanshan/a", 2, "X 1", "A-Z"),
        ("a b,X,,barrier_gate,gate-x,guanshan/a", 1, "a b", "without spaces"),
        ("x,X,,switch,gate-x,guanshan/a", 5, "gate-x", "change the kind"),
        ("gate-1,X,,barrier_gate,gate-x,guanshan/a", 1, "row 4", "once"),
        ("x,G01,mqtt,barrier_gate,gate-x,guanshan/a", 2, "row 4", "once"),
        ("x,X,,,gate-x,guanshan/a", 4, "empty", "what it is"),
        ("x,X,,barrier_gate,,guanshan/a", 5, "empty", "model's id"),
        ("x,X,,道闸机,gate-x,guanshan/a", 4, "道闸机", "'barrier_gate'"),
    ],
)
def test_a_fault_names_row_column_and_the_nearest_good_value(
    row: str, column: int, word: str, hint: str
) -> None:
    [problem] = faults(with_row(row))
    assert (problem.file, problem.line, problem.column) == ("devices.csv", 5, column)
    assert word in problem.message
    assert hint in problem.hint


def test_one_address_may_stand_on_two_links() -> None:
    assert len(load(with_row("x,G01,bus-a,barrier_gate,gate-x,guanshan/a")).devices) == 4


def test_all_faults_of_both_sheets_are_told_at_once() -> None:
    problems = faults(
        with_row("x,!,,gate,gate-y,nowhere,,,up,pow"), PLACES + "guanshan/c/d,x\n//,y\n"
    )
    assert [(p.file, p.line) for p in problems] == [("places.csv", 5), ("places.csv", 6)] + [
        ("devices.csv", 5)
    ] * 6
    assert str(problems[2]).startswith("devices.csv:5:2: address: '!'")


def test_a_chain_that_bites_its_tail_is_told_once() -> None:
    rows = (
        "a,A,,switch,sw-x,guanshan,,,b\nb,B,,switch,sw-x,guanshan,,,c\n"
        "c,C,,switch,sw-x,guanshan,,,a\nd,D,,switch,sw-x,guanshan,,,a\n"
    )
    [problem] = faults(DEVICES + rows)
    assert "a > b > c > a" in problem.message
    assert (problem.line, problem.column) == (5, 9)


def test_missing_columns_are_told_with_what_they_may_be_called() -> None:
    problems = faults("id,adress,kind,modle,place\n", "path,grid_code\n")
    assert [p.message for p in problems] == [
        "the column 'name' is missing",
        "the column 'address' is missing",
        "the column 'model' is missing",
    ]
    assert [p.hint for p in problems[1:]] == ["is it 'adress'?", "is it 'modle'?"]
    assert {p.line for p in problems} == {1}


def test_a_column_that_stands_twice_is_a_fault() -> None:
    [problem] = faults("id,id,address,kind,model,place\n")
    assert "twice" in problem.message


def test_a_place_needs_the_place_above_it_and_stands_once() -> None:
    problems = faults(places=PLACES + "guanshan/aa/b2,2栋\nguanshan/a,again\n")
    assert [(p.line, p.column) for p in problems] == [(5, 1), (6, 1)]
    assert "guanshan/aa" in problems[0].message
    assert problems[0].hint == "did you mean 'guanshan/a'?"


def test_a_row_with_too_many_cells_is_a_fault_and_blank_rows_are_none() -> None:
    assert len(load(DEVICES + "\n,,,\n").devices) == 3
    [problem] = faults(with_row("x,X,,switch,sw-x,guanshan,,,,,,,,,surplus"))
    assert "15 cells, the header 13" in problem.message


def test_rows_are_counted_as_they_stand_in_the_file() -> None:
    text = DEVICES.replace("弱电井交换机", '"弱电井\n交换机"') + "x,!,,switch,sw-x,guanshan\n"
    [problem] = faults(text)
    assert problem.line == 6


def test_a_quote_that_is_not_closed_is_a_fault_with_its_row() -> None:
    [problem] = faults(with_row('x,"X'))
    assert problem.line == 5
    assert "quotes" in problem.hint


def test_what_is_good_can_be_had_beside_the_faults() -> None:
    site, problems = check_site(with_row("x,!,,switch,sw-x,guanshan"), PLACES, MODELS, {})
    assert [device.id for device in site.devices] == ["sw-1", "ups-1", "gate-1"]
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("否", False),
        ("12", 12),
        ("-3", -3),
        ("2.5", 2.5),
        ("0.5", 0.5),
        ("007", "007"),
        ("13800000000", "13800000000"),
        ("2026-11-24", "2026-11-24"),
        ("1.2.3", "1.2.3"),
        ("12V", "12V"),
        ("5.", "5."),
        ("-", "-"),
        ("١٢", "١٢"),
    ],
)
def test_further_cells_are_typed_and_codes_stay_text(text: str, value: object) -> None:
    assert read_attribute(text) == value
    assert type(read_attribute(text)) is type(value)


def test_cycles_are_found_once_each() -> None:
    assert find_cycles({"a": "b", "b": "", "c": "c", "d": "e", "e": "d", "f": "d"}) == [
        ("c",),
        ("d", "e"),
    ]
    chain = {str(n): str(n + 1) for n in range(10_000)}
    assert find_cycles(chain) == []


def test_ten_thousand_rows_load_and_every_fault_of_as_many_is_told() -> None:
    rows = [
        f"g-{n},G{n},,barrier_gate,gate-x,guanshan/a,,,g-{n // 2 - 1},," for n in range(4, 10_000)
    ]
    good = "\n".join(rows).replace(",g-1,", ",,").replace(",g-2,", ",,").replace(",g-3,", ",,")
    assert len(load(DEVICES + good).devices) > 9_000
    bad = good.replace("gate-x", "gate-z").replace("guanshan/a", "guanshan/q").replace(",g-", ",h-")
    assert len(faults(DEVICES + bad)) > 20_000


def test_a_header_that_cannot_be_read_or_is_not_there_is_a_fault() -> None:
    [problem] = faults('"id')
    assert (problem.line, "header" in problem.message) == (1, True)
    assert len(faults("")) == 5
