"""A hub that runs, and a platform that speaks as a vendor's does: pushed, polled, and fetching."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import ssl
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from hub.assembly.receiver_file import read_profile_text, shipped_profiles
from hub.cli import app
from hub.clock import SystemClock
from hub.courier.answer import Answer, Verdict
from hub.courier.post import ask, attempt, make_client
from hub.feeds.profiles.composing import Draft
from hub.feeds.profiles.receiver import Line, Receiver, converse
from hub.model.instant import to_rfc3339
from hub.outbound import GuardedTransport
from tests.integration.test_pushes import post, report, shell
from tests.support.hub_process import HubProcess, running_hub
from tests.support.reference_platform import APP_KEY, SECRET, Platform
from tests.support.site import KEYS
from tests.support.story import until
from tests.support.vendor import Said, vending

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

PUSH = next(text for name, text in shipped_profiles().items() if "push-number" in name)
CODES = (Path(next(iter(shipped_profiles()))).parent / "codes" / "sample.toml").read_text("utf-8")


def write_site(folder: Path, url: str, *, profile: str = "push-number", mine: str = "") -> Path:
    """Write a site whose one receiver is the city, by a profile that may be the site's own."""
    (folder / "profiles" / "codes").mkdir(parents=True)
    (folder / "profiles" / "codes" / "sample.toml").write_text(CODES, "utf-8")
    if mine:
        (folder / "profiles" / "mine.toml").write_text(mine, "utf-8")
    (folder / "places.csv").write_text(
        "path,name,kind,grid_code\nt,T,community,420111005001001\nt/a,南门,spot,\n", "utf-8"
    )
    (folder / "devices.csv").write_text(
        "id,address,link,kind,model,place,name,lane,upstream,power,state\n"
    )
    (folder / "access.json").write_text(json.dumps({"logins": {}, "keys": KEYS}))
    (folder / "city.secret").write_text(SECRET + "\n")
    config = folder / "lingdang.toml"
    config.write_text(
        f"""
[community]
id = "t"
[web]
port = 0
[outbound]
allow = ["127.0.0.0/8"]
[profiles]
dirs = ["profiles"]
[demo]
access = "access.json"
[[receiver]]
name = "city"
profile = "{profile}"
url = "{url}"
app_key = "{APP_KEY}"
secret_file = "city.secret"
"""
    )
    return config


def quick(text: str = PUSH) -> str:
    """Return the shipped profile as a site changes it: polled each second, our place for theirs."""
    text = text.replace("period = 60", "period = 1")
    return text.replace('# "420111005001001" = "guanshan/a"', '"420111005001001" = "t/a"')


def now_text(seconds: float = 0.0) -> str:
    """Return an instant as the platform writes it."""
    return (to_rfc3339(time.time() + seconds) or "")[:19].replace("T", " ")


async def case_of(hub: HubProcess, number: str) -> dict[str, Any]:
    incident = await hub.get(f"/grid/v1/incidents/{number}", role="administrator")
    return next((dict(each) for each in incident["cases"] if each["receiver"] == "city"), {})


async def receivers(hub: HubProcess) -> dict[str, Any]:
    [card] = (await hub.get("/grid/v1/receivers"))["items"]
    return dict(card)


