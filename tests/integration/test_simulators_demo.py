"""The demo's three processes, with a stand-in for the hub that only says that it is up."""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError, InvalidRequestError, LinkError, NotFoundError
from hub.settings import load_settings
from simulators.demo import DemoOptions, demo_fault, run_demo
from simulators.demo_files import open_folder
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.integration
STAND_IN = """
import json, os, pathlib, sys, time, tomllib
config = pathlib.Path(sys.argv[1])
port = tomllib.loads(config.read_text())["web"]["port"]
mark = {"url": f"http://127.0.0.1:{port}", "pid": os.getpid()}
draft = config.parent / "hub.part"
draft.write_text(json.dumps(mark))
draft.replace(config.parent / "hub.ready")
time.sleep(600)
"""
FAILING = "import sys; sys.exit('the store is broken')"
ROLES = ["administrator", "crew", "department", "grid", "grid_worker", "guard", "manager"]


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    program = tmp_path / "hub.py"
    program.write_text(STAND_IN)
    return program


@pytest.fixture
def failing(stand_in: Path) -> None:
    stand_in.write_text(FAILING)


@pytest.fixture
def options(tmp_path: Path, stand_in: Path) -> DemoOptions:
    (tmp_path / "data").mkdir()
    return DemoOptions(
        ready_file=tmp_path / "ready.json",
        port=0,
        devices=40,
        data=tmp_path / "data",
        faults="none",
        keyboard=False,
        hub=(sys.executable, str(stand_in)),
    )


@contextlib.asynccontextmanager
async def demo(options: DemoOptions) -> AsyncIterator[dict[str, Any]]:
    """Run a demo in this process; leave by the signal that Ctrl-C sends."""
    task = asyncio.create_task(run_demo(options))
    try:
        yield await ready(options, lambda _: True, task)
        os.kill(os.getpid(), signal.SIGINT)
        assert await asyncio.wait_for(task, PATIENCE) == 0
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def ready(
    options: DemoOptions,
    fits: Callable[[dict[str, Any]], bool],
    task: asyncio.Task[int] | None = None,
) -> dict[str, Any]:
    """Wait for a ready file that fits."""
    content: dict[str, Any] = {}

    def has_come() -> bool:
        if task is not None and task.done():
            task.result()
        if options.ready_file is None or not options.ready_file.exists():
            return False
        content.update(json.loads(options.ready_file.read_text()))
        return fits(content)

    await until(has_come)
    return content


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until(condition: Callable[[], bool], within: float = PATIENCE) -> None:
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - another process sets it
            await asyncio.sleep(0.05)


async def test_the_ready_file_says_where_everything_is_and_ctrl_c_leaves_nothing(
    options: DemoOptions,
) -> None:
    async with demo(options) as file:
        assert list(file) == ["url", "mqtt", "data", "control", "pids", "logins", "keys"]
        assert set(file["mqtt"]) == {"host", "port", "username", "password"}
        assert sorted(file["keys"]) == ROLES
        assert sorted(file["logins"]) == [role for role in ROLES if role != "grid"]
        assert all(key.startswith("ld_") for key in file["keys"].values())
        assert set(file["pids"]) == {"hub", "broker", "simulator"}
        assert all(is_alive(pid) for pid in file["pids"].values())
        assert options.ready_file is not None
        assert stat.S_IMODE(options.ready_file.stat().st_mode) == 0o600
    assert not any(is_alive(pid) for pid in file["pids"].values())
    assert not options.ready_file.exists(), "nobody may wait at a dead address"
    assert not (Path(file["data"]) / "demo.ready").exists()


async def test_the_hubs_own_reader_takes_the_configuration(options: DemoOptions) -> None:
    async with demo(options) as file:
        data = Path(file["data"])
        text = (data / "lingdang.toml").read_text("utf-8")
    settings = load_settings(text, str(data / "lingdang.toml"), {})
    assert settings.community.id == "guanshan"
    assert settings.demo.test
    assert [gateway.name for gateway in settings.modbus] == ["electricity-1", "water-1"]
    assert settings.outbound.allow == ()


async def test_a_hub_that_is_killed_is_started_again_on_the_same_port(
    options: DemoOptions,
) -> None:
    async with demo(options) as file:
        os.kill(file["pids"]["hub"], signal.SIGKILL)
        again = await ready(options, lambda new: bool(new["pids"]["hub"] != file["pids"]["hub"]))
        assert is_alive(again["pids"]["hub"])
        assert again["url"] == file["url"]
        assert again["keys"] == file["keys"]
        assert again["pids"]["broker"] == file["pids"]["broker"]


