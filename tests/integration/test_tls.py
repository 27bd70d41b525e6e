"""`lingdang init` for other machines: real handshakes by its authority, and none by another."""

from __future__ import annotations

import asyncio
import re
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from hub.access.authority import issue, make_authority
from hub.access.certificate import DAY, read_certificate
from hub.api.server import listen, serving
from hub.assembly.encryption import Encryption
from hub.commands.doctor import check_certificate
from hub.commands.finding import Verdict
from hub.commands.init import write_site
from hub.commands.tls import set_up
from hub.config.public import TlsSettings
from hub.errors import ConfigError
from simulators.demo_files import HOST, free_port
from tests.support.hub_process import HubProcess

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


class Site:
    """A site that was set up by `lingdang init`, its hub, and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "lingdang.toml"
        self.said: list[str] = []
        self.port = free_port()
        answers = {"name": "关山社区", "id": "guanshan", "broker": "none"}
        answers |= {"listen": f"0.0.0.0:{self.port}", "administrator": "admin"}
        write_site(folder, answers, self.said.append)
        self.plain = int(re.findall(r"plain_port = (\d+)", self.config.read_text("utf-8"))[0])
        self.hub = HubProcess(self.config)

    @property
    def authority(self) -> Path:
        return self.folder / "tls" / "ca.crt"

    def client(self, authority: Path | None = None) -> httpx2.AsyncClient:
        context = ssl.create_default_context(cafile=authority or self.authority)
        url = f"https://{HOST}:{self.port}"
        return httpx2.AsyncClient(base_url=url, verify=context, trust_env=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    made = await asyncio.to_thread(Site, tmp_path_factory.mktemp("tls") / "site")
    await made.hub.start()
    yield made
    assert await made.hub.stop() == 0


async def test_keys_are_for_their_owner_and_the_authoritys_lies_apart(site: Site) -> None:
    keys = sorted((site.folder / "tls").rglob("*.key"))
    assert [each.relative_to(site.folder / "tls").as_posix() for each in keys] == [
        "authority/ca.key",
        "server.key",
    ]
    for key in keys:
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys[0].parent.stat().st_mode) == 0o700
    fingerprint = read_certificate(site.authority).fingerprint
    assert any(fingerprint in line for line in site.said)


async def test_who_has_the_authority_is_let_in_and_its_cookie_is_secure(site: Site) -> None:
    code = next(line.split()[-1] for line in site.said if line.startswith("2. https://"))
    async with site.client() as client:
        assert (await client.get("/healthz")).status_code == 200
        chosen = dict.fromkeys(("password", "again"), "关山社区夜里还有一盏灯")
        typed = {"name": "admin", "code": code, **chosen}
        signed = await client.post("/sign-in/password", data=typed)
        assert signed.status_code == 303, signed.text
        cookie = signed.headers["set-cookie"]
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        page = await client.get("/tickets")
        assert page.status_code == 200
        # It would hold for the other port of this host as well, where telephones learn to trust.
        assert "strict-transport-security" not in page.headers


async def test_a_wrong_name_and_a_strange_authority_are_refused(site: Site, tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=site.authority)
    async with httpx2.AsyncClient(verify=context, trust_env=False) as client:
        answer = client.get(
            f"https://{HOST}:{site.port}/healthz", extensions={"sni_hostname": "bank.example"}
        )
        with pytest.raises(httpx2.ConnectError, match=r"ostname mismatch|not valid for"):
            await answer
    strange = tmp_path / "strange.crt"
    strange.write_bytes(make_authority("别的社区", (), time.time())[0])
    async with site.client(strange) as client:
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get("/healthz")


async def test_in_the_clear_there_is_the_way_to_trust_and_nothing_else(site: Site) -> None:
    plain = f"http://{HOST}:{site.plain}"
    async with httpx2.AsyncClient(base_url=plain, trust_env=False) as client:
        page = (await client.get("/trust")).text
        parts = read_certificate(site.authority).fingerprint.split(":")
        assert " ".join(parts[:8]) in page
        for system in ("安卓", "鸿蒙", "苹果"):
            assert system in page
        given = await client.get("/ca.crt")
        assert given.content == site.authority.read_bytes()
        assert given.headers["content-type"] == "application/x-x509-ca-cert"
        led = await client.get("/tickets/GS-1?a=b")
        assert led.status_code == 307
        assert led.headers["location"] == f"https://{HOST}:{site.port}/tickets/GS-1?a=b"
        for path in ("/sign-in", "/api/v1/people"):
            assert (await client.post(path, data={"name": "a"})).status_code == 403
        strange = await client.get("//evil.example/", headers={"host": "a b"})
        assert strange.status_code == 403


async def test_commands_of_the_machine_work_whatever_the_certificate(site: Site) -> None:
    listed = await asyncio.to_thread(_call, "user", "list", "--config", str(site.config))
    assert "admin" in listed
    told = await asyncio.to_thread(_call, "status", str(site.config))
    assert f"https://0.0.0.0:{site.port}" in told


async def test_what_the_authority_must_not_sign_no_client_takes(tmp_path: Path) -> None:
    """Whoever steals its key cannot play a bank before the telephones that trust it."""
    now = time.time()
    authority, key = make_authority("关山社区", (), now)
    body, own_key = _forge(authority, key)
    files = _write(tmp_path, body, own_key)
    (tmp_path / "ca.crt").write_bytes(authority)
    async with serving(_nothing, listen(HOST, 0, file=""), Encryption(files).context) as url:
        context = ssl.create_default_context(cafile=tmp_path / "ca.crt")
        async with httpx2.AsyncClient(verify=context, trust_env=False) as client:
            with pytest.raises(httpx2.ConnectError, match="permitted subtree violation"):
                await client.get(url, extensions={"sni_hostname": "bank.example"})


async def test_a_renewed_certificate_is_taken_without_a_restart_and_a_broken_one_is_not(
    tmp_path: Path,
) -> None:
    long_ago = time.time() - 380 * DAY
    authority, key = make_authority("关山社区", (), long_ago)
    (tmp_path / "ca.crt").write_bytes(authority)
    files = _write(tmp_path, *issue(authority, key, (HOST,), long_ago))
    assert check_certificate(files, time.time()).verdict is Verdict.WARNING
    assert check_certificate(files, time.time() + 30 * DAY).verdict is Verdict.WRONG
    encryption = Encryption(files)
    assert encryption.find_problems(time.time())
    async with serving(_nothing, listen(HOST, 0, file=""), encryption.context) as url:
        first = await _end_of(url, tmp_path / "ca.crt")
        _write(tmp_path, b"no certificate", b"no key")
        assert not encryption.renew()
        assert await _end_of(url, tmp_path / "ca.crt") == first
        _write(tmp_path, *issue(authority, key, (HOST,), time.time()))
        assert encryption.renew()
        assert await _end_of(url, tmp_path / "ca.crt") > first
    assert check_certificate(files, time.time()).verdict is Verdict.OK


async def test_lingdang_tls_renews_by_the_same_authority_and_leaves_others_certificates_alone(
    tmp_path: Path,
) -> None:
    site = await asyncio.to_thread(Site, tmp_path / "site")
    authority, before = site.authority.read_bytes(), site.folder / "tls" / "server.pem"
    old = before.read_bytes()
    set_up(site.config, ["bell.lan"], site.said.append)
    assert site.authority.read_bytes() == authority
    assert before.read_bytes() != old
    assert "bell.lan" in read_certificate(before).hosts
    kept = site.folder / "tls" / "authority" / "ca.key"
    kept.rename(tmp_path / "stick.key")
    with pytest.raises(ConfigError, match="put it back for a moment"):
        set_up(site.config, [], site.said.append)
    text = site.config.read_text("utf-8")
    site.config.write_text(text.replace('"tls/server.pem"', '"own.pem"'), "utf-8")
    with pytest.raises(ConfigError, match="a certificate of its own"):
        set_up(site.config, [], site.said.append)


async def test_a_broken_section_serves_nothing_in_the_clear(tmp_path: Path) -> None:
    site = await asyncio.to_thread(Site, tmp_path / "site")
    text = site.config.read_text("utf-8")
    site.config.write_text(text.replace('key_file = "tls/server.key"\n', ""), "utf-8")
    await site.hub.launch()
    assert await site.hub.wait() == 2
    assert "certificate and key" in site.hub.log


def _call(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "hub", *words], capture_output=True, check=True)
    return done.stdout.decode()


def _write(folder: Path, certificate: bytes, key: bytes) -> TlsSettings:
    files = TlsSettings(
        certificate_file=folder / "server.pem",
        key_file=folder / "server.key",
        authority_file=folder / "ca.crt",
    )
    for path, body in ((files.certificate_file, certificate), (files.key_file, key)):
        path.unlink(missing_ok=True)
        path.write_bytes(body)
    return files


def _forge(authority: bytes, key: bytes) -> tuple[bytes, bytes]:
    """Sign for a bank with the authority's key, past our own check of what it may sign."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.access.authority._may_vouch", lambda *_: True)
        return issue(authority, key, ("bank.example",), time.time())


async def _end_of(url: str, authority: Path) -> float:
    context = ssl.create_default_context(cafile=authority)
    async with httpx2.AsyncClient(verify=context, trust_env=False) as client:
        answer = await client.get(url)
        stream = answer.extensions["network_stream"].get_extra_info("ssl_object")
        ends: str = stream.getpeercert()["notAfter"]
    return float(ssl.cert_time_to_seconds(ends))


async def _nothing(scope: object, receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]
