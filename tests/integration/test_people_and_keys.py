"""People and keys by the command line, over a real hub that runs, is stopped, and is killed."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import httpx2
import pytest

from hub.access.local import LOCAL_FILE
from tests.support.hub_process import HubProcess, running_hub
from tests.support.site import PLACE, Plot, write_site

pytestmark = pytest.mark.integration

GOOD = "three cats asleep"
OUT_WITHIN = 60.0


class Told:
    """What a command has said, and how it ended."""

    def __init__(self, code: int, out: bytes, err: bytes) -> None:
        self.code, self.out, self.err = code, out.decode().strip(), err.decode()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A site as it goes into production: without a file of access, and with an empty store."""
    config = write_site(tmp_path / "hub", Plot(devices={"gate-001": "barrier_gate"}), mqtt_port=1)
    config.write_text(config.read_text("utf-8").replace('access = "demo-access.json"', ""), "utf-8")
    return config


async def lingdang(config: Path, *words: str) -> Told:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", *words, "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Told(process.returncode, out, err)


async def secret_of(config: Path, *words: str) -> str:
    """Run a command that succeeds, and return what it shows once."""
    told = await lingdang(config, *words)
    assert told.code == 0, told.err
    assert "\n" not in told.out
    return told.out


def browser(hub: HubProcess, key: str = "") -> httpx2.AsyncClient:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx2.AsyncClient(base_url=hub.url, headers=headers, trust_env=False, timeout=90)


async def choose(client: httpx2.AsyncClient, name: str, code: str) -> httpx2.Response:
    """Choose a password on the page; the client is signed in then."""
    form = {"name": name, "code": code, "password": GOOD, "again": GOOD}
    return await client.post("/sign-in/password", data=form)


async def until_closed(client: httpx2.AsyncClient, path: str, begun: asyncio.Event) -> float:
    """Follow a stream to its end, and return the instant of the end."""
    async with client.stream("GET", path) as answer:
        assert answer.status_code == 200
        async for _ in answer.aiter_bytes():
            begun.set()
    return time.monotonic()


async def test_the_first_administrator_is_made_in_an_empty_store_and_signs_in(
    config: Path,
) -> None:
    code = await secret_of(config, "user", "add", "王主任", "--role", "administrator")
    async with running_hub(config) as hub, browser(hub) as client:
        assert (await choose(client, "王主任", code)).status_code == 303
        people = (await client.get("/api/v1/people")).json()["items"]
        assert [(each["name"], each["state"]) for each in people] == [("王主任", "active")]


async def test_who_is_disabled_while_the_hub_runs_is_out_within_a_minute(config: Path) -> None:
    async with running_hub(config) as hub, browser(hub) as client:
        code = await secret_of(config, "user", "add", "li", "--role", "crew", "--place", PLACE)
        assert (await choose(client, "li", code)).status_code == 303
        page = await client.get("/tickets")
        path = page.text.partition('hx-sse:connect="')[2].partition('"')[0].replace("&amp;", "&")
        begun = asyncio.Event()
        following = asyncio.create_task(until_closed(client, path, begun))
        await begun.wait()
        assert (await lingdang(config, "user", "disable", "li")).code == 0
        shut = time.monotonic()
        assert (await client.get("/api/v1/tickets")).status_code == 401
        assert await following - shut < OUT_WITHIN
        form = {"name": "li", "password": GOOD}
        assert (await client.post("/sign-in", data=form)).status_code == 401


@pytest.mark.slow
async def test_a_stream_of_a_revoked_key_ends_within_a_minute(config: Path) -> None:
    async with running_hub(config) as hub:
        token = await secret_of(config, "key", "new", "--role", "crew", "--name", "board")
        async with browser(hub, token) as client:
            begun = asyncio.Event()
            following = asyncio.create_task(until_closed(client, "/api/v1/stream", begun))
            await begun.wait()
            listed = (await lingdang(config, "key", "list")).out
            key_id = listed.splitlines()[1].split()[0]
            assert (await lingdang(config, "key", "revoke", key_id)).code == 0
            shut = time.monotonic()
            assert await following - shut < OUT_WITHIN


async def test_commands_work_the_same_with_the_hub_running_stopped_and_killed(
    config: Path,
) -> None:
    secrets = [await secret_of(config, "user", "add", "boss", "--role", "administrator")]
    secrets.append(await secret_of(config, "key", "new", "--role", "grid", "--name", "city"))
    city = secrets[-1]
    key_id = (await lingdang(config, "key", "list")).out.splitlines()[1].split()[0]
    hub = HubProcess(config)
    await hub.start()
    try:
        async with browser(hub, city) as client:
            assert (await client.get("/grid/v1/feed")).status_code == 200
        secrets.append(await secret_of(config, "key", "rotate", key_id, "--overlap", "1h"))
        assert "never" not in (await lingdang(config, "key", "list")).out.splitlines()[-1]
        again = await lingdang(config, "user", "add", "boss", "--role", "guard")
        assert (again.code, again.out) == (1, "")
        assert "already a 'boss'" in again.err
        await hub.kill()
        assert (hub.folder / LOCAL_FILE).exists()
        secrets.append(await secret_of(config, "user", "reset", "boss"))
        await hub.start()
        async with browser(hub) as client:
            assert (await choose(client, "boss", secrets[0])).status_code == 401
            assert (await choose(client, "boss", secrets[-1])).status_code == 303
            entries = (await client.get("/api/v1/journal?after=0&limit=1000")).json()["items"]
        for key in (city, secrets[2]):
            async with browser(hub, key) as client:
                assert (await client.get("/grid/v1/feed")).status_code == 200
        assert await hub.stop() == 0
    finally:
        await hub.stop()
    assert not (hub.folder / LOCAL_FILE).exists()
    assert (await lingdang(config, "key", "revoke", key_id)).code == 0
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    personal = [each for each in entries if each["type"].startswith(("person.", "key."))]
    assert [each["type"] for each in personal] == [
        "person.added", "key.given", "key.given", "key.rotated", "person.reset",
        "person.sign_in_failed", "person.password_chosen", "person.signed_in",
    ]  # fmt: skip
    assert all(each["actor"].startswith("local:") for each in personal[:5])
    kept = b"".join(file.read_bytes() for file in hub.folder.glob("*") if file.is_file())
    for secret in (*secrets, GOOD):
        assert secret.encode() not in kept, "a secret lies in the data folder in clear"