async def test_faults_are_caused_and_cleared_from_outside(options: DemoOptions) -> None:
    async with demo(options) as file:
        data = Path(file["data"])
        said = await demo_fault(data, "boom-broken", "gate-a-1-in")
        assert said == ["gate-a-1-in in guanshan/a: boom-broken goes on until --clear"]
        with pytest.raises(InvalidRequestError, match="nearest is boom-broken"):
            await demo_fault(data, "boom-brokn")
        said = await demo_fault(data, "boom-broken", clear=True)
        assert said == ["gate-a-1-in: boom-broken is over"]
        with pytest.raises(NotFoundError, match="no boom-broken"):
            await demo_fault(data, "boom-broken", clear=True)
    with pytest.raises(NotFoundError, match="no demo runs on"):
        await demo_fault(data, "boom-broken")


async def test_the_broker_is_restarted_on_its_port(options: DemoOptions) -> None:
    async with demo(options) as file:
        await demo_fault(Path(file["data"]), "broker-restart")
        again = await ready(
            options, lambda new: bool(new["pids"]["broker"] != file["pids"]["broker"])
        )
        assert again["mqtt"] == file["mqtt"]
        assert again["pids"]["simulator"] == file["pids"]["simulator"]


async def test_a_broker_that_returns_before_the_hub_is_kept_running_all_the_same(
    options: DemoOptions,
) -> None:
    async with demo(options) as file:
        (Path(file["data"]) / "hub.ready").unlink()
        broker = file["pids"]["broker"]
        for _ in range(2):
            os.kill(broker, signal.SIGKILL)
            broker = await listener(file["mqtt"]["port"], besides=broker)
        os.kill(file["pids"]["hub"], signal.SIGKILL)
        again = await ready(options, lambda new: bool(new["pids"]["hub"] != file["pids"]["hub"]))
        assert again["pids"]["broker"] == broker


async def listener(port: int, besides: int) -> int:
    """Return the process that listens on a port, once another than `besides` does."""
    found: list[int] = []

    def has_come() -> bool:
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        wanted = f":{port:04X}"
        inodes = {f[9] for f in map(str.split, lines) if f[1].endswith(wanted) and f[3] == "0A"}
        found[:] = [
            int(link.parts[2])
            for link in Path("/proc").glob("[0-9]*/fd/*")
            if link.is_symlink() and _target(link) in {f"socket:[{inode}]" for inode in inodes}
        ]
        return bool(found) and found[0] != besides

    await until(has_come)
    return found[0]


def _target(link: Path) -> str:
    with contextlib.suppress(OSError):
        return link.readlink().name
    return ""


async def test_an_existing_folder_keeps_its_community_keys_and_broker(
    options: DemoOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    async with demo(options) as first:
        site = (Path(first["data"]) / "devices.csv").read_bytes()
    fields = {name: getattr(options, name) for name in options.__struct_fields__}
    ready_file = Path(first["data"]) / "second.json"
    other = DemoOptions(**fields | {"devices": 80, "seed": 9, "ready_file": ready_file})
    async with demo(other) as second:
        assert second["keys"] == first["keys"]
        assert second["logins"] == first["logins"]
        assert second["mqtt"] == first["mqtt"]
        assert (Path(second["data"]) / "devices.csv").read_bytes() == site
    assert "keeps its own community: 40 devices" in capsys.readouterr().out.replace("\n", " ")


async def test_a_folder_is_held_by_one_demo_at_a_time(options: DemoOptions) -> None:
    assert options.data is not None
    with (options.data / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LinkError, match="another demo runs"):
            await run_demo(options)


async def test_a_hub_that_cannot_start_is_quoted_and_everything_is_stopped(
    options: DemoOptions, failing: None
) -> None:
    with pytest.raises(LinkError, match="the store is broken"):
        await run_demo(options)
    assert options.data is not None
    choices = open_folder(options.data, devices=40, seed=1, speed=1)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", choices.ports["mqtt"])


async def test_a_wrong_choice_is_refused_with_the_good_ones(options: DemoOptions) -> None:
    fields = {name: getattr(options, name) for name in options.__struct_fields__}
    with pytest.raises(ConfigError, match="none, script, random"):
        await run_demo(DemoOptions(**fields | {"faults": "many"}))
    with pytest.raises(ConfigError, match="from 30 to 10,000"):
        await run_demo(DemoOptions(**fields | {"devices": 3}))


async def test_a_demo_that_is_killed_takes_its_children_along(options: DemoOptions) -> None:
    code = (
        "import asyncio, json, sys; from pathlib import Path;"
        "from simulators.demo import DemoOptions, run_demo;"
        "a = sys.argv; asyncio.run(run_demo(DemoOptions(port=0, devices=40, keyboard=False,"
        "data=Path(a[1]), ready_file=Path(a[2]), faults='none', hub=(a[3], a[4]))))"
    )
    words = [str(options.data), str(options.ready_file), *options.hub]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *words, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        file = await ready(options, lambda _: True)
        assert all(is_alive(pid) for pid in file["pids"].values())
    finally:
        process.kill()
        await process.wait()
    await until(lambda: not any(is_alive(pid) for pid in file["pids"].values()))
