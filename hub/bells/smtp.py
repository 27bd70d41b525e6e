"""A mail to one person, over the library's SMTP client in a thread of its own.

`smtps://` is TLS from the first byte; `smtp://` goes on to TLS (STARTTLS) where the server offers
it, and has to before a password is sent. The Message-ID is the same whenever the same is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import ssl
import threading
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as CRLF
from email.utils import format_datetime
from urllib.parse import urlsplit

from hub.bells.channel import Address
from hub.bells.message import Message
from hub.clock import Clock
from hub.config.bell_settings import BellSettings
from hub.courier.answer import DELIVERED, Answer, later, refused

PATIENCE = 15.0
"""Real seconds for each step with the server."""
PORTS = {"smtp": 587, "smtps": 465}


class SmtpChannel:
    """Sends mails over a connection each: a bell is rare."""

    def __init__(
        self, bell: BellSettings, clock: Clock, trust: ssl.SSLContext | None = None
    ) -> None:
        self._bell = bell
        self._clock = clock
        self._trust = trust or ssl.create_default_context()

    async def send(self, message: Message, address: Address) -> Answer:
        """Send it; a thread that hangs is left behind, and ends with its time-out."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        mail = write_mail(message, address.to, self._bell.sender, self._clock.now())

        def settle(answer: Answer) -> None:
            if not future.done():
                future.set_result(answer)

        def run() -> None:
            answer = self._try(mail)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, answer)

        threading.Thread(target=run, name="smtp", daemon=True).start()
        return await future

    def _try(self, mail: EmailMessage) -> Answer:
        try:
            with self._connect() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            return _judge(code, said, theirs=True)
        except smtplib.SMTPResponseException as error:
            return _judge(error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            return refused(str(error))
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return later(str(error) or type(error).__name__)
        return DELIVERED

    def _connect(self) -> smtplib.SMTP:
        parts = urlsplit(self._bell.url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=PATIENCE, context=self._trust
            )
        else:
            server = smtplib.SMTP(host, port, timeout=PATIENCE)
        try:
            self._greet(server, is_safe=parts.scheme == "smtps")
        except BaseException:
            server.close()
            raise
        return server

    def _greet(self, server: smtplib.SMTP, *, is_safe: bool) -> None:
        server.ehlo()
        if not is_safe and server.has_extn("starttls"):
            server.starttls(context=self._trust)
            server.ehlo()
            is_safe = True
        if not self._bell.account:
            return
        if not is_safe:
            raise smtplib.SMTPNotSupportedError("it offers no TLS, and a password needs that")
        server.login(self._bell.account, self._bell.secret)


def write_mail(message: Message, to: str, sender: str, now: float) -> EmailMessage:
    """Write the mail; everything in its header is one line."""
    mail = EmailMessage(policy=CRLF)
    mail["From"], mail["To"], mail["Subject"] = sender, to, message.title
    domain = sender.rpartition("@")[2].strip("> ") or "lingdang"
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text + "\n")
    return mail


def _judge(code: int, said: bytes | str, *, theirs: bool = False) -> Answer:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    why = f"{code} {' '.join(text.split())}"[:200]
    return refused(why, theirs=theirs) if code >= 500 else later(why, 60.0)  # noqa: PLR2004 - SMTP's
