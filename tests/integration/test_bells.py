"""Bells on a hub that runs: from a ring in its store to a vendor, through kills, and by hand."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2
import msgspec
import pytest

from hub.assembly.quiet_desk import QuietDesk
from hub.clock import SystemClock
from hub.model.ring import RINGS, Ring
from hub.ports import Document
from hub.store.sqlite import open_store
from tests.support.belfry import make_ring
from tests.support.hub_process import running_hub
from tests.support.site import KEYS
from tests.support.story import until
from tests.support.vendor import (
    WEBHOOK_SECRET,
    Asked,
    Said,
    Vendor,
    aliyun,
    tencent,
    vending,
    webhook,
)

pytestmark = pytest.mark.integration


def write_config(folder: Path, vendor: Vendor, more: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "places.csv").write_text("path,name,kind,grid_code\nt,T,community,\nt/a,南门,spot,\n")
    (folder / "devices.csv").write_text(
        "id,address,link,kind,model,place,name,lane,upstream,power,state\n"
    )
    keys = msgspec.json.encode({"logins": {}, "keys": KEYS})
    (folder / "access.json").write_bytes(keys)
    (folder / "hook.secret").write_text(WEBHOOK_SECRET)
    config = folder / "lingdang.toml"
    config.write_text(
        f"""
[community]
id = "t"
[web]
port = 0
[outbound]
allow = ["127.0.0.0/8"]
[demo]
access = "access.json"
[[bell]]
id = "hook"
kind = "webhook"
url = "{vendor.url}/secret-path"
secret_file = "hook.secret"
{more}
"""
    )
    return config


async def put_rings(config: Path, *rings: Ring) -> None:
    """Write rings into the store of a hub that does not run, as an escalation does."""
    clock = SystemClock()
    async with open_store(config.parent / "lingdang.db", clock=clock) as store:
        last = (await store.archive.load(now=clock.now())).last_seq
        papers = [
            Document(collection=RINGS, key=ring.id, body=msgspec.json.encode(ring), at=ring.at)
            for ring in rings
        ]
        told = [("ticket.escalated", ring.ticket, "hub", {"place": ring.place}) for ring in rings]
        await QuietDesk(store.committer, clock, last).write(papers, told)


def ring(number: int, **fields: object) -> Ring:
    now = time.time() - 10
    kept = {"channels": ("hook",), "ticket": f"TS-{number}", "place": "t/a", **fields}
    return make_ring(number, now, not_before=now, **kept)


async def lingdang(config: Path, *words: str) -> tuple[int, str, str]:
    """Run a command, and return its exit code and what it wrote."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", *words, "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await child.communicate()
    return child.returncode or 0, out.decode(), err.decode()


def tickets(vendor: Vendor) -> Sequence[str]:
    return [asked.body["data"]["ticket"] for asked in vendor.asked]


async def test_kill_nine_while_one_is_in_hand_sends_that_one_again_and_loses_none(
    tmp_path: Path,
) -> None:
    async with vending(webhook) as vendor:
        config = write_config(tmp_path / "site", vendor)
        vendor.next = [Said(after=60.0)]
        await put_rings(config, *(ring(number) for number in range(5)))

        async def asked() -> int:
            return len(vendor.asked)

        async with running_hub(config) as hub:
            await until(asked, lambda count: count == 1)
            await hub.kill()
            await hub.start()
            await until(asked, lambda count: count == 6)
            # Who hears of it twice can tell by its id.
            first, *others = vendor.asked
            [again] = [each for each in others if each.body["id"] == first.body["id"]]
            assert first.headers["webhook-id"] == again.headers["webhook-id"]
            assert sorted(set(tickets(vendor))) == [f"TS-{number}" for number in range(5)]

            async def sent() -> int:
                return len((await hub.get("/api/v1/journal", type="bell.sent"))["items"])

            await until(sent, lambda count: count == 5)
            entries = (await hub.get("/api/v1/journal", type="bell."))["items"]
            assert {each["data"]["channel"] for each in entries} == {"hook"}
            assert "secret-path" not in hub.log
        await asyncio.sleep(0)
        assert len(vendor.asked) == 6


async def test_a_ring_that_waits_for_an_answer_stops_when_somebody_acts(tmp_path: Path) -> None:
    async with vending(webhook) as vendor:
        config = write_config(tmp_path / "site", vendor)
        await put_rings(config, ring(1, channels=("console", "hook"), wait=10.0, person="wang"))
        async with running_hub(config) as hub:

            async def rings() -> list[dict[str, object]]:
                found: list[dict[str, object]] = (await hub.get("/api/v1/rings"))["items"]
                return found

            shown = await until(rings, lambda found: bool(found and found[0]["reached"]))
            assert shown[0]["person"] == "wang"
            assert not vendor.asked