async def test_from_the_push_to_their_number_to_their_answer_to_the_cases_state(
    tmp_path: Path,
) -> None:
    platform = Platform()
    async with vending(platform) as vendor:
        platform.before_answer = [Said("503 Service Unavailable")]
        config = write_site(tmp_path / "site", vendor.url, mine=quick())
        async with running_hub(config) as hub:
            number = await report(hub, 1)

            async def case() -> dict[str, Any]:
                return await case_of(hub, number)

            known = await until(case, lambda found: bool(found.get("number")))
            assert known["number"] == platform.cases[number]
            assert len(platform.bodies) == 1, "the lost answer made no second case"
            assert known["state"] == "reported"
            [body] = platform.bodies
            assert body["gridCode"] == "420111005001001"
            await hub.kill()
            platform.steps = [
                step("1", "10", now_text(), outerNo=number),
                step("2", "20", now_text(1), caseNo=known["number"], dept="供电所"),
                step("3", "77", now_text(1), outerNo=number),
            ]
            await hub.start()
            known = await until(case, lambda found: found.get("state") == "dispatched")
            card = await until(lambda: receivers(hub), lambda found: bool(found["odd"]))
            assert "'77' is not in [actions.in]" in card["odd"][0]["why"]
            assert (card["state"], card["speaks"]) == ("works", ["push", "poll"])
            odd = await hub.get("/api/v1/journal", type="receiver.odd", limit=10)
            assert [entry["data"]["code"] for entry in odd["items"]] == ["77"]
            platform.steps.append(step("4", "10", now_text(-3600), outerNo=number))
            await post(hub, f"/api/v1/tickets/{number}/actions", "manager", do="void", **VOID)

            async def told() -> list[str]:
                return [each["opType"] for each in platform.updates]

            await until(told, lambda words: words[-1:] == ["cancel"])
            assert (await case())["state"] == "dispatched", "an older step undoes nothing"
            feed = (await hub.get("/grid/v1/feed", role="grid"))["items"]
            assert {update["eventId"] for update in platform.updates} <= {e["id"] for e in feed}


VOID = {"reason": "other", "text": "试", "extra": {"approver": "guard"}}


def step(number: str, code: str, at: str, **more: str) -> dict[str, str]:
    return {"opId": number, "opType": code, "opTime": at, **more}


async def test_their_work_comes_down_once_and_is_a_ticket_of_ours(tmp_path: Path) -> None:
    platform = Platform()
    platform.steps = [
        step(
            "1", "20", now_text(-60), caseNo="WG900", gridCode="420111005001001", content="路灯不亮"
        )
    ]
    async with vending(platform) as vendor:
        config = write_site(tmp_path / "site", vendor.url, mine=quick())
        async with running_hub(config) as hub:

            async def incidents() -> list[dict[str, Any]]:
                return list((await hub.get("/grid/v1/incidents"))["items"])

            [found] = await until(
                incidents,
                lambda all_: (
                    [case["state"] for each in all_ for case in each["cases"]] == ["dispatched"]
                ),
            )
            assert (found["place"], found["source"]) == ("t/a", "grid")
            assert found["cases"][0]["number"] == "WG900"
            await hub.kill()
            await hub.start()
            before = len(vendor.asked)

            async def looks() -> int:
                return len(vendor.asked) - before

            await until(looks, lambda count: count >= 3)
            assert len(await incidents()) == 1
            assert platform.bodies == [], "it has their number already"


