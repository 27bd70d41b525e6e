"""The site's own authority: what it signs, what it may not, and what is said before an end."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from hub.access.authority import DAYS_OF_CERTIFICATE, issue, make_authority
from hub.access.certificate import DAY, read_certificate, tell_ending
from hub.errors import ConfigError, InvalidRequestError

NOW = 1_800_000_000.0
HOSTS = ("bell.guanshan.cn", "hub.local", "192.168.1.5", "203.0.113.9")


def test_a_certificate_names_its_hosts_lasts_397_days_and_serves_alone(tmp_path: Path) -> None:
    authority, key = make_authority("关山社区", HOSTS, NOW)
    body, own_key = issue(authority, key, HOSTS, NOW)
    assert own_key != key
    file = tmp_path / "server.pem"
    file.write_bytes(body)
    card = read_certificate(file)
    assert set(card.hosts) == set(HOSTS)
    assert card.ends_at - card.starts_at == DAYS_OF_CERTIFICATE * DAY
    found = x509.load_pem_x509_certificate(body)
    use = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(use) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))


def test_the_authority_vouches_for_its_own_network_and_for_nobody_else() -> None:
    authority, key = make_authority("关山社区", HOSTS, NOW)
    issue(authority, key, ("10.9.8.7", "printer.local", "fd00::1", "x.bell.guanshan.cn"), NOW)
    for host in ("bank.example", "evilbell.guanshan.cn", "203.0.113.10", "2001:db8::1"):
        with pytest.raises(InvalidRequestError, match="every telephone has to install it again"):
            issue(authority, key, (host,), NOW)


def test_another_authoritys_key_signs_nothing() -> None:
    authority, _ = make_authority("关山社区", HOSTS, NOW)
    _, strange = make_authority("关山社区", HOSTS, NOW)
    with pytest.raises(InvalidRequestError, match="another authority's"):
        issue(authority, strange, HOSTS, NOW)


def test_an_end_is_told_30_days_before_and_after_it(tmp_path: Path) -> None:
    authority, key = make_authority("关山社区", HOSTS, NOW)
    file = tmp_path / "server.pem"
    file.write_bytes(issue(authority, key, HOSTS, NOW)[0])
    end = read_certificate(file).ends_at
    assert tell_ending(file, end - 31 * DAY, own=True) == ()
    (soon,) = tell_ending(file, end - 29 * DAY, own=True)
    assert "将于" in soon.zh
    assert soon.hint == "renew it: lingdang tls"
    (over,) = tell_ending(file, end + 1, own=False)
    assert "已于" in over.zh
    assert over.hint == "renew it where it comes from"


def test_what_is_no_certificate_is_told_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(ConfigError, match="lingdang tls makes one"):
            read_certificate(tmp_path / name)
        assert tell_ending(tmp_path / name, NOW, own=True)
