"""A receiver whose certificate is no good, or who answers with another address: told in words."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.clock import SystemClock
from hub.courier.answer import Answer, Request, Verdict
from hub.feeds.push.setting_up import send
from hub.outbound import GuardedTransport
from tests.support.listener import Listener, listening

pytestmark = pytest.mark.integration

DAY = dt.timedelta(days=1)
LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
OTHER = x509.DNSName("city.example")


def certify(folder: Path, days: int, name: x509.GeneralName) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate of its own that ends in so many days; returns what serves with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 30 * DAY)
        .not_valid_after(now + days * DAY)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, pkcs8, plain))
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return served, folder / "cert.pem"


async def push(listener: Listener, scheme: str, trust: ssl.SSLContext | None = None) -> Answer:
    transport = GuardedTransport(("127.0.0.0/8",), trust)
    async with httpx2.AsyncClient(transport=transport, trust_env=False) as client:
        request = Request(url=f"{scheme}://127.0.0.1:{listener.port}/in", body=b"{}")
        return await send(client, SystemClock(), request)


@pytest.mark.parametrize(
    ("days", "name", "known", "says"),
    [
        (-1, LOOPBACK, True, "it has expired"),
        (9, LOOPBACK, False, "signed by itself"),
        (9, OTHER, True, "not trusted"),
        (9, LOOPBACK, True, ""),
    ],
    ids=["expired", "unknown", "another's", "good"],
)
async def test_a_certificate_that_is_no_good_says_why(
    tmp_path: Path, days: int, name: x509.GeneralName, known: bool, says: str
) -> None:
    served, certificate = certify(tmp_path, days, name)
    trust = ssl.create_default_context(cafile=str(certificate) if known else None)
    async with listening(served) as listener:
        answer = await push(listener, "https", trust)
        heard = len(listener.heard)
    assert says in answer.why
    expected = (Verdict.LATER, 0) if says else (Verdict.DELIVERED, 1)
    assert (answer.verdict, heard) == expected, answer.why
    assert ("certificate" in answer.why) is bool(says)


async def test_a_redirect_names_where_it_leads_and_is_not_followed() -> None:
    async with listening() as listener:
        listener.answer = (
            "301 Moved Permanently\r\nlocation: https://new.example/in?token=secret\r\n"
            "content-length: 2"
        )
        answer = await push(listener, "http")
        assert len(listener.heard) == 1
    assert answer.verdict is Verdict.LATER
    assert "https://new.example/in, and is not followed" in answer.why
    assert "secret" not in answer.why
