"""Signing in with an organisation's account, over sockets, with a provider that may lie."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import argon2
import httpx2
import pytest

from hub.access.oidc.flow import GOOD_FOR, RETURN, Flow
from hub.access.oidc.provider import ASKED_ANEW, BELIEVED_FOR, LEFT_ALONE
from hub.access.oidc.provider import Provider as HubsProvider
from hub.access.people import PersonChange
from hub.access.session import COOKIE
from hub.access.totp import STEP, code_at
from hub.clock import ManualClock
from hub.config.oidc import OidcSettings
from hub.courier.post import make_client
from hub.errors import AuthenticationError
from hub.model.access import Identity, Role
from tests.support.hub_process import running_hub
from tests.support.oidc_provider import CLIENT, SECRET, EcKey, Provider, RsaKey, providing
from tests.support.site import KEYS, Plot, write_site
from tests.unit.access.web_fakes import client_of
from tests.unit.console.fakes.community import Console, make_console

pytestmark = pytest.mark.integration

LOCAL = ("127.0.0.0/8",)
HUB = "http://hub"
PAGE = {"accept": "text/html"}
PASSWORD = "three cats asleep"
UNLOCKED = 601.0
"""Seconds after which no failure counts any more."""
HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
ZHANG = Identity(name="zhang", role=Role.GUARD)
BOSS = Identity(name="boss", role=Role.ADMINISTRATOR)


class Scene:
    """A hub, its provider, and a browser of somebody."""

    def __init__(self, console: Console, provider: Provider, clock: ManualClock) -> None:
        self.console, self.provider, self.clock = console, provider, clock
        self.browser = self.new_browser()
        self.keeper = console.ports.gatekeeper

    def new_browser(self) -> httpx2.AsyncClient:
        return client_of(self.console.app, "", **PAGE)

    async def leave(self, target: str = "/tickets") -> str:
        """Go from the hub to the provider; return the address that the provider sends back to."""
        gone = await self.browser.get("/sign-in/provider", params={"next": target})
        assert gone.status_code == 303, gone.text
        async with httpx2.AsyncClient(trust_env=False) as outside:
            back = (await outside.get(gone.headers["location"])).headers["location"]
        assert back.startswith(HUB + RETURN)
        return str(back)

    async def come_back(self, address: str) -> httpx2.Response:
        return await self.browser.get(address)

    async def sign_in(self, target: str = "/tickets") -> httpx2.Response:
        return await self.come_back(await self.leave(target))

    def journal(self) -> list[tuple[str, str, dict[str, Any]]]:
        entries = self.console.community.books.entries
        return [(each.type, each.subject, dict(each.data)) for each in entries]

    def why(self) -> str:
        """Return why the last one was not let in, as the journal tells."""
        told = [data for kind, _, data in self.journal() if kind == "person.sign_in_failed"]
        return str(told[-1]["why"])


def open_scene(
    provider: Provider,
    clock: ManualClock,
    claim: str = "employee_number",
    people: dict[str, str] | None = None,
) -> Scene:
    wanted = OidcSettings(
        issuer=provider.url,
        hub_url=HUB,
        client_id=CLIENT,
        client_secret=SECRET,
        claim=claim,
        people=people or {},
    )
    flow = Flow(wanted, HubsProvider(wanted, make_client(LOCAL), clock), clock)
    console = make_console(devices=30, clock=clock, flow=flow)
    console.sign_in("zhang", Role.GUARD, password_hash=HASH)
    return Scene(console, provider, clock)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def provider(clock: ManualClock) -> AsyncIterator[Provider]:
    async with providing(clock.now) as made:
        made.redirect = HUB + RETURN
        yield made


@pytest.fixture
def scene(provider: Provider, clock: ManualClock) -> Scene:
    return open_scene(provider, clock)


async def test_whom_the_provider_names_is_let_in_as_by_the_password(scene: Scene) -> None:
    form = await scene.browser.get("/sign-in", params={"next": "/tickets?x=1"})
    assert f'href="{HUB}/sign-in/provider?next=/tickets%3Fx%3D1"' in form.text
    answer = await scene.sign_in("/tickets?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tickets?x=1")
    cookie = scene.browser.cookies[COOKIE]
    assert await scene.keeper.by_cookie(cookie) == ZHANG
    assert "lingdang_way" not in scene.browser.cookies
    assert scene.journal() == [
        ("person.signed_in", "zhang", {"address": "127.0.0.1", "by": "provider"})
    ]
    await scene.keeper.people.change("zhang", PersonChange(role=Role.CREW), BOSS)
    assert await scene.keeper.by_cookie(cookie) is None


async def test_the_documents_are_asked_for_once_for_many(scene: Scene) -> None:
    for _ in range(3):
        assert (await scene.sign_in()).status_code == 303
    assert sorted(scene.provider.hits) == ["discovery", "keys", "token", "token", "token"]
    await scene.clock.advance(BELIEVED_FOR)
    assert (await scene.sign_in()).status_code == 303
    assert scene.provider.hits.count("keys") == 2


async def test_the_provider_is_asked_to_ask_again_who_sits_there(scene: Scene) -> None:
    gone = await scene.browser.get("/sign-in/provider")
    asked = dict(parse_qsl(urlsplit(gone.headers["location"]).query))
    assert asked["prompt"] == "login"
    cookie = gone.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert asked["state"] not in cookie


Change = Callable[[dict[str, Any]], dict[str, Any]]


LIES: tuple[tuple[Change, str], ...] = (
    (lambda claims: claims | {"nonce": "another"}, "nonce"),
    (lambda claims: {k: v for k, v in claims.items() if k != "nonce"}, "nonce"),
    (lambda claims: claims | {"exp": claims["iat"] - 61}, "expired"),
    (lambda claims: {k: v for k, v in claims.items() if k != "exp"}, "exp"),
    (lambda claims: claims | {"iat": claims["iat"] + 3600}, "in the future"),
    (lambda claims: claims | {"nbf": claims["iat"] + 3600}, "not yet valid"),
    (lambda claims: claims | {"aud": "another-hub"}, "aud"),
    (lambda claims: claims | {"aud": ["another-hub"]}, "aud"),
    (lambda claims: claims | {"aud": [CLIENT, "another-hub"]}, "azp"),
    (lambda claims: claims | {"aud": [CLIENT, "b"], "azp": "b"}, "azp"),
    (lambda claims: claims | {"azp": "another-hub"}, "azp"),
    (lambda claims: claims | {"iss": "https://evil.example"}, "iss"),
    (lambda claims: claims | {"iss": claims["iss"] + "/"}, "iss"),
    (lambda claims: {k: v for k, v in claims.items() if k != "sub"}, "sub"),
    (lambda claims: claims | {"employee_number": 7}, "employee_number"),
    (lambda claims: claims | {"employee_number": ""}, "employee_number"),
)


async def test_a_token_that_says_something_else_lets_nobody_in(scene: Scene) -> None:
    for change, why in LIES:
        scene.provider.change = change
        answer = await scene.sign_in()
        assert (answer.status_code, "没有通过检查" in answer.text) == (403, True), why
        assert COOKIE not in scene.browser.cookies
        assert why in scene.why()
        await scene.clock.advance(UNLOCKED)
    scene.provider.change = dict
    assert (await scene.sign_in()).status_code == 303, "it was the lies alone"


async def test_a_token_that_is_signed_another_way_lets_nobody_in(scene: Scene) -> None:
    provider = scene.provider
    for signer in (
        provider.without_signature,
        provider.with_public_key_as_secret,
        provider.by_a_strangers_key,
    ):
        provider.signer = signer
        assert (await scene.sign_in()).status_code == 403, signer
        assert COOKIE not in scene.browser.cookies
        assert "id token does not count" in scene.why()


async def test_what_is_no_token_lets_nobody_in(scene: Scene) -> None:
    for text in ("", "a.b", "a.b.c.d.e", "....", "é.é.é", "x" * 200_000):
        scene.provider.signer = lambda _claims, text=text: text
        assert (await scene.sign_in()).status_code == 403, text[:20]
        assert COOKIE not in scene.browser.cookies
        await scene.clock.advance(UNLOCKED)


async def test_two_names_of_the_audience_are_fine_with_the_party_named(scene: Scene) -> None:
    scene.provider.change = lambda claims: claims | {"aud": ["b", CLIENT], "azp": CLIENT}
    assert (await scene.sign_in()).status_code == 303


@pytest.mark.parametrize("issuer", ["https://evil.example", None])
async def test_an_answer_of_another_issuer_is_not_taken_to_the_provider(
    scene: Scene, issuer: str | None
) -> None:
    scene.provider.extra = {"iss": issuer}
    assert (await scene.sign_in()).status_code == 403
    assert "iss" in scene.why()
    assert "token" not in scene.provider.hits


async def test_a_description_of_another_issuer_or_without_tls_is_not_believed(
    scene: Scene,
) -> None:
    scene.provider.document = {"issuer": "https://evil.example"}
    answer = await scene.browser.get("/sign-in/provider")
    assert (answer.status_code, "没有通过检查" in answer.text) == (403, True)
    await scene.clock.advance(LEFT_ALONE)
    scene.provider.document = {"token_endpoint": "ftp://127.0.0.1/token"}
    assert (await scene.browser.get("/sign-in/provider")).status_code == 403


async def test_a_way_back_is_good_once(scene: Scene) -> None:
    back = await scene.leave()
    cookie = scene.browser.cookies["lingdang_way"]
    assert (await scene.come_back(back)).status_code == 303
    replayed = scene.new_browser()
    again = await replayed.get(back, headers={"cookie": f"lingdang_way={cookie}"})
    assert (again.status_code, "这次登录对不上" in again.text) == (400, True)
    assert COOKIE not in replayed.cookies
    assert scene.provider.hits.count("token") == 1


async def test_a_code_that_was_used_lets_nobody_in(scene: Scene) -> None:
    used = dict(parse_qsl(urlsplit(await scene.leave()).query))["code"]
    scene.provider.codes.clear()
    scene.provider.extra = {"code": used}
    assert (await scene.sign_in()).status_code == 403
    assert "invalid_grant" in scene.why()


async def test_another_browser_cannot_end_the_way_of_this_one(scene: Scene) -> None:
    back = await scene.leave()
    stranger = scene.new_browser()
    await stranger.get("/sign-in/provider")
    assert (await stranger.get(back)).status_code == 400
    assert COOKIE not in stranger.cookies
    bare = scene.new_browser()
    assert (await bare.get(back)).status_code == 400
    assert (await scene.come_back(back)).status_code == 303, "and it did not end it either"


async def test_a_way_that_took_too_long_is_over(scene: Scene) -> None:
    back = await scene.leave()
    await scene.clock.advance(GOOD_FOR)
    assert (await scene.come_back(back)).status_code == 400


async def test_a_parameter_that_comes_twice_is_no_answer(scene: Scene) -> None:
    back = await scene.leave()
    assert (await scene.come_back(f"{back}&code=another")).status_code == 400


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        ("access_denied", 403, "没有同意"),
        ("temporarily_unavailable", 503, "没有回应"),
        ("<script>alert(1)</script>\n", 503, "没有回应"),
    ],
)
async def test_a_refusal_of_the_provider_is_told_in_plain_words(
    scene: Scene, error: str, status: int, says: str
) -> None:
    scene.provider.extra = {"code": None, "error": error, "error_description": "<b>Du</b>"}
    answer = await scene.sign_in()
    assert (answer.status_code, says in answer.text) == (status, True)
    assert "<script>alert" not in answer.text
    assert "Du" not in answer.text
    assert "\n" not in scene.why()


async def test_the_way_back_leads_nowhere_else(scene: Scene) -> None:
    evil = "evil.example"
    for target in (f"https://{evil}/", f"//{evil}", f"/\\{evil}", "javascript:x", "\t/x"):
        answer = await scene.sign_in(target)
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), target


async def test_a_new_key_is_fetched_and_unknown_ones_at_most_once_a_minute(scene: Scene) -> None:
    assert (await scene.sign_in()).status_code == 303
    scene.provider.keys = [RsaKey("stolen"), EcKey("second")]
    assert (await scene.sign_in()).status_code == 403, "the first look was a moment ago"
    await scene.clock.advance(ASKED_ANEW)
    assert (await scene.sign_in()).status_code == 303
    assert scene.provider.hits.count("keys") == 2
    scene.provider.keys = [RsaKey("third")]
    for _ in range(3):
        assert (await scene.sign_in()).status_code == 403
    assert scene.provider.hits.count("keys") == 2


async def test_keys_that_are_known_carry_over_an_outage_of_their_address(scene: Scene) -> None:
    assert (await scene.sign_in()).status_code == 303
    scene.provider.down = {"keys"}
    assert (await scene.sign_in()).status_code == 303
    await scene.clock.advance(BELIEVED_FOR)
    answer = await scene.sign_in()
    assert (answer.status_code, "没有回应" in answer.text) == (503, True)
    scene.provider.down = set()
    await scene.clock.advance(LEFT_ALONE)
    assert (await scene.sign_in()).status_code == 303


@pytest.mark.parametrize("what", ["discovery", "token"])
async def test_a_provider_that_is_down_is_no_lock(scene: Scene, what: str) -> None:
    scene.provider.down = {what}
    for _ in range(7):
        if what == "discovery":
            answer = await scene.browser.get("/sign-in/provider")
        else:
            answer = await scene.sign_in()
        assert (answer.status_code, "没有回应" in answer.text) == (503, True)
    if what == "discovery":
        assert scene.provider.hits == ["discovery"], "the others did not wait for it"
    scene.provider.down = set()
    await scene.clock.advance(LEFT_ALONE)
    assert (await scene.sign_in()).status_code == 303


async def test_nobody_is_added_and_nobody_shut_out_comes_in(scene: Scene) -> None:
    scene.provider.user = {"sub": "1", "employee_number": "stranger"}
    answer = await scene.sign_in()
    assert (answer.status_code, "本系统里没有您" in answer.text) == (403, True)
    assert [person.name for person in await scene.keeper.people.all()] == ["zhang"]
    scene.provider.user = {"sub": "00417", "employee_number": "zhang"}
    await scene.keeper.people.disable("zhang", BOSS)
    assert (await scene.sign_in()).status_code == 403
    assert COOKIE not in scene.browser.cookies


async def test_a_locked_account_stays_locked_and_lies_lock_the_address(scene: Scene) -> None:
    for _ in range(5):
        with pytest.raises(AuthenticationError):
            await scene.keeper.sign_in("zhang", "wrong", "10.0.0.9")
    answer = await scene.sign_in()
    assert (answer.status_code, "已暂时锁定" in answer.text) == (429, True)
    await scene.clock.advance(UNLOCKED)
    scene.provider.signer = scene.provider.without_signature
    for _ in range(5):
        assert (await scene.sign_in()).status_code == 403
    scene.provider.signer = scene.provider.sign
    assert (await scene.sign_in()).status_code == 429
    assert ("person.locked", "address:127.0.0.1") in [entry[:2] for entry in scene.journal()]


async def test_the_second_factor_is_asked_for_after_the_provider(scene: Scene) -> None:
    enrolling = scene.keeper.enrolment
    secret = await enrolling.offer(ZHANG)
    await enrolling.confirm(ZHANG, code_at(secret, int(scene.clock.now() // STEP)))
    asked = await scene.sign_in()
    assert (asked.status_code, "6 位动态口令" in asked.text) == (200, True)
    assert COOKIE not in scene.browser.cookies
    token = asked.text.partition('name="token" value="')[2].partition('"')[0]
    form = {"token": token, "code": code_at(secret, int(scene.clock.now() // STEP)), "next": "/"}
    assert (await scene.browser.post("/sign-in/code", data=form)).status_code == 303
    assert scene.journal()[-1][2]["by"] == "provider"


async def test_people_may_be_listed_and_a_mailbox_has_to_be_verified(
    provider: Provider, clock: ManualClock
) -> None:
    people = {"z@example.cn": "zhang"}
    scene = open_scene(provider, clock, claim="email", people=people)
    for verified, status in ((True, 303), (False, 403), ("true", 403), (None, 403)):
        provider.user = {"sub": "1", "email": "z@example.cn", "email_verified": verified}
        assert (await scene.sign_in()).status_code == status, verified
    provider.user = {"sub": "1", "email": "zhang", "email_verified": True}
    assert (await scene.sign_in()).status_code == 403


async def test_who_starts_over_and_over_is_told_to_wait(scene: Scene) -> None:
    answers = [await scene.browser.get("/sign-in/provider") for _ in range(121)]
    assert [answer.status_code for answer in answers[-2:]] == [303, 429]


async def test_the_provider_is_reached_only_where_the_hub_may_go(
    provider: Provider, clock: ManualClock
) -> None:
    settings = OidcSettings(issuer=provider.url, hub_url=HUB, client_id=CLIENT, claim="sub")
    flow = Flow(settings, HubsProvider(settings, make_client(()), clock), clock)
    console = make_console(devices=30, clock=clock, flow=flow)
    async with client_of(console.app, "", **PAGE) as browser:
        assert (await browser.get("/sign-in/provider")).status_code == 503
    assert provider.hits == []


async def test_a_hub_without_a_provider_has_no_such_way() -> None:
    console = make_console(devices=30)
    async with client_of(console.app, "", **PAGE) as browser:
        assert "/sign-in/provider" not in (await browser.get("/sign-in")).text
        assert (await browser.get("/sign-in/provider")).status_code == 404
        assert (await browser.get(RETURN, params={"state": "x", "code": "y"})).status_code == 404


def test_the_challenge_is_that_of_the_rfc() -> None:
    from hub.access.oidc.flow import _challenge

    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert _challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    digest = hashlib.sha256(verifier.encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == _challenge(verifier)


async def test_a_whole_hub_lets_in_by_its_settings_and_never_tells_the_secret(
    tmp_path: Path, provider: Provider
) -> None:
    provider.now = time.time
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "oidc.secret").write_text(SECRET + "\n", "utf-8")
    table = f"""
