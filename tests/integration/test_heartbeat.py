"""A dead hub rings: the beat stops, or says why, as soon as the hub does not really live."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.store.seals.chain import prove_chain
from hub.store.seals.diagnosis import find_fault
from hub.store.seals.key_file import open_ring
from tests.support.hub_process import HubProcess, running_hub
from tests.support.listener import Listener, listening
from tests.support.small_disk import small_disk
from tests.support.story import until

pytestmark = pytest.mark.integration

PERIOD = 1.0
LIFE, FAIL = "/ping/secret-part", "/ping/secret-part/fail"


def write_config(folder: Path, receivers: str, allow: str = '"127.0.0.0/8"') -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "places.csv").write_text("path,name,kind,grid_code\nt,T,community,\n")
    (folder / "devices.csv").write_text(
        "id,address,link,kind,model,place,name,lane,upstream,power,state\n"
    )
    config = folder / "lingdang.toml"
    config.write_text(
        f'[community]\nid = "t"\n[web]\nport = 0\n[outbound]\nallow = [{allow}]\n{receivers}'
    )
    return config


def receiver(url: str, *, fail: bool = True, more: str = "") -> str:
    failing = f'fail_url = "{url}{FAIL}"\n' if fail else ""
    return f'[[heartbeat]]\nurl = "{url}{LIFE}"\nperiod = {PERIOD}\n{failing}{more}\n'


@contextlib.asynccontextmanager
async def beating(folder: Path, **options: str) -> AsyncIterator[tuple[HubProcess, Listener]]:
    async with listening() as listener:
        config = write_config(folder, receiver(listener.url, **options))
        async with running_hub(config) as hub:
            yield hub, listener


async def until_logged(hub: HubProcess, words: str, times: int = 1) -> None:
    async def count() -> int:
        return hub.log.count(words)

    await until(count, lambda found: found >= times)


async def silence(listener: Listener, path: str) -> None:
    """See that nothing comes for three periods, once what is on its way has come."""
    await asyncio.sleep(PERIOD)
    before = listener.count(path)
    await asyncio.sleep(3 * PERIOD)
    assert listener.count(path) == before


async def test_a_living_hub_tells_site_version_number_and_the_head_of_its_audit(
    tmp_path: Path,
) -> None:
    async with beating(tmp_path / "site") as (hub, listener):
        beat = await listener.until(3, LIFE)
        assert beat.method == "POST"
        assert beat.headers["content-type"] == "application/json"
        assert {*beat.body} == {"site", "version", "at", "seq", "head", "failing", "alive"}
        assert (beat.body["site"], beat.body["failing"]) == ("t", "")
        assert beat.body["at"].endswith("+08:00")
        number, _, seal = beat.body["head"].partition(":")
        assert int(number) == beat.body["seq"]
        store = hub.store
    with closing(sqlite3.connect(store)) as connection:
        pins = {int(number): bytes.fromhex(seal)} if seal else {}
        assert prove_chain(connection, open_ring(store), find_fault, pins).fault is None
    assert listener.count(FAIL) == 0


async def test_a_get_carries_nothing(tmp_path: Path) -> None:
    async with beating(tmp_path / "site", more='method = "GET"') as (_, listener):
        beat = await listener.until(1, LIFE)
        assert (beat.method, beat.body) == ("GET", None)


async def test_a_hub_that_stands_still_stops_beating_and_goes_on_with_it(tmp_path: Path) -> None:
    async with beating(tmp_path / "site") as (hub, listener):
        await listener.until(1, LIFE)
        pid = hub._child.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await silence(listener, LIFE)
        finally:
            os.kill(pid, signal.SIGCONT)
        await listener.until(listener.count(LIFE) + 1, LIFE)


async def test_a_store_whose_writer_stands_still_is_told_and_is_no_life(tmp_path: Path) -> None:
    async with beating(tmp_path / "site") as (hub, listener):
        await listener.until(1, LIFE)
        with closing(sqlite3.connect(hub.store, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            beat = await listener.until(1, FAIL)
            assert beat.body["failing"]
            await silence(listener, LIFE)
            other.execute("ROLLBACK")
        await listener.until(listener.count(LIFE) + 1, LIFE)


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    return ballast


async def test_a_full_disk_is_told_and_is_no_life(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        async with beating(disk / "site") as (_, listener):
            await listener.until(1, LIFE)
            ballast = fill(disk)
            beat = await listener.until(1, FAIL)
            assert beat.body["failing"]
            await silence(listener, LIFE)
            ballast.unlink()
            await listener.until(listener.count(LIFE) + 1, LIFE)


async def test_without_a_fail_url_there_is_silence(tmp_path: Path) -> None:
    async with listening() as listener:
        config = write_config(tmp_path / "site", receiver(listener.url, fail=False))
        async with running_hub(config) as hub:
            await listener.until(1, LIFE)
            with closing(sqlite3.connect(hub.store, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                await silence(listener, LIFE)
                other.execute("ROLLBACK")
            await listener.until(listener.count(LIFE) + 1, LIFE)


@pytest.mark.parametrize(
    "answer", ["500 Internal\r\ncontent-length: 2", "302 Found\r\nlocation: /"]
)
async def test_who_does_not_take_it_is_logged_once_and_once_when_he_does(
    tmp_path: Path, answer: str
) -> None:
    async with beating(tmp_path / "site") as (hub, listener):
        listener.answer = answer
        await listener.until(listener.count(LIFE) + 3, LIFE)
        await until_logged(hub, "the heartbeat does not get through")
        listener.answer = "204 No Content"
        await until_logged(hub, "the heartbeat gets through again")
        assert hub.log.count("the heartbeat does not get through") == 1
        assert "secret-part" not in hub.log, "the address is a secret of the service's"


async def test_who_never_answers_blocks_neither_the_hub_nor_other_receivers(
    tmp_path: Path,
) -> None:
    async with listening() as deaf, listening() as good:
        deaf.answer = None
        both = receiver(deaf.url) + receiver(good.url)
        async with running_hub(write_config(tmp_path / "site", both)) as hub:
            await good.until(4, LIFE)
            assert deaf.count(LIFE) == 1, "it still waits for the first"
            assert (await hub.status("/readyz"))[0] == 200
            assert await hub.stop() == 0


async def test_a_private_address_that_is_not_allowed_hears_nothing_and_the_log_says_why(
    tmp_path: Path,
) -> None:
    async with listening() as listener:
        config = write_config(tmp_path / "site", receiver(listener.url), allow="")
        async with running_hub(config) as hub:
            await until_logged(hub, "add its network to [outbound] allow")
            assert (await hub.status("/readyz"))[0] == 200
        assert listener.heard == []
