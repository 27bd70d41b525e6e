"""`docs/models.md` followed to the letter: its files, its commands, what it says they print.

The meter is pymodbus' own server with a table typed from the manual. The page's network address is
the only thing that is changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from typer.testing import CliRunner

from hub.cli import app

pytestmark = pytest.mark.integration
PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (add to )?(\S+)\n+")
HOST, UNIT = "192.168.1.20", 5
TABLE = {
    50514: (39837, 39842, 39839),  # between phases, V/100
    50520: (23000, 23010, 22990),  # V/100
    50526: (5000,),  # Hz/100
    50528: (5250, 4500, 4800),  # mA
    50534: (120,),  # neutral, mA
    50536: (320, 96, 335, 955),  # kW/100, kvar/100, kVA/100, factor
    50768: (0, 12345, 321),  # hours, kWh, kvarh
    50774: (0, 12, 3),  # kVAh, kWh, kvarh
}
"""The communication table of the Countis E44: first address → values of two words, high first."""
SITE = """\
[community]
id = "guanshan"
name = { zh = "观山", en = "Guanshan" }

[site]
devices = "devices.csv"
places = "places.csv"

[models]
dirs = ["models"]
"""


class Block(NamedTuple):
    """A fenced block of the page."""

    kind: str
    text: str


def blocks() -> Iterator[Block]:
    yield from (Block(*found) for found in BLOCK.findall(PAGE))


@contextlib.asynccontextmanager
async def countis() -> AsyncIterator[int]:
    """Serve the meter; yields the port."""
    data = [
        SimData(first, values=list(values), datatype=DataType.UINT32)
        for first, values in TABLE.items()
    ]
    server = ModbusTcpServer(SimDevice(UNIT, data), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    assert server.transport is not None
    try:
        yield server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]


class Reader:
    """Somebody who does what the page says, in a folder of a site."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self._port = folder, port
        self.printed = ""
        (folder / "models").mkdir()
        (folder / "lingdang.toml").write_text(SITE, "utf-8")
        (folder / "places.csv").write_text("path,name,kind\nguanshan,观山,community\n", "utf-8")
        head = "id,address,link,kind,model,place,name,lane,upstream,power,state\n"
        (folder / "devices.csv").write_text(head, "utf-8")

    async def follow(self, block: Block) -> None:
        """Do what one block says."""
        if block.kind == "toml":
            self._write(self._here(block.text))
        elif block.kind == "csv":
            self._append(self.folder / "devices.csv", block.text)
        elif block.kind == "sh":
            self.printed = ""
            for line in self._here(block.text).splitlines():
                await asyncio.to_thread(self._run, line)
        else:
            assert block.kind == "text"
            for line in block.text.splitlines():
                assert line in self.printed.splitlines(), f"{line!r} is not in\n{self.printed}"

    def _here(self, text: str) -> str:
        for there in ("--port {}", ":{}", "port = {}"):
            text = text.replace(there.format(502), there.format(self._port))
        return text.replace(HOST, "127.0.0.1")

    def _write(self, text: str) -> None:
        found = FILE.match(text)
        assert found is not None, f"a block of a file begins with its name: {text}"
        if found[1]:
            self._append(self.folder / found[2], "\n" + text[found.end() :])
        else:
            (self.folder / found[2]).write_text(text, "utf-8")

    def _append(self, file: Path, text: str) -> None:
        file.write_text(file.read_text("utf-8") + text, "utf-8")

    def _run(self, line: str) -> None:
        name, *words = line.split()
        assert name == "lingdang"
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        self.printed += result.output
        assert result.exit_code == 0, f"{line}\n{result.output}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


WRONG = "did you mean 'voltage.a'?"
"""The one thing that the page says is printed for a file with a fault."""


async def test_a_reader_adds_the_meter_by_the_page_alone(folder: Path) -> None:
    async with countis() as port:
        reader = Reader(folder, port)
        for block in blocks():
            if WRONG not in block.text:
                await reader.follow(block)
    assert "socomec-countis-e44" in (folder / "devices.csv").read_text("utf-8")


async def test_what_the_page_says_of_a_fault_is_printed(folder: Path) -> None:
    file = next(each for each in blocks() if "# models/" in each.text)
    [said] = (each.text for each in blocks() if WRONG in each.text)
    reader = Reader(folder, 0)
    wrong = file.text.replace('"voltage.a" =', '"voltage.aa" =')
    await reader.follow(Block("toml", wrong))
    words = ["model", "check", "models/socomec-countis-e44.toml"]
    result = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert result.exit_code == 2
    assert said in result.output


def test_every_advice_of_the_table_is_what_the_command_says() -> None:
    source = "".join(
        path.read_text("utf-8")
        for folder in ("hub/commands", "device_drivers")
        for path in (Path(__file__).parents[2] / folder).glob("*.py")
    )
    table = PAGE.partition("| 它说 |")[2].partition("### 4")[0]
    said = re.findall(r"^\| `?(?:→ 试试 )?([^|`]+?)`? \|", table, re.MULTILINE)
    assert len(said) == 7
    for words in said:
        known = words.split("=")[0].replace(" -1", "").split("，")[0].replace(" 5", "")
        assert known.strip() in source.replace(" {target.unit}", ""), words
