"""The sheets of a site: what is good is taken, and each fault has its row."""

from __future__ import annotations

import csv
import io

import msgspec

from device_drivers.catalogue import load_models, shipped_models
from hub.model.device import Device
from hub.model.place import Place
from hub.services.registry import Site, check_site
from tests.fuzz.target import Target

PLACES = """path,name,kind,grid_code,lon
test,测试社区,community,,114.3
test/a,甲小区,compound,110101,
test/a/b1,1栋,building,,
""".encode()
DEVICES = b"""id,address,link,kind,model,place,name,lane,upstream,power,state,warranty
sw-1,sw1,mqtt,switch,ld-switch,test/a,Switch,,,,in_service,2027-01-01
gate-1,g1,mqtt,barrier_gate,ld-barrier-gate,test/a,"North, in",a-1,sw-1,,planned,0123
gate-2,g2,,barrier_gate,ld-barrier-gate,test/a/b1,,a-1,gate-1,sw-1,,yes
m-1,1,bus-1,electricity_meter,acrel-adw300,test/a,Meter,,,,maintenance,-1.5
"""
WORDS = (
    b",", b'"', b'""', b"\r\n", b"\n", b"\r", b"\x00", b"\xef\xbb\xbf", b"\xb2\xe2", b"\xff",
    b"gate-1", b"sw-1", b"test/a", b"test", b"/", b"barrier_gate", b"in_service", b"id", b"path",
    b"place", b"upstream", b"power", b" ", b"\t", b"\xe3\x80\x80", b"x" * 70, b"\x1e", b"\xc2\x85",
    b"999999999", b"0.0", b"-", b"true", "是".encode(), b"ld-switch", b"address", b"kind", b"model",
)  # fmt: skip
_models = load_models(shipped_models())


def check_devices(data: bytes) -> str:
    """Say what was taken from a damaged sheet of devices."""
    return _check(data, PLACES, data)


def check_places(data: bytes) -> str:
    """Say what was taken from a damaged sheet of places."""
    return _check(DEVICES, data, data)


def _check(devices: bytes, places: bytes, damaged: bytes) -> str:
    site, problems = check_site(devices, places, _models, {})
    lines = damaged.count(b"\n") + damaged.count(b"\r") + 2
    assert all(problem.message and problem.line >= 0 for problem in problems), problems
    assert all(problem.line <= max(lines, 10) for problem in problems), problems
    _is_sound(site)
    if not site.devices:
        return "nothing"
    return "in part" if problems else "whole"


def _is_sound(site: Site) -> None:
    """Check what everybody behind the books relies on."""
    assert len({each.id for each in site.devices}) == len(site.devices)
    assert len({(each.link, each.address) for each in site.devices}) == len(site.devices)
    for device in site.devices:
        assert device.place in site.places
        assert _models[device.model].kind is device.kind
        assert msgspec.json.decode(msgspec.json.encode(device), type=Device) == device
    for path, place in site.places.items():
        assert path == place.path
        assert msgspec.json.decode(msgspec.json.encode(place), type=Place) == place


def as_gb18030(sheet: bytes) -> bytes:
    """Write a sheet as spreadsheets of Chinese offices do."""
    return sheet.decode().encode("gb18030")


def with_other_ends(sheet: bytes) -> bytes:
    """Write a sheet with quotes around each cell and the line ends of Windows."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(csv.reader(sheet.decode().splitlines()))
    return out.getvalue().encode()


TARGETS = {
    name: Target([sheet, as_gb18030(sheet), with_other_ends(sheet)], WORDS, check)
    for name, sheet, check in (
        ("devices", DEVICES, check_devices),
        ("places", PLACES, check_places),
    )
}