async def test_an_expired_certificate_is_a_failure_that_says_so(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    require_server("openssl")
    served, trust = expired_certificate(tmp_path)
    platform = Platform()
    transport = GuardedTransport(("127.0.0.0/8",), trust)
    profile, _ = read_profile_text(PUSH, next(iter(shipped_profiles())))
    assert profile is not None
    async with vending(platform, served) as vendor, httpx2.AsyncClient(transport=transport) as out:
        clock = SystemClock()
        line = Line(clock, partial(ask, out, clock), attempt, lambda: "n")
        receiver = Receiver(name="city", profile=profile, url=vendor.url)
        judged = await converse(receiver, line, Draft("GET", f"{vendor.url}/case/find", {}))
    assert judged.answer.verdict is Verdict.LATER
    assert "it has expired" in judged.answer.why
    assert vendor.asked == []


async def hear(said: Said, url: str = "", allow: str = "127.0.0.0/8") -> tuple[Answer, int]:
    """Ask a server that answers so, by the shipped profile; returns what it means, and its asks."""
    profile, _ = read_profile_text(PUSH, next(iter(shipped_profiles())))
    assert profile is not None
    async with vending(lambda _asked: said) as vendor, make_client([allow]) as out:
        clock = SystemClock()
        line = Line(clock, partial(ask, out, clock), attempt, lambda: "n")
        receiver = Receiver(name="city", profile=profile, url=url or vendor.url)
        judged = await converse(receiver, line, Draft("POST", receiver.url + "/case/add", {"a": 1}))
        return judged.answer, len(vendor.asked)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Said("500 Internal Server Error"), "HTTP 500"),
        (Said("503 Busy", headers={"retry-after": "120"}), "HTTP 503"),
        (Said("301 Moved", headers={"location": "http://127.0.0.1:1/"}), "not followed"),
        (Said(raw=b"\x00\xff garbage"), "cannot be read"),
        (Said(raw=b'{"code":' + b"[" * 100_000), "cannot be read"),
        (Said(raw=b'{"code":0,"pad":"' + b"x" * 100_000), "cannot be read"),
        (Said(data={"code": 5, "msg": "系统忙"}), "HTTP 200, but code is 5: 系统忙"),
        (Said(after=5.0), "no answer within"),
    ],
    ids=lambda said: getattr(said, "status", ""),
)
async def test_whatever_a_platform_answers_is_a_failure_with_its_reason(
    said: Said, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if said.after:
        monkeypatch.setattr("hub.courier.post.PATIENCE", 0.5)
    answer, asked = await hear(said)
    assert answer.verdict is Verdict.LATER
    assert not answer.theirs
    assert why in answer.why
    assert asked == 1
    assert answer.wait == (60.0 if "301" in said.status else 120.0 if "503" in said.status else 0)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[::ffff:127.0.0.1]:1/",
        "http://localhost:1",
        "http://0x7f000001:1",
        "file:///etc/passwd",
        "http://a b/",
    ],
)
async def test_a_hostile_address_is_not_reached(url: str) -> None:
    answer, asked = await hear(Said(data={"code": 0}), url, allow="10.99.99.0/24")
    assert answer.verdict is not Verdict.DELIVERED
    assert asked == 0
    assert answer.why


async def test_a_receiver_with_a_fault_is_told_and_left_out_and_the_rest_runs(
    tmp_path: Path,
) -> None:
    config = write_site(tmp_path / "site", "https://city.example", profile="push-numbr")
    said = CliRunner().invoke(app, ["check", str(config)])
    assert said.exit_code == 1
    assert "[[receiver]] city: there is no profile 'push-numbr'" in said.output
    assert "did you mean 'push-number'?" in said.output
    async with running_hub(config) as hub:
        assert (await hub.get("/grid/v1/receivers"))["items"] == []
        assert "push-numbr" in hub.log


CA = """
[ca]
default_ca = one
[one]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = name
[any]
commonName = supplied
[name]
subjectAltName = IP:127.0.0.1
"""


