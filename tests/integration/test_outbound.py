"""What the hub may reach outside: judged by the address that it connects to, before it connects."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest

from hub.errors import OutboundRefusedError
from hub.outbound import GuardedTransport, is_public
from tests.support.listener import listening

pytestmark = pytest.mark.integration

LOCAL = ("127.0.0.0/8", "::1/128")


HOSTILE = (
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "127.1",
    "8.8.8.8@127.0.0.1",
    "127。0。0。1",
    "0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fec0::1]",
    "[::127.0.0.1]",
    "[fe80::1]",
    "[fd00::1]",
    "[ff02::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "8.8.8.8:22",
    "8.8.8.8:8080",
)
"""What may not be reached, in every spelling that a resolver understands."""
NO_ADDRESS = ("0177.0.0.1", "１２７.０.０.１", "[::1")
"""What the client takes for no address at all: with HOSTILE these are the 32 cases, and one."""


def client(*allow: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=GuardedTransport(allow), trust_env=False)


@pytest.mark.parametrize("host", HOSTILE)
async def test_what_is_not_public_is_refused_before_anything_is_sent(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        pytest.fail("it was about to connect")

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", never)
    async with client() as asking:
        with pytest.raises(OutboundRefusedError, match="may not be reached") as refused:
            await asking.get(f"https://{host}/")
    assert "不允许访问" in str(refused.value)


@pytest.mark.parametrize("host", NO_ADDRESS)
async def test_what_is_no_address_is_not_even_looked_up(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("it was about to look it up")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    async with client() as asking:
        with pytest.raises(httpx2.InvalidURL):
            await asking.get(f"https://{host}/")


@pytest.mark.parametrize("address", ["8.8.8.8", "114.114.114.114", "2400:3200::1"])
def test_public_addresses_are(address: str) -> None:
    assert is_public(ip_address(address))


async def test_a_network_that_is_allowed_is_reached_by_the_name_and_on_any_port() -> None:
    async with listening() as listener, client(*LOCAL) as asking:
        answer = await asking.get(f"http://localhost:{listener.port}/x")
        assert answer.status_code == 200
        assert listener.heard[0].headers["host"] == f"localhost:{listener.port}"


Rows = list[tuple[int, int, int, str, tuple[str, int]]]


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Sequence[str]) -> None:
    """Let a name be answered so, one answer after another; numbers are read as ever."""
    left = iter(answers)

    def look_up(host: str, port: int, **_: object) -> Rows:
        found = next(left) if host.endswith(".example") else (host,)
        return [(2, 1, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


async def test_one_bad_answer_among_good_ones_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, ["127.0.0.1", "10.0.0.1"])
    async with listening() as listener, client("127.0.0.0/8") as asking:
        with pytest.raises(OutboundRefusedError, match=r"10\.0\.0\.1 is not public"):
            await asking.get(f"http://two.example:{listener.port}/")
        assert listener.heard == []


async def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with listening() as listener, client("127.0.0.0/8") as asking:
        answering(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
        url = f"http://rebinding.example:{listener.port}/"
        assert (await asking.get(url)).status_code == 200
        with pytest.raises(OutboundRefusedError):
            await asking.get(url)
        assert len(listener.heard) == 1


async def test_a_redirect_is_not_followed() -> None:
    async with listening() as listener, client("127.0.0.0/8") as asking:
        listener.answer = "302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 2"
        assert (await asking.get(listener.url)).status_code == 302


async def test_a_name_that_is_not_found_is_a_failure_like_others() -> None:
    async with client() as asking:
        with pytest.raises(httpx2.ConnectError, match="is not found"):
            await asking.get("https://no-such-name.invalid/")


@pytest.mark.parametrize(
    ("name", "taken"), [("platform.example", 1), ("other.example", 0), ("127.0.0.1", 0)]
)
async def test_a_certificate_has_to_be_of_the_name_and_not_of_the_address(
    tmp_path: Path,
    require_server: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    taken: int,
) -> None:
    require_server("openssl")
    served, trust = certify(tmp_path, "platform.example")
    transport = GuardedTransport(("127.0.0.0/8",), trust)
    async with listening(served) as listener:
        answering(monkeypatch, ["127.0.0.1"])
        async with httpx2.AsyncClient(transport=transport, trust_env=False) as asking:
            refused = pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED")
            with contextlib.nullcontext() if taken else refused:
                await asking.get(f"https://{name}:{listener.port}/")
    assert len(listener.heard) == taken


def certify(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for a name; returns what serves with it, and what trusts it alone."""
    words = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name}"
    extension = ("-addext", f"subjectAltName=DNS:{name}")
    files = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"))
    subprocess.run(["openssl", *words.split(), *extension, *files], check=True, capture_output=True)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return served, ssl.create_default_context(cafile=str(folder / "cert.pem"))
