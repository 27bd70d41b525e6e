"""Drivers of installed packages: used like shipped ones, and never a reason not to start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from device_drivers.catalogue import load_models
from device_drivers.extension_checks import matches
from hub.assembly.dialects import extensions, model_texts, speak_all
from hub.assembly.loading import load_world, read_settings
from hub.cli import app
from hub.commands.doctor import check_drivers
from hub.commands.drivers import render_pages
from hub.errors import ProtocolError
from hub.intake.router import Router
from hub.model.device import Device, DeviceUid, Kind
from hub.model.report import Report
from hub.ports import Envelope, NewcomerRow, QuarantineRow
from tests.support.package import DRIVER, MODEL, install, installed
from tests.support.site import PLACE, Plot, write_site

TOPIC = "acme/s1/up"
SENSOR = Device(
    uid=DeviceUid("d_1"), id="s1", address="s1", kind=Kind.SENSOR, model="acme-sensor", place="p",
    link="acme",
)  # fmt: skip


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Path]:
    with installed(tmp_path / "packages"):
        yield tmp_path / "packages"


def say(payload: bytes, topic: str = TOPIC, link: str = "acme") -> Envelope:
    return Envelope(link=link, address=topic, payload=payload, received=1_764_000_000.0)


def stranger(payload: bytes) -> object:
    """Route a message of a device that nobody has adopted."""
    models = load_models(model_texts())
    router = Router(speak_all(models), {"acme": "acme"})
    router.set_devices([], models)
    return router.route(say(payload))


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def faults() -> list[str]:
    return [str(problem) for problem in extensions().problems]


def write(folder: Path, more: str) -> Path:
    plot = Plot(devices={"gate-1": "barrier_gate"}, more=more)
    return write_site(folder, plot, mqtt_port=1)


def test_an_installed_driver_is_listed_with_its_package_and_models(packages: Path) -> None:
    install(packages)
    assert "acme: unrated, by its own word; of lingdang-acme 1.2" in run("drivers")
    (told,) = [
        row for row in map(json.loads, run("drivers", "--json").splitlines()) if row["origin"]
    ]
    assert (told["dialect"], told["origin"]) == ("acme", "lingdang-acme 1.2")
    assert [model["id"] for model in told["models"]] == ["acme-sensor"]
    assert str(*check_drivers(extensions())).startswith("ok: drivers: 已安装的驱动：acme (ling")
    assert not [name for name in render_pages() if "acme" in name]


def test_a_package_may_say_how_good_it_is(packages: Path) -> None:
    install(packages)
    proof = '[acme]\nsamples = "fixtures/first.json"\nunit = "tests/test_driver.py"\n'
    (packages / "lingdang_acme" / "quality.toml").write_text(proof, "utf-8")
    assert "acme: bronze, by its own word; of lingdang-acme 1.2" in run("drivers")
    (packages / "lingdang_acme" / "quality.toml").write_text("[acme", "utf-8")
    assert "acme: unrated" in run("drivers")


def test_an_installed_driver_decodes_a_message(packages: Path, tmp_path: Path) -> None:
    install(packages)
    (tmp_path / "m.json").write_text('{"t":21.5}', "utf-8")
    told = json.loads(run("decode", "--driver", "acme", "--topic", TOPIC, str(tmp_path / "m.json")))
    assert (told["reading"], told["value"], told["unit"]) == ("temperature", 21.5, "degC")


def test_a_site_names_it_as_any_family_and_has_devices_of_its_models(
    packages: Path, tmp_path: Path
) -> None:
    install(packages)
    config = write(tmp_path / "site", '[[family]]\nname = "ours"\ndialect = "acme"\n')
    with (config.parent / "devices.csv").open("a", encoding="utf-8") as sheet:
        sheet.write(f"s-1,s1,ours,sensor,acme-sensor,{PLACE},s-1,,,,in_service\n")
    world = load_world(read_settings(config)[0], {})
    assert not world.problems
    assert "acme-sensor" in {device.model for device in world.site.devices}
    drivers = speak_all(world.models, world.settings.family)
    router = Router(drivers, {"ours": "acme on ours"})
    router.set_devices(world.site.devices, world.models)
    (report,) = router.route(say(b'{"t":21.5}', link="ours"))
    assert isinstance(report, Report)
    assert report.samples[0].value == 21.5


BROKEN = {
    "an import that fails": ({"driver": "import no_such_thing"}, "ModuleNotFoundError: No module"),
    "an import that ends the program": ({"driver": "raise SystemExit(3)"}, "SystemExit: 3"),
    "no such class": ({"driver": "pass"}, "has no attribute 'Made'"),
    "no version": ({"driver": DRIVER.replace("api = 1", "")}, "written for no version of the"),
    "a newer version": (
        {"driver": DRIVER.replace("api = 1", "api = 2")},
        "is written for version 2 of the contract, and this hub has version 1; install the release",
    ),
    "another name": (
        {"driver": DRIVER.replace('name = "NAME"', 'name = "other"')},
        "calls itself 'other'; entry point and `name` must be the same",
    ),
    "no decode": ({"driver": DRIVER.replace("def decode", "def read")}, "it has no decode"),
    "no topics": ({"driver": DRIVER.replace("topics = T", "t = T")}, "topics"),
    "topics that are no filter": (
        {"driver": DRIVER.replace("{p}NAME/+/up", "{p}NAME/x+/up")},
        "'acme/x+/up', which no broker takes",
    ),
    "topics that cannot be written out": (
        {"driver": DRIVER.replace("{p}NAME/+/up", "{p}{x}/+/up")},
        "topics that cannot be written out (KeyError('x'))",
    ),
    "the hub's own topics": (
        {"driver": DRIVER.replace("{p}NAME/+/up", "{p}+/+/+/state")},
        "with it the hub's own topics below ld/",
    ),
    "a constructor that fails": (
        {"driver": DRIVER.replace("prefix=None):", "prefix=None):\n        1 / 0")},
        "cannot be made (ZeroDivisionError",
    ),
    "a model file with faults": (
        {"model": MODEL.replace('"sensor"', '"sensr"')},
        "kind 'sensr' is not known; did you mean 'sensor'?",
    ),
    "a model of a driver that is not there": (
        {"model": MODEL.replace('driver = "NAME"', 'driver = "acne"')},
        "driver 'acne' is not known; did you mean 'acme'?",
    ),
    "entry points that cannot be read": (
        {"points": "[lingdang.drivers]\nacme\n"},
        "its entry points cannot be read (",
    ),
    "a model of the hub": (
        {"model": MODEL.replace("NAME-sensor", "tasmota-meter")},
        "model 'tasmota-meter' is of the hub itself and of lingdang-acme 1.2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_package_is_told_with_the_next_step_beside_good_ones(
    case: str, packages: Path
) -> None:
    changes, words = BROKEN[case]
    install(packages, **changes)
    install(packages, "good")
    (fault,) = faults()
    assert fault.startswith("lingdang-acme 1.2: "), fault
    assert words in fault, fault
    steps = ("install another release of lingdang-acme, or", "is for this hub", "uninstall one")
    assert any(step in fault for step in steps), fault
    assert [*extensions().found] == ["good"]


def test_a_broken_package_stops_nothing_and_is_told_wherever_one_looks(
    packages: Path, tmp_path: Path
) -> None:
    install(packages, driver="import no_such_thing")
    (fault,) = faults()
    assert f"not used: {fault}" in run("drivers")
    said = "".join(str(each) for each in check_drivers(extensions()))
    assert "warning: drivers: lingdang-acme 1.2 的驱动未启用。" in said
    world = load_world(read_settings(write(tmp_path / "site", ""))[0], {})
    assert [str(problem) for problem in world.problems] == [fault]
    assert len(world.site.devices) == 2, "the gate and the hub"


def test_a_name_of_two_is_refused_with_both_and_none_is_used(packages: Path) -> None:
    install(packages, "acme")
    install(packages, "acme", package="lingdang-other")
    install(packages, "tasmota")
    told = faults()
    assert len(told) == 3
    assert all("lingdang-acme 1.2 and by lingdang-other 1.2; none is used" in t for t in told[:2])
    assert "brought by the hub itself and by lingdang-tasmota 1.2; the hub's own is used" in told[2]
    assert not extensions().found


def test_models_of_two_packages_clash_with_both_named(packages: Path) -> None:
    install(packages, "acme")
    twin = MODEL.replace('id = "NAME-sensor"', 'id = "acme-sensor"')
    install(packages, "other", model=twin)
    assert len(faults()) == 2
    assert all("'acme-sensor' is of " in fault for fault in faults())
    assert all("lingdang-acme 1.2" in f and "lingdang-other 1.2" in f for f in faults())


def test_a_package_that_is_gone_leaves_its_devices_out_with_the_reason(tmp_path: Path) -> None:
    config = write(tmp_path / "site", '[[family]]\nname = "ours"\ndialect = "acme"\n')
    folder = config.parent / "models"
    folder.mkdir()
    (folder / "own.toml").write_text(MODEL.replace("NAME", "acme"), "utf-8")
    with config.open("a", encoding="utf-8") as text:
        text.write('[models]\ndirs = ["models"]\n')
    with (config.parent / "devices.csv").open("a", encoding="utf-8") as sheet:
        sheet.write(f"s-1,s1,ours,sensor,acme-sensor,{PLACE},s-1,,,,in_service\n")
    settings, problems = read_settings(config)
    told = [str(each) for each in load_world(settings, {}, problems=problems).problems]
    assert "'acme' is not known, and no installed package brings it; one of: vzenith" in told[0]
    assert "own.toml:4:1: driver 'acme' is not known; install the package" in told[1]
    assert "acme-sensor" in told[2]


def broken(body: str) -> str:
    head, _, _ = DRIVER.partition("        samples =")
    return f"{head}        {body}\n"


WRONG = {
    "fails": ("raise KeyError('x')", "it failed (KeyError: 'x'); tell its maker"),
    "ends the program": ("raise SystemExit", "it failed (SystemExit"),
    "returns nothing": ("return None", "decode returned NoneType, not a list of reports"),
    "returns what is no report": ("return [{'t': 1}]", "it returned dict where a Report belongs"),
    "says nothing": ("return [report(envelope, device, Topic.STATE)]", "must have samples, an"),
    "says a point of its own": ("return [made(envelope, device, 'tmp', 1.0)]", "no point 'tmp'"),
    "says text for a number": (
        "return [made(envelope, device, 'temperature', 'hot')]",
        "is a number, but the message has 'hot'",
    ),
    "says what cannot be": (
        "return [made(envelope, device, 'temperature', float('nan'))]",
        "which its point does not allow",
    ),
    "says an event of its own": (
        "return [report(envelope, device, Topic.EVENT, event='bang')]",
        "model acme-sensor has no event 'bang'",
    ),
    "speaks of another": (
        "device = Other; return [made(envelope, device, 'temperature', 1.0)]",
        "its report is of 's2', but the message was of 's1'",
    ),
    "speaks of no instant": (
        "return [report(envelope, device, Topic.AVAIL, online=True, at=float('inf'))]",
        "has the instant inf; write epoch seconds",
    ),
    "hands out what cannot be stored": (
        "return [report(envelope, device, Topic.EVENT, event='x', data={'x': object()})]",
        "its report cannot be stored",
    ),
}
MADE = """
from hub.model.report import Sample

