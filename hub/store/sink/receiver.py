"""InfluxDB 2, or what takes its line protocol, over the client library's synchronous writing.

The library's batching writer is not used: it returns before anything has been sent, gives up
after a few tries, and drops what was refused with a line in a log.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol

import msgspec
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from hub.settings import InfluxSettings

TIMEOUT = 10.0
"""Real seconds that one request may take."""

_PRECISION: Any = WritePrecision.US
_WRONG_LINES = frozenset({400, 413, 422})
"""Not understood, too much at once, older than the store keeps: a smaller request may do."""
_LONGEST_WHY = 300


class Verdict(StrEnum):
    """What became of a request."""

    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict, and the reason where it is not good; `wait` is what the store asks for, in s."""

    verdict: Verdict
    why: str = ""
    wait: float = 0.0


class Receiver(Protocol):
    """Takes lines."""

    async def send(self, lines: Sequence[str]) -> Answer:
        """Send all lines in one request, and return once its outcome is known."""
        ...


class InfluxReceiver:
    """Sends over one client; a request runs in a thread of its own.

    The thread is a daemon, since a hub that stops must not wait for a store that hangs; what was
    under way is sent again after the start, and writing a point twice leaves one point.
    """

    def __init__(self, settings: InfluxSettings, *, timeout: float = TIMEOUT) -> None:
        self._settings = settings
        self._client = InfluxDBClient(
            url=settings.url,
            token=settings.token,
            org=settings.org,
            timeout=int(timeout * 1000),
        )
        self._write = self._client.write_api(write_options=SYNCHRONOUS).write

    async def send(self, lines: Sequence[str]) -> Answer:
        """Send all lines in one request; only a 2xx is TAKEN."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        threading.Thread(
            target=self._run, args=(lines, loop, future), name="influx", daemon=True
        ).start()
        return await future

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _run(
        self,
        lines: Sequence[str],
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Answer],
    ) -> None:
        answer = Answer(verdict=Verdict.LATER, why="the request broke off; the log has the trace")
        try:
            answer = self._post(lines)
        finally:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, future, answer)

    def _post(self, lines: Sequence[str]) -> Answer:
        try:
            self._write(self._settings.bucket, record=lines, write_precision=_PRECISION)
        except ApiException as error:
            return judge(error)
        except (HTTPError, OSError, UnicodeError) as error:
            return Answer(verdict=Verdict.LATER, why=f"{type(error).__name__}: {error}")
        return Answer(verdict=Verdict.TAKEN)


def judge(error: ApiException) -> Answer:
    """Return what an HTTP status other than 2xx means.

    A wrong token, bucket or address (401, 403, 404) is no fault of the lines: they wait until
    somebody has put it right, as they do for a store that is busy or broken.
    """
    said = str(error.message or error.reason or "").strip()[:_LONGEST_WHY]
    wait = str(error.retry_after or "")
    return Answer(
        verdict=Verdict.REFUSED if error.status in _WRONG_LINES else Verdict.LATER,
        why=f"HTTP {error.status}: {said}",
        wait=float(wait) if wait.isdecimal() else 0.0,
    )


def _settle(future: asyncio.Future[Answer], answer: Answer) -> None:
    if not future.done():
        future.set_result(answer)
