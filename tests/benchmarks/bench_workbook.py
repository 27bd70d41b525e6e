"""How long a workbook takes, and how much memory: dry run, load beside a hub, export, undo."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.assembly.sheet_reader import read_in_process
from tests.support.hub_process import HubProcess, running_hub
from tests.support.workbook import make_workbook, sound_rows

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

CONFIG = """
[community]
id = "gs"
[web]
port = 0
[mqtt]
port = 9
[[line]]
name = "riser-1"
host = "127.0.0.1"
port = 9
period = 3600
"""
UNITS = 1024


def run_command(folder: Path, *words: str) -> tuple[float, float]:
    """Run a command; returns its seconds and the megabytes that it had at most."""
    began = time.perf_counter()
    command = (sys.executable, "-m", "hub", *words)
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return time.perf_counter() - began, used.ru_maxrss / UNITS


async def run(folder: Path, *words: str) -> tuple[float, float]:
    return await asyncio.to_thread(run_command, folder, *words)


async def until_starts(hub: HubProcess, count: int) -> None:
    while hub.log.count("the hub is up") < count:
        assert hub.pid
        await asyncio.sleep(0.05)


def resident(hub: HubProcess) -> float:
    pages = int(Path(f"/proc/{hub.pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / UNITS**2


@pytest.mark.parametrize("devices", [1_000, 10_000])
async def test_a_workbook(devices: int, tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text("path,name\ngs,关山\n", "utf-8")
    (tmp_path / "devices.csv").write_text("id,address,kind,model,place\n", "utf-8")
    config = tmp_path / "lingdang.toml"
    config.write_text(CONFIG, "utf-8")
    data = make_workbook(sound_rows(devices))
    (tmp_path / "in.xlsx").write_bytes(data)
    print(f"\n{devices} devices, {len(data) / UNITS:.0f} KB, load {os.getloadavg()[0]:.1f}")

    async with running_hub(config) as hub:
        before = resident(hub)
        tried, peak = await run(tmp_path, "import", "in.xlsx", "--dry-run")
        began = time.perf_counter()
        loaded, _ = await run(tmp_path, "import", "in.xlsx")
        await until_starts(hub, 2)
        up = time.perf_counter() - began
        await hub.until_ready()
        print(f"dry run {tried:.1f} s, {peak:.0f} MB; load {loaded:.1f} s, up again {up:.1f} s")
        print(f"hub: {before:.0f} MB before, {resident(hub):.0f} MB with the new books")
        written, peak = await run(tmp_path, "export", "out.xlsx")
        print(f"export {written:.1f} s, {peak:.0f} MB")
        undone, _ = await run(tmp_path, "import", "--undo")
        await until_starts(hub, 3)
        print(f"undo {undone:.1f} s")
    began = time.perf_counter()
    reading = await read_in_process(data, "in.xlsx")
    print(f"reading alone {time.perf_counter() - began:.1f} s")
    assert not reading.problems
