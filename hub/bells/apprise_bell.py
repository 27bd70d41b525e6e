"""Every service that Apprise knows and the hub does not: an extra; no other file imports it.

It brings an HTTP client of its own, which no guard of ours watches: its address is the
administrator's, from the settings alone. It says whether a message was taken, and not why not.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading

from hub.bells.channel import Address
from hub.bells.message import Message
from hub.config.bell_settings import BellSettings
from hub.courier.answer import DELIVERED, Answer, later, refused

PATIENCE = 30.0
"""Real seconds for a message."""


class AppriseChannel:
    """Sends by Apprise, in a thread that nobody waits for at the end."""

    def __init__(self, bell: BellSettings) -> None:
        self._url = bell.url

    async def send(self, message: Message, address: Address) -> Answer:
        """Send it."""
        del address
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()

        def settle(answer: Answer) -> None:
            if not future.done():
                future.set_result(answer)

        def run() -> None:
            answer = _notify(self._url, message)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, answer)

        threading.Thread(target=run, name="apprise", daemon=True).start()
        try:
            return await asyncio.wait_for(future, PATIENCE)
        except TimeoutError:
            return later(f"no answer within {PATIENCE:.0f} s")


def _notify(url: str, message: Message) -> Answer:
    try:
        return _try(url, message)
    except ImportError:
        return refused("apprise is not installed: pip install -r requirements/apprise.txt")
    except Exception as error:  # noqa: BLE001 - 176 plugins of many hands must not end the thread
        return later(f"Apprise has failed: {type(error).__name__}")


def _try(url: str, message: Message) -> Answer:
    import apprise  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - an extra

    service = apprise.Apprise()
    if not service.add(url):
        return refused("Apprise does not understand this address")
    body = "\n".join((*message.lines, message.link)).strip()
    if service.notify(title=message.title, body=body):
        return DELIVERED
    return later("the service did not take it; Apprise does not say why")