[outbound]
allow = ["127.0.0.0/8"]
[oidc]
issuer = "{provider.url}"
hub_url = "{HUB}"
client_id = "{CLIENT}"
client_secret_file = "oidc.secret"
claim = "employee_number"
"""
    plot = Plot(devices={"gate-001": "barrier_gate"}, more=table)
    config = write_site(tmp_path / "hub", plot, mqtt_port=1)
    async with running_hub(config) as hub, httpx2.AsyncClient(trust_env=False) as browser:
        key = {"authorization": f"Bearer {KEYS['administrator']}"}
        new = {"name": "zhang", "role": "guard"}
        made = await browser.post(f"{hub.url}/api/v1/people", json=new, headers=key)
        assert made.status_code == 201, made.text
        gone = await browser.get(f"{hub.url}/sign-in/provider", params={"next": "/wall"})
        back = (await browser.get(gone.headers["location"])).headers["location"]
        answer = await browser.get(back.replace(HUB, hub.url))
        assert (answer.status_code, answer.headers["location"]) == (303, "/wall")
        assert (await browser.get(f"{hub.url}/tickets")).status_code == 200
        journal = await browser.get(f"{hub.url}/api/v1/journal", headers=key)
        told = [each for each in journal.json()["items"] if each["type"] == "person.signed_in"]
        assert told[-1]["data"] == {"address": "127.0.0.1", "by": "provider"}
        assert SECRET not in journal.text + hub.log