class Other:
    uid, address, model = "d_2", "s2", "acme-sensor"

def made(envelope, device, point, value):
    return report(envelope, device, Topic.STATE, samples=(Sample(point, value),))

class Made:"""


@pytest.mark.parametrize("case", WRONG)
def test_whatever_a_driver_does_with_a_message_is_a_row_of_the_quarantine(
    case: str, packages: Path
) -> None:
    body, words = WRONG[case]
    install(packages, driver=broken(body).replace("\nclass Made:", MADE))
    assert not faults()
    models = load_models(model_texts())
    router = Router(speak_all(models), {"acme": "acme"})
    router.set_devices([SENSOR], models)
    found = router.route(say(b"{}"))
    assert isinstance(found, QuarantineRow)
    assert "the driver 'acme' of lingdang-acme 1.2: " in found.reason
    assert words in found.reason, found.reason
    assert "lingdang driver test acme" in found.reason


ADDRESSES = {
    "an address of other letters": ("return 'a b/c'", "'a b/c' is no address"),
    "no address": ("return None", "None is no address"),
    "a failure": ("1 / 0", "it failed (ZeroDivisionError"),
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_an_address_that_the_books_cannot_hold_is_refused(case: str, packages: Path) -> None:
    body, words = ADDRESSES[case]
    install(packages, driver=DRIVER.replace("return address_of(", f"{body}\n        return str("))
    found = stranger(b"{}")
    assert isinstance(found, QuarantineRow)
    assert words in found.reason, found.reason


GUESS = "\n    def guess(self, envelope):\n        return "
SPLIT = "\n    def split(self, envelope):\n        return "


@pytest.mark.parametrize(
    ("more", "guess"),
    [("", "acme"), (f"{GUESS}'acme-sensor'\n", "acme-sensor"), (f"{GUESS}'x' * 999\n", "x" * 200)],
)
def test_strangers_are_newcomers_with_its_guess(more: str, guess: str, packages: Path) -> None:
    install(packages, driver=DRIVER + more)
    found = stranger(b"{}")
    assert isinstance(found, NewcomerRow)
    assert (found.address, found.guess) == ("s1", guess)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (f"{GUESS}7\n", "its guess is 7"),
        (f"{SPLIT}None\n", "split returned NoneType, not a list of parts"),
        (f"{SPLIT}['s1']\n", "split returned list, not a list of parts"),
    ],
)
def test_nonsense_about_strangers_is_refused(more: str, words: str, packages: Path) -> None:
    install(packages, driver=DRIVER + more)
    found = stranger(b"{}")
    assert isinstance(found, QuarantineRow)
    assert words in found.reason


def test_a_driver_that_cannot_be_made_for_a_prefix_refuses_with_the_reason(packages: Path) -> None:
    install(
        packages, driver=DRIVER.replace("prefix=None):", "prefix=None):\n        prefix and 1/0")
    )
    maker = extensions().found["acme"].maker
    with pytest.raises(ProtocolError, match="it cannot be made"):
        maker({}, "site").device_address(say(b"{}"))


@pytest.mark.parametrize(
    ("topic_filter", "topic", "is_match"),
    [
        ("a/+/c", "a/b/c", True), ("a/#", "a", True), ("#", "a/b", True), ("a/+", "a/b/c", False),
        ("a/b", "a", False), ("+/+", "a/b", True), ("a/b/#", "a/c", False),
    ],
)  # fmt: skip
def test_a_filter_matches_as_a_broker_has_it(
    topic_filter: str, topic: str, *, is_match: bool
) -> None:
    assert matches(topic_filter, topic) == is_match
