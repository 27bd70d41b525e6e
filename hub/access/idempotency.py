"""`Idempotency-Key`: a POST that is sent again gets the first answer, and happens once.

A mark is stored before the effect and the answer after it. A hub that dies between the two knows
on return that the outcome is unknown, and says so instead of doing it again: a gate opens once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

import msgspec
from fastapi import Request, Response

from hub.access.web_ports import WebPorts
from hub.errors import HubError, InvalidRequestError, RepetitionError
from hub.model.access import Identity
from hub.ports import Document

ANSWERS = "idempotency"
HEADER = "idempotency-key"
KEPT_FOR = 24 * 3600.0
LONGEST = 255
UNKNOWN_OUTCOME = 0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A remembered answer; `status` 0 marks a request whose outcome is not known (yet)."""

    request: str
    at: float
    status: int = UNKNOWN_OUTCOME
    body: str = ""
    media_type: str = ""
    location: str = ""

    def is_live(self, now: float) -> bool:
        """Tell whether the answer still counts at `now`."""
        return now < self.at + KEPT_FOR


class ShownOnce(Response):
    """An answer with a secret; what is remembered, and given again, is `kept`, without it."""

    kept: bytes = b""


class Repetition:
    """Lets each keyed POST happen once; the keys under way are in memory."""

    def __init__(self, ports: WebPorts) -> None:
        self._ports = ports
        self._under_way: set[str] = set()

    async def once(
        self, request: Request, who: Identity, act: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Run `act`, or give the answer that it gave the first time.

        Raises InvalidRequestError for the same key with another request, and RepetitionError while
        the first is under way or when its outcome is unknown. A failed `act` is not remembered.
        """
        key = request.headers.get(HEADER, "")
        if not key:
            return await act()
        if len(key) > LONGEST:
            raise InvalidRequestError(f"Idempotency-Key is longer than {LONGEST} characters.")
        name = hashlib.sha256(f"{who.name}\n{who.machine}\n{key}".encode()).hexdigest()
        if name in self._under_way:
            raise RepetitionError(
                "The first request with this Idempotency-Key is still under way.", first="under_way"
            )
        self._under_way.add(name)
        try:
            return await self._once(name, await request_digest(request), act)
        finally:
            self._under_way.discard(name)

    async def _once(
        self, name: str, digest: str, act: Callable[[], Awaitable[Response]]
    ) -> Response:
        earlier = await self._earlier(name)
        if earlier is not None:
            return replay(earlier, digest)
        mark = Answer(request=digest, at=self._ports.clock.now())
        await self._store(name, mark)
        try:
            response = await act()
        except HubError:
            await self._store(name, None)
            raise
        await self._store(name, _remembered(mark, response))
        return response

    async def _earlier(self, name: str) -> Answer | None:
        body = await self._ports.books.document(ANSWERS, name)
        answer = msgspec.json.decode(body, type=Answer) if body else None
        if answer is None or not answer.is_live(self._ports.clock.now()):
            return None
        return answer

    async def _store(self, name: str, answer: Answer | None) -> None:
        body = None if answer is None else msgspec.json.encode(answer)
        now = self._ports.clock.now()
        await self._ports.desk.write([Document(collection=ANSWERS, key=name, body=body, at=now)])


async def once(request: Request, who: Identity, act: Callable[[], Awaitable[Response]]) -> Response:
    """Let a POST happen once, by the `Repetition` of the router that answers it."""
    repetition: Repetition = request.state.repetition
    return await repetition.once(request, who, act)


async def request_digest(request: Request) -> str:
    """Return the digest of what is asked: method, path, query and body."""
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(head + await request.body()).hexdigest()


def replay(answer: Answer, digest: str) -> Response:
    """Give a remembered answer again, byte for byte."""
    if answer.request != digest:
        raise InvalidRequestError(
            "This Idempotency-Key was used for another request; use a new key for a new request."
        )
    if answer.status == UNKNOWN_OUTCOME:
        raise RepetitionError(
            "The hub stopped during the first request with this Idempotency-Key, and its outcome "
            "is unknown; look at what happened, then use a new key.",
            first="unknown",
        )
    headers = {"location": answer.location} if answer.location else None
    return Response(
        answer.body, status_code=answer.status, media_type=answer.media_type, headers=headers
    )


def _remembered(mark: Answer, response: Response) -> Answer:
    body = response.kept if isinstance(response, ShownOnce) else bytes(response.body)
    return msgspec.structs.replace(
        mark,
        status=response.status_code,
        body=body.decode(),
        media_type=response.headers.get("content-type", "application/json"),
        location=response.headers.get("location", ""),
    )
