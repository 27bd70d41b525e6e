"""A workbook on a hub that runs: it starts anew with it, in the same process."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.support.hub_process import HubProcess, running_hub
from tests.support.patience import PATIENCE
from tests.support.workbook import make_workbook, sound_rows

pytestmark = pytest.mark.integration

CONFIG = """
[community]
id = "gs"
[web]
port = 0
[mqtt]
port = 9
[demo]
access = "access.json"
[[line]]
name = "riser-1"
host = "127.0.0.1"
port = 9
period = 3600
"""
ACCESS = '{"logins": {}, "keys": {"administrator": "ld_administrator___________________"}}'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "places.csv").write_text("path,name\ngs,关山\n", "utf-8")
    (tmp_path / "devices.csv").write_text("id,address,kind,model,place\n", "utf-8")
    (tmp_path / "access.json").write_text(ACCESS, "utf-8")
    (tmp_path / "lingdang.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "in.xlsx").write_bytes(make_workbook(sound_rows(200)))
    return tmp_path / "lingdang.toml"


async def call(config: Path, *words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", *words),
        cwd=config.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


def _starts(hub: HubProcess) -> list[str]:
    return [each for each in hub.log.splitlines() if "the hub is up" in each]


async def until_new_start(hub: HubProcess, starts: int) -> int:
    """Return how many devices the hub says that it has at its start number `starts`."""
    async with asyncio.timeout(PATIENCE):
        while len(lines := _starts(hub)) < starts:
            assert hub.pid, "the hub has ended"
            await asyncio.sleep(0.05)
    return int(lines[-1].partition('"devices": ')[2].partition(",")[0])


async def test_a_running_hub_goes_on_with_new_books(config: Path) -> None:
    async with running_hub(config) as hub:
        before = hub.pid
        said = await call(config, "import", "in.xlsx")
        assert "starts again with it within seconds" in said
        assert await until_new_start(hub, 2) == 201, "and the hub itself"
        await hub.until_ready()
        found = (await hub.get("/api/v1/devices", limit=300))["items"]
        assert [each["id"] for each in found][:3] == ["sw-0", "gate-1", "gate-2"]
        assert hub.pid == before
        assert await hub.stop() == 0