async def test_bells_are_tried_and_contacts_written_from_the_command_line(tmp_path: Path) -> None:
    async with vending(webhook) as vendor:
        config = write_config(tmp_path / "site", vendor)
        await the_commands_work(config, vendor)
        async with running_hub(config) as hub:
            await the_commands_work(config, vendor)
            entries = (await hub.get("/api/v1/journal", type="contact."))["items"]
            assert {each["subject"] for each in entries} == {"group:crew"}
            assert "crew@example.cn" not in str(await hub.get("/api/v1/journal")) + hub.log
            [tested, *_] = (await hub.get("/api/v1/journal", type="bell.tested"))["items"]
            assert tested["actor"].startswith("local:")


async def the_commands_work(config: Path, vendor: Vendor) -> None:
    code, out, err = await lingdang(config, "bells", "test", "hook")
    assert (code, out.splitlines()[0]) == (0, "【演练】铃铛测试"), err
    assert "delivered" in err
    vendor.next = [Said("410 Gone")]
    code, _, err = await lingdang(config, "bells", "test", "hook", "--to", "group:crew")
    assert (code, err) == (1, "hook to group:crew: refused: HTTP 410\n")
    code, _, err = await lingdang(config, "bells", "test", "hok")
    assert code == 1
    assert "there is no bell 'hok'; did you mean 'hook'" in err
    code, out, err = await lingdang(config, "bells", "list")
    assert code == 0, err
    assert "hook     webhook  fails" in out
    assert "console  console  unused" in out
    words = ("bells", "contact", "group:crew", "--email", "crew@example.cn")
    assert (await lingdang(config, *words))[0] == 0
    code, out, _ = await lingdang(config, "bells", "contact", "group:crew")
    assert (code, out.splitlines()[1:]) == (0, ["email  crew@example.cn"])
    code, _, err = await lingdang(config, "bells", "contact", "stranger", "--email", "a@b.cn")
    assert (code, "there is nobody called 'stranger'" in err) == (1, True)


async def test_a_bell_that_is_broken_in_the_settings_stops_nothing(tmp_path: Path) -> None:
    async with vending(webhook) as vendor:
        config = write_config(tmp_path / "site", vendor, '[[bell]]\nid = "sms"\nkind = "smss"\n')
        async with running_hub(config) as hub:
            items = (await hub.get("/api/v1/bells"))["items"]
            assert [each["id"] for each in items] == ["console", "hook"]
            assert "there is no kind 'smss'" in hub.log


PHONES = """
[[bell]]
id = "sms"
kind = "aliyun_sms"
url = "{url}"
account = "id"
secret = "SECret-of-the-test"
sign = "铃铛"
template = "T-1"
[[bell]]
id = "call"
kind = "tencent_voice"
url = "{url}"
account = "id"
secret = "SECret-of-the-test"
app = "1400000000"
template = "T-2"
callback = "a-word-that-nobody-guesses"
"""


async def test_an_undelivered_sms_is_followed_by_a_call_and_one_not_answered_is_told(
    tmp_path: Path,
) -> None:
    def judge(asked: Asked) -> Said:
        return aliyun(asked) if "x-acs-action" in asked.headers else tencent(asked)

    async with vending(judge) as vendor:
        config = write_config(tmp_path / "site", vendor, PHONES.format(url=vendor.url))
        group = {"person": "group:crew", "channels": ("sms", "call"), "wait": 3600.0}
        await put_rings(config, ring(1, **group))
        status, _, err = await lingdang(
            config, "bells", "contact", "group:crew", "--phone", "13900000000"
        )
        assert status == 0, err
        async with running_hub(config) as hub:

            async def told() -> list[tuple[str, str]]:
                items = (await hub.get("/api/v1/journal", type="bell."))["items"]
                return [(each["type"], each["data"]["channel"]) for each in items]

            heard = await until(told, lambda found: len(found) == 3)
            assert heard == [("bell.sent", "sms"), ("bell.missed", "sms"), ("bell.sent", "call")]
            body = {"voiceprompt_callback": {"callid": "c", "result": "1"}}
            async with httpx2.AsyncClient(base_url=hub.url, trust_env=False) as client:
                wrong = await client.post("/receipts/call/another-word", json=body)
                taken = await client.post("/receipts/call/a-word-that-nobody-guesses", json=body)
            assert wrong.status_code == 404
            assert (taken.status_code, taken.json()) == (200, {"result": 0, "errmsg": "OK"})
            assert ("bell.missed", "call") in await told()
            assert "a-word-that-nobody-guesses" not in hub.log
