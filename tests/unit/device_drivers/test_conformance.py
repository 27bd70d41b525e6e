"""The laws of all drivers: every shipped one keeps them, and each way of breaking one is seen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from device_drivers.conformance.suite import LAWS, run_suite
from hub.assembly.dialects import speak_shipped
from hub.cli import app
from hub.commands.driver_scaffold import write_package
from hub.commands.driver_trial import find_subjects
from hub.errors import ConfigError, HubError, InvalidRequestError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the folder of a package as `lingdang driver new acme` writes it."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    write_package("acme", tmp_path, lambda _line: None)
    yield tmp_path / "lingdang-acme"
    for name in [name for name in sys.modules if name.startswith("lingdang_acme")]:
        del sys.modules[name]


def faults_of(what: str) -> dict[str, tuple[str, ...]]:
    (subject,) = find_subjects(what)
    return {verdict.law: verdict.faults for verdict in run_suite(subject) if verdict.faults}


@pytest.mark.parametrize("name", speak_shipped({}))
def test_a_shipped_driver_keeps_every_law(name: str) -> None:
    assert faults_of(name) == {}


def test_a_new_driver_keeps_every_law(folder: Path) -> None:
    result = CliRunner().invoke(app, ["driver", "test", str(folder)], catch_exceptions=False)
    assert result.exit_code == 0, result.stdout
    assert result.stdout.startswith("acme: 6 samples, 1 models\n")
    assert result.stdout.count("  kept  ") == len(LAWS)
    assert "全部符合 / all laws are kept" in result.stdout


class Break(NamedTuple):
    """One change of the new driver, and what the suite says of it."""

    law: str
    old: str
    new: str
    says: str
    file: str = "driver.py"


DECODE = '        if self._split(envelope.address)[1] == "online":\n            return (self'
FLAT = "flatten(read_table(envelope.payload))\n        samples"
BREAKS = {
    "keeps its last message": Break(
        "says the same again",
        FLAT,
        "flatten(read_table(envelope.payload))\n"
        "        flat = self.__dict__.setdefault('last', {}) | flat; self.last = flat\n"
        "        samples",
        "says two things, so something is kept or left to chance",
    ),
    "rolls dice": Break(
        "says the same again",
        "event=event, data=data)",
        "event=event, data={**data, 'n': __import__('uuid').uuid4().hex})",
        "'somebody has pressed its button' says two things",
    ),
    "changes the models": Break(
        "says the same again",
        "self._tree = Tree",
        "next(m for m in models.values() if m.driver == self.name).points.popitem()\n"
        "        self._tree = Tree",
        "",
    ),
    "asks the clock": Break(
        "reads nothing but its message",
        DECODE,
        "        from datetime import datetime; datetime.now()\n" + DECODE,
        "driver.py:56: it asks the clock (datetime.now); take `envelope.received`",
    ),
    "imports a client of the network": Break(
        "reads nothing but its message",
        "from device_drivers.family",
        "import socket\nfrom device_drivers.family",
        "driver.py:18: it imports socket; a driver is handed all it needs: message, device, models",
    ),
    "opens a file in a roundabout way": Break(
        "reads nothing but its message",
        DECODE,
        "        import pathlib; pathlib.Path('/etc/hostname').exists() and "
        "pathlib.Path('/etc/hostname').read_text()\n" + DECODE,
        "makes it reach out of its message: open '/etc/hostname'",
    ),
    "writes a global": Break(
        "reads nothing but its message",
        DECODE,
        "        global GRACE; GRACE = 1.0\n" + DECODE,
        "it changes the global GRACE; keep what is learnt nowhere",
    ),
    "says another value": Break(
        "says what its samples say",
        'path = "temp"',
        'path = "temp"\nscale = 0.1',
        "first.json: 'values': reading temperature 2.15 has value 2.15 instead of 21.5",
        "models/acme-sensor.toml",
    ),
    "says too much": Break(
        "says what its samples say",
        "return reports or [",
        "return reports + [",
        "'values' says 3 facts instead of 2: reading temperature 21.5, reading battery.charge 97, "
        "online True",
    ),
    "takes no value for 0": Break(
        "says what its samples say",
        FLAT,
        "{p: v or 0 for p, v in flatten(read_table(envelope.payload)).items()}\n        samples",
        "'no value is bad, and never 0': reading temperature 0 has quality 'good' instead of 'bad'",
    ),
    "understands what it must refuse": Break(
        "refuses what it must",
        ' or words[2] not in {"up", "online"}',
        "",
        "first.json: 'a topic of something else' must be refused, and says online True",
    ),
    "fails where it must refuse": Break(
        "refuses what it must",
        "if len(words) != 3 or",
        "assert words[2] in {'up', 'online'}\n        if len(words) != 3 or",
        "'a topic of something else' raises AssertionError (); raise ProtocolError with a sentence",
    ),
    "gives another reason": Break(
        "refuses what it must",
        "is not {self.name}/DEVICE/up or /online",
        "is bad",
        "the reason \"topic 'acme/s1/debug' is bad\" is not 'is not acme/DEVICE/up'",
    ),
    "has a unit of its own": Break(
        "has units of the points",
        "temperature = { period = 300,",
        'temperature = { period = 300, unit = "K",',
        "model acme-sensor: temperature is a number in K, but as a core point of sensor a number "
        "in degC; convert the value by `scale`",
        "models/acme-sensor.toml",
    ),
    "toggles": Break(
        "has orders that may be said twice",
        'events = ["button.pressed"]',
        'events = ["button.pressed"]\ncommands = ["toggle"]',
        "the order 'toggle' does another thing the second time; name what shall be (open, close)",
        "models/acme-sensor.toml",
    ),
    "sends an order that cannot be told from its repetition": Break(
        "has orders that may be said twice",
        "ONLINE =",
        "def encode_command(command):\n    return 'cmd', command.do.encode()\n\n\nONLINE =",
        "the order 'open' has lost its id: a device cannot tell a repetition",
    ),
    "sends other bytes each time": Break(
        "has orders that may be said twice",
        "ONLINE =",
        "_N = []\ndef encode_command(command):\n    _N.append(1)\n"
        "    return f'{command.id} {len(_N)}'\n\n\nONLINE =",
        "the order 'open' becomes 'c-0001 1' and then 'c-0001 2'",
    ),
    "cannot stand other bytes": Break(
        "stands hostile input",
        FLAT,
        "__import__('json').loads(envelope.payload)\n        samples",
        "raise ProtocolError with a sentence",
    ),
    "takes any name for an address": Break(
        "stands hostile input",
        "return address_of(words[1]), words[2]",
        "return words[1], words[2]",
        "no address that the books can hold: ''; use address_of()",
    ),
    "never ends": Break(
        "stands hostile input",
        FLAT,
        "flatten(read_table(envelope.payload))\n"
        "        while not flat: pass\n        samples",
        "b'{}' (2 bytes): it takes more than 2 s of the processor's time",
    ),
    "sleeps": Break(
        "stands hostile input",
        FLAT,
        "flatten(read_table(envelope.payload))\n"
        "        flat or __import__('time').sleep(60)\n        samples",
        "b'{}' (2 bytes): it reaches out of its message: time.sleep",
    ),
    "returns nothing": Break(
        "stands hostile input",
        FLAT,
        "flatten(read_table(envelope.payload))\n"
        "        if not flat: return None\n        samples",
        "b'{}' (2 bytes): decode returned NoneType, not a list of reports",
    ),
    "is of another contract": Break(
        "keeps the contract",
        "api = 1",
        "api = 2",
        "it is written for version 2 of the contract, and this hub has version 1",
    ),
    "hears the hub's own": Break(
        "keeps the contract",
        '"{p}acme/+/up", "{p}acme/+/online"),\n        says',
        '"{p}#",),\n        says',
        "it hears '#', and with it the hub's own topics below ld/",
    ),
    "has no datasheet": Break(
        "keeps the contract",
        "Liveness:",
        "Life:",
        "the docstring of lingdang_acme.driver is its datasheet and says nothing of Liveness",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BREAKS)
def test_a_broken_driver_is_caught_with_a_sentence(case: str, folder: Path) -> None:
    broken = BREAKS[case]
    file = folder / "src" / "lingdang_acme" / broken.file
    text = file.read_text("utf-8")
    assert text.count(broken.old) == 1
    file.write_text(text.replace(broken.old, broken.new), "utf-8")
    found = faults_of(str(folder))
    assert broken.law in found, found
    assert any(broken.says in fault for fault in found[broken.law]), found


def test_the_command_ends_with_1_and_names_law_sample_and_fault(folder: Path) -> None:
    file = folder / "src" / "lingdang_acme" / "models" / "acme-sensor.toml"
    file.write_text(file.read_text("utf-8").replace('"temp"', '"tmp"'), "utf-8")
    result = CliRunner().invoke(app, ["driver", "test", str(folder)])
    assert result.exit_code == 1
    assert "  broken  says what its samples say\n          - first.json: 'values' says 1 facts" in (
        result.stdout
    )
    assert result.stdout.endswith("1 条规则不符合 / 1 laws are broken\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"source": "x", "samples": [{"say": "x", "fact": []}]}', "unknown field `fact`"),
        ('{"source": "x", "samples": [{"say": "x", "hex": "0x"}]}', "non-hexadecimal"),
        ('{"source": "x", "samples": [{"say": "x", "file": "no.bin"}]}', "No such file"),
    ],
)
def test_a_fixture_with_faults_is_named(text: str, says: str, folder: Path) -> None:
    (folder / "src" / "lingdang_acme" / "fixtures" / "first.json").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=says) as error:
        faults_of(str(folder))
    assert "first.json: it is no fixture" in str(error.value)


def test_a_folder_without_a_driver_and_a_name_of_nobody_are_told(
    tmp_path: Path, folder: Path
) -> None:
    with pytest.raises(HubError, match="no driver and no folder 'acne'; there are lingdang, modbu"):
        faults_of("acne")
    with pytest.raises(ConfigError, match="there is no such file"):
        faults_of(str(tmp_path))
    (tmp_path / "pyproject.toml").write_text("[project]\n", "utf-8")
    with pytest.raises(ConfigError, match="it names no driver"):
        faults_of(str(tmp_path))
    (folder / "src" / "lingdang_acme" / "driver.py").write_text("1 / 0", "utf-8")
    with pytest.raises(HubError, match=r"AcmeDriver cannot be loaded .ZeroDivisionError"):
        faults_of(str(folder))


@pytest.mark.parametrize(
    ("name", "says"),
    [("Acme", "is no name"), ("a--b", "is no name"), ("x" * 33, "is no name"), ("", "is no name"),
     ("tasmota", "a driver 'tasmota' already"), ("../x", "is no name")],
)  # fmt: skip
def test_a_name_that_is_none_or_is_taken_begins_nothing(
    name: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        write_package(name, tmp_path, print)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_left_alone(folder: Path) -> None:
    with pytest.raises(HubError, match="is there already; name another folder by --out"):
        write_package("acme", folder.parent, print)
