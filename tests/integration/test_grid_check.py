"""`lingdang grid-check` beside a hub that runs and the reference receiver, over sockets."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from simulators.demo_files import free_port
from tests.integration.test_pushes import post, report, write_config
from tests.support.hub_process import running_hub
from tests.support.receiver import ReceiverProcess, receiving
from tests.support.site import KEYS
from tests.support.vendor import WEBHOOK_SECRET, Asked, Judge, Said, vending

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


async def grid_check(*words: str) -> tuple[int, str]:
    """Run the command, and return its exit code and what it wrote."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", "grid-check", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await child.communicate()
    return child.returncode or 0, out.decode()


async def verdicts(*words: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return the exit code, each law's verdict, and everything."""
    code, out = await grid_check(*words, "--json")
    shown = json.loads(out)
    return code, {law["id"]: law["verdict"] for law in shown["laws"]}, shown


async def test_our_hub_keeps_every_law_pushes_and_steps_included(tmp_path: Path) -> None:
    async with running_hub(write_config(tmp_path / "site")) as hub:
        numbers = [await report(hub, number) for number in range(6)]
        for number in numbers[::2]:
            step = {"do": "file", "at": "2026-01-01T00:00:00+08:00", "number": f"C-{number}"}
            await post(hub, f"/grid/v1/incidents/{number}/actions", **step)
        hook = f"http://127.0.0.1:{free_port()}/in"
        code, found, shown = await verdicts(
            hub.url, "--key", KEYS["grid"], "--write", "--hook", hook, "--seed", "7"
        )
        assert {law for law, verdict in found.items() if verdict != "holds"} == set(), shown
        assert (code, shown["untried"]) == (0, 0)
        code, text = await grid_check(f"{hub.url}/grid/v1/", "--key", KEYS["grid"])
        assert code == 0, text
        assert text.splitlines()[-1].endswith("0 broken, 12 untried")
        drills = await hub.get("/grid/v1/incidents", role="grid")
        tests = [each for each in drills["items"] if each["test"]]
        assert len(tests) == 1, "one drill, and nothing else was opened"
        assert tests[0]["cases"][0]["state"] == "closed"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--key", "ld_nobody"), "not known there"),
        (("--key", KEYS["guard"]), "another role"),
        ((), "give a key"),
    ],
)
async def test_what_cannot_be_looked_at_ends_with_2_and_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    async with running_hub(write_config(tmp_path / "site")) as hub:
        code, text = await grid_check(hub.url, *words)
    assert code == 2
    assert says in text
    assert "Traceback" not in text


async def test_an_address_where_nobody_is_ends_with_2() -> None:
    for url, says in (
        (f"http://127.0.0.1:{free_port()}", "nobody answers"),
        ("city.example", "no address"),
    ):
        code, text = await grid_check(url, "--key", "ld_x")
        assert code == 2
        assert says in text
        assert "Traceback" not in text


async def test_the_reference_receiver_keeps_the_laws_of_doors(tmp_path: Path) -> None:
    async with (
        running_hub(write_config(tmp_path / "site")) as hub,
        receiving(hub, tmp_path / "city", "--push") as city,
    ):
        secret = secret_of(city)
        code, found, shown = await verdicts(city.hook, "--secret", secret)
        assert set(found.values()) == {"holds"}, shown
        assert code == 0
        await city.ask("/faults", {"name": "error"})
        code, found, _ = await verdicts(city.hook, "--secret", secret)
    assert code == 1
    assert found["door-genuine"] == "broken"


def secret_of(city: ReceiverProcess) -> str:
    """Read the secret out of the receiver's own books."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(city.folder / "platform.db")) as books:
        [(secret,)] = books.execute("SELECT text FROM mark WHERE name = 'secret'").fetchall()
    return str(secret)


def credulous(_asked: Asked) -> Said:
    return Said("200 OK")


def moody(asked: Asked) -> Said:
    return Said("200 OK" if asked.raw.startswith(b"{") and len(asked.raw) < 10 else "500 No")


@pytest.mark.parametrize(
    ("judge", "broken"),
    [
        (credulous, {"door-forged", "door-stale"}),
        (moody, {"door-genuine", "door-rotation", "door-garbage"}),
    ],
)
async def test_doors_that_take_too_much_or_too_little_are_found(
    judge: Judge, broken: set[str]
) -> None:
    async with vending(judge) as vendor:
        code, found, _ = await verdicts(f"{vendor.url}/in", "--secret", WEBHOOK_SECRET)
    assert code == 1
    assert {law for law, verdict in found.items() if verdict == "broken"} == broken