def expired_certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate that was good in 2020; returns what serves with it, and what trusts it."""
    (folder / "ca.cnf").write_text(CA)
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01")
    request = "req -new -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout k.pem -out r.csr"
    sign = (
        "ca -batch -selfsign -config ca.cnf -keyfile k.pem -in r.csr -out c.pem -notext"
        " -startdate 200101000000Z -enddate 200102000000Z"
    )
    for words in (request, sign):
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(folder / "c.pem", folder / "k.pem")
    return served, ssl.create_default_context(cafile=str(folder / "c.pem"))


def query_for(algorithm: str, body: dict[str, str] | None = None, **more: str) -> dict[str, str]:
    """Sign query and body as the platform's own engineer would, by the profile's words."""
    own = {"appKey": APP_KEY, "timestamp": str(int(time.time() * 1000)), **more}
    own.setdefault("nonce", hashlib.sha1(str(time.time_ns()).encode()).hexdigest())
    params = own | (body or {})
    text = "&".join(f"{name}={params[name]}" for name in sorted(params) if params[name])
    if algorithm == "hmac-sha256":
        sign = hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()
    else:
        sign = hashlib.new(algorithm, f"{text}&key={SECRET}".encode()).hexdigest()
    return {**own, "sign": sign.upper() if algorithm == "md5" else sign}


@pytest.mark.parametrize("algorithm", ["md5", "hmac-sha256", "sm3"])
async def test_they_fetch_page_by_page_and_send_their_steps_back(
    tmp_path: Path, algorithm: str
) -> None:
    config = write_site(tmp_path / "site", "", profile=f"page-sign-{algorithm}")
    async with running_hub(config) as hub:
        numbers = [await report(hub, count) for count in range(3)]
        base = f"{hub.url}/grid/v1/profiles/city"
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:

            async def ask(**more: str) -> dict[str, Any]:
                query = query_for(algorithm, **more)
                answer = await client.get(f"{base}/incidents", params=query)
                assert answer.status_code == 200, answer.text
                return dict(answer.json())

            first = await ask(startTime=now_text(-600), pageNo="1", pageSize="2")
            assert (first["code"], first["data"]["total"]) == (0, 3)
            second = await ask(startTime=now_text(-600), pageNo="2", pageSize="2")
            rows = first["data"]["rows"] + second["data"]["rows"]
            assert [row["outerNo"] for row in rows] == numbers
            assert not {"caller", "phone", "text"} & set(rows[0])
            body = {"outerNo": numbers[0], "caseNo": "C-1", "opType": "10", "opTime": now_text()}
            done = await client.post(
                f"{base}/actions", params=query_for(algorithm, body), json=body
            )
            assert done.json()["code"] == 0, done.text
            case = await case_of(hub, numbers[0])
            assert (case["number"], case["state"]) == ("C-1", "filed")
            odd = body | {"opType": "99"}
            said = await client.post(f"{base}/actions", params=query_for(algorithm, odd), json=odd)
            assert said.json()["code"] == 1006
            assert "'99' is not in [actions.in]" in said.json()["msg"]
            query = query_for(algorithm)
            again = [
                (await client.get(f"{base}/incidents", params=query)).json()["code"]
                for _ in range(2)
            ]
            assert again == [0, 1003], "a request that is repeated is refused"
            forged = query | {"nonce": "x", "pageSize": "9"}
            assert (await client.get(f"{base}/incidents", params=forged)).json()["code"] == 1001


async def test_the_request_is_shown_and_not_sent(tmp_path: Path) -> None:
    platform = Platform()
    async with vending(platform) as vendor:
        config = write_site(tmp_path / "site", vendor.url, mine=quick().replace("add", "addd"))
        mine = str(config.parent / "profiles" / "mine.toml")
        async with running_hub(config) as hub:
            number = await report(hub, 1)
            asked = len([each for each in vendor.asked if "add" in each.path])
            order = ["profile", "try", mine, "--incident", number, str(config)]
            said = CliRunner().invoke(app, order)
            assert said.exit_code == 0, said.output
            assert f"POST {vendor.url}/case/addd\n" in said.output
            assert f'"outerNo":"{number}"' in said.output
            assert "待签字符串" in said.output
            assert f"appKey={APP_KEY}&" in said.output
            assert SECRET not in said.output
            assert "代码表是样例" in said.output
            assert len([each for each in vendor.asked if "add" in each.path]) <= asked + 1
            none = CliRunner().invoke(
                app, ["profile", "try", mine, "--incident", "T-9", str(config)]
            )
            assert none.exit_code != 0


async def test_the_shell_of_the_page_fetches(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    require_server("curl")
    page = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text("utf-8")
    [block] = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    config = write_site(tmp_path / "site", "", profile="page-sign-md5")
    async with running_hub(config) as hub:
        number = await report(hub, 1)
        words = {"URL": hub.url, "APP_KEY": APP_KEY, "SECRET": SECRET}
        answer = await shell(block, words)
    assert (answer["code"], answer["msg"], answer["data"]["total"]) == (0, "ok", 1)
    assert answer["data"]["rows"][0]["outerNo"] == number
    assert answer["data"]["asOf"]
