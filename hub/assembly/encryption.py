"""The certificate under which pages are served: read at the start, and anew when it changes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path

import structlog

from hub.access.certificate import tell_ending
from hub.clock import Clock
from hub.config.public import TlsSettings
from hub.errors import ConfigError, Problem

log = structlog.get_logger(__name__)

LOOK_EVERY = 60.0
"""Seconds between two looks at the files."""
LOOKS_OF_A_DAY = 1440


class Encryption:
    """One TLS context, whose certificate is replaced while it serves; `tls` are its files."""

    def __init__(self, tls: TlsSettings) -> None:
        self._tls = tls
        self._seen = self._marks()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load(self.context)

    @property
    def is_own(self) -> bool:
        """Tell whether the site's own authority vouches for it."""
        return self._tls.authority_file is not None

    def find_problems(self, now: float) -> Sequence[Problem]:
        """Say that the certificate ends soon."""
        return tell_ending(self._tls.certificate_file, now, own=self.is_own)

    def renew(self) -> bool:
        """Take new files in; tell whether there were any. Broken ones leave the old in place."""
        marks = self._marks()
        if marks == self._seen:
            return False
        self._seen = marks
        try:
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        except ConfigError as error:
            log.warning("the new certificate cannot be used, the old one stays", why=str(error))
            return False
        self._load(self.context)
        log.info("the pages have a new certificate", file=str(self._tls.certificate_file))
        return True

    def _load(self, context: ssl.SSLContext) -> None:
        certificate, key = self._tls.certificate_file, self._tls.key_file
        try:
            context.load_cert_chain(certificate, key)
        except OSError as error:
            raise ConfigError(
                Problem(
                    file=str(certificate),
                    message=f"certificate and key ({key}) cannot be used: {error}",
                    hint="lingdang tls makes both; the hub's user must be able to read them",
                    zh=f"证书或私钥（{key}）用不了：{error}",
                    zh_hint="用 lingdang tls 生成；hub 的用户要读得到",
                )
            ) from error

    def _marks(self) -> tuple[float, ...]:
        return tuple(_mark(each) for each in (self._tls.certificate_file, self._tls.key_file))


async def keep_certificate(encryption: Encryption, clock: Clock) -> None:
    """Look at the files once in a while, and say once a day that the certificate ends."""
    while True:
        for each in encryption.find_problems(clock.now()):
            log.warning("the certificate ends", why=str(each))
        for _ in range(LOOKS_OF_A_DAY):
            await asyncio.sleep(LOOK_EVERY)
            await asyncio.to_thread(encryption.renew)


def _mark(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
