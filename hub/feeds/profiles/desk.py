"""What a platform gets that fetches from us by its profile: pages, and answers to its steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from hub.access.web_ports import WebPorts
from hub.errors import ConflictError, HubError, InvalidRequestError, NotFoundError, StoreError
from hub.feeds.profiles.carrier import ProfileCarrier
from hub.feeds.profiles.doorkeeper import DoorError, Doorkeeper
from hub.feeds.profiles.facts import Item, open_item
from hub.feeds.profiles.filling import fill_fields, read_instant, write_instant
from hub.feeds.profiles.pages import UpdateIndex, Window
from hub.feeds.profiles.receiver import Receiver
from hub.feeds.profiles.stepper import Stepper
from hub.feeds.profiles.stepping import read_record
from hub.feeds.profiles.wire import TYPES, nest, plain, read_body, write_body
from hub.model.profile import PULL, Pull, Transport
from hub.ports import FeedRow

INCIDENTS, ACTIONS = "incidents", "actions"
MOST_PAGE, DIGITS = 1_000_000, 7
STATUS = {
    "sign": 401,
    "expired": 401,
    "replayed": 401,
    "address": 403,
    "invalid": 422,
    "unknown": 404,
    "conflict": 409,
    "gone": 410,
    "failed": 503,
}


class Asked(NamedTuple):
    """A request of theirs: header names in lower case, `query` its parameters."""

    address: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


class Answered(NamedTuple):
    """Our answer in their form; `reason` says why it is a no."""

    status: int
    body: bytes
    media: str
    reason: str = ""


class PullDesk:
    """Answers one receiver."""

    def __init__(self, receiver: Receiver, ports: WebPorts, carrier: ProfileCarrier) -> None:
        self._receiver = receiver
        self._ports = ports
        self._carrier = carrier
        self._door = Doorkeeper(receiver, ports.clock)
        self._index = UpdateIndex(ports.books, receiver.place, carrier.wants)
        self._stepper = Stepper(receiver, ports)

    async def answer(self, call: str, asked: Asked) -> Answered:
        """Answer one call; what is refused is said in their envelope, with its reason."""
        try:
            params = self._read(asked)
            flat = {name: plain(value) for name, value in params.items() if _is_plain(value)}
            auth = self._receiver.profile.auth
            in_body = auth.where == "body" or auth.body == "fields"
            signed = flat if in_body else asked.query
            self._door.admit(asked.address, asked.headers, signed, asked.body)
            if call == INCIDENTS:
                return self._say(await self._page(flat))
            return self._say(await self._step(params))
        except HubError as error:
            return self._refuse(error)

    def _read(self, asked: Asked) -> dict[str, Any]:
        """Return what they ask, out of query and body."""
        params: dict[str, Any] = dict(asked.query)
        if asked.body:
            try:
                params |= read_body(serving(self._receiver.profile.transport), asked.body)
            except ValueError as error:
                raise DoorError("invalid", str(error)) from error
        return params

    async def _page(self, params: Mapping[str, str]) -> dict[str, Any]:
        pull, now = self._pull, self._ports.clock.now()
        start = self._instant(pull.start, params.get(pull.start, ""), 0.0)
        end = self._instant(pull.end, params.get(pull.end, ""), now)
        window = await self._index.page(
            start - pull.overlap,
            end,
            now=now,
            number=_count(pull.page, params.get(pull.page, ""), 1, MOST_PAGE),
            size=_count(pull.size, params.get(pull.size, ""), pull.page_size, 1000),
        )
        if params.get(pull.start) and start < window.kept_from:
            since = write_instant(self._receiver.profile.time, window.kept_from)
            raise DoorError("gone", f"what was before {since} is not kept; begin there")
        return await self._describe(window)

    async def _describe(self, window: Window) -> dict[str, Any]:
        profile, envelope = self._receiver.profile, self._receiver.profile.envelope
        rows = [nest(await self._row(row)) for row in window.rows]
        said: dict[str, Any] = {envelope.list: rows, envelope.total: window.total}
        said[envelope.as_of] = write_instant(profile.time, window.until)
        return {path: value for path, value in said.items() if path}

    async def _row(self, row: FeedRow) -> dict[str, Any]:
        profile, item = self._receiver.profile, open_item(row.body)
        facts = await self._carrier.gather(item)
        facts |= _case_of(item, self._receiver.name)
        return fill_fields(profile, profile.fields_of(PULL), facts, lenient=True)

    async def _step(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Take a step of theirs; one that is older than the case is a yes that changes nothing."""
        if self._receiver.profile.steps is None:
            raise DoorError("invalid", "the profile has no [steps]")
        try:
            await self._stepper.take(read_record(self._receiver.profile, dict(params)))
        except InvalidRequestError as error:
            raise DoorError(
                "unknown" if "code" in error.problems else "invalid", str(error)
            ) from error
        except NotFoundError as error:
            raise DoorError("unknown", str(error)) from error
        except ConflictError as error:
            raise DoorError("conflict", str(error)) from error
        return {}

    def _instant(self, name: str, text: str, default: float) -> float:
        try:
            return read_instant(self._receiver.profile.time, text) if text else default
        except (ValueError, OverflowError):
            form = self._receiver.profile.time.format
            raise DoorError("invalid", f"{name}: {text[:40]!r} is not {form}") from None

    def _refuse(self, error: HubError) -> Answered:
        reason = error.reason if isinstance(error, DoorError) else "failed"
        if not isinstance(error, DoorError | StoreError):
            raise error
        envelope = self._receiver.profile.envelope
        code = envelope.errors.get(reason, reason)
        status = 200 if envelope.status == "200" else STATUS[reason]
        answered = self._write(status, {envelope.code or "code": _number(code)}, str(error))
        return answered._replace(reason=reason)

    def _say(self, more: Mapping[str, Any]) -> Answered:
        envelope = self._receiver.profile.envelope
        yes = {envelope.code: _number(envelope.ok[0])} if envelope.code and envelope.ok else {}
        return self._write(200, {**yes, **more}, "ok")

    def _write(self, status: int, fields: Mapping[str, Any], message: str) -> Answered:
        transport = serving(self._receiver.profile.transport)
        name = self._receiver.profile.envelope.message
        said = {**fields, name: message} if name else fields
        if transport.format == "form":
            return Answered(status, msgspec.json.encode(nest(said)), TYPES["json"])
        return Answered(status, write_body(transport, said), TYPES[transport.format])

    @property
    def _pull(self) -> Pull:
        return self._receiver.profile.pull or Pull()


def serving(transport: Transport) -> Transport:
    """Return a transport as who answers has it: SOAP names answers otherwise than requests."""
    if transport.format != "soap":
        return transport
    return msgspec.structs.replace(
        transport,
        operation=f"{transport.operation}Response",
        argument=transport.result,
        result=transport.argument,
    )


def _case_of(item: Item, receiver: str) -> dict[str, Any]:
    """Return their number and state as they were with this item."""
    own = (case for case in item.data["cases"] if case["receiver"] == receiver)
    return next(({"case.number": each["number"], "case.state": each["state"]} for each in own), {})


def _count(name: str, text: str, default: int, most: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS and 0 < int(text) <= most):
        raise DoorError("invalid", f"{name}: {text[:40]!r} is no number from 1 to {most}")
    return int(text)


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict | list) and value is not None


def _number(code: str) -> str | int:
    """Write a code that looks like a number as one: `"code":0` is what such platforms expect."""
    return int(code) if code.isascii() and code.isdecimal() and len(code) <= DIGITS else code
