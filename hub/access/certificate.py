"""A certificate as people see it: for which hosts, until when, and its fingerprint."""

from __future__ import annotations

from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from hub.errors import ConfigError, Problem
from hub.model.instant import to_local_text

DAY = 86400.0
TOLD_BEFORE = 30 * DAY
"""Seconds before its end from which it is told."""


class CertificateCard(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate; instants in epoch seconds, the fingerprint is SHA-256 in pairs."""

    hosts: tuple[str, ...]
    starts_at: float
    ends_at: float
    fingerprint: str

    def is_ending(self, now: float) -> bool:
        """Tell whether it ends within 30 days, or has ended."""
        return self.ends_at - now < TOLD_BEFORE


def read_certificate(path: Path) -> CertificateCard:
    """Read the first certificate of a PEM file; ConfigError where there is none to be read."""
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            Problem(
                file=str(path),
                message=f"no certificate can be read here ({error})",
                hint="lingdang tls makes one; or name the site's own in [tls]",
                zh="这里读不出证书",
                zh_hint="用 lingdang tls 生成，或在 [tls] 里写自己的证书文件",
            )
        ) from error
    return CertificateCard(
        hosts=_hosts(found),
        starts_at=found.not_valid_before_utc.timestamp(),
        ends_at=found.not_valid_after_utc.timestamp(),
        fingerprint=found.fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def tell_ending(path: Path, now: float, *, own: bool) -> tuple[Problem, ...]:
    """Say that a certificate ends soon, or has ended; `own` where `lingdang tls` renews it."""
    try:
        card = read_certificate(path)
    except ConfigError as error:
        return error.problems
    if not card.is_ending(now):
        return ()
    day, over = to_local_text(card.ends_at)[:10], card.ends_at <= now
    return (
        Problem(
            file=str(path),
            message=f"the certificate of the pages {'ended' if over else 'ends'} on {day};"
            " from then on telephones refuse the pages",
            hint="renew it: lingdang tls" if own else "renew it where it comes from",
            zh=f"网页的证书{'已于' if over else '将于'} {day} 到期，到期后手机打不开网页",
            zh_hint="续期：lingdang tls" if own else "到签发的地方续期",
        ),
    )


def _hosts(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = [str(each) for each in names.get_values_for_type(x509.IPAddress)]
    return (*names.get_values_for_type(x509.DNSName), *addresses)
