"""Laws of a receiver's door (`--secret`): it takes what is genuine, and nothing else.

The kit sends one incident that does not exist, marked as a test.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import httpx2
import msgspec

from hub.clock import SystemClock
from hub.courier.signature import WEBHOOK_SECRET, signed_headers
from hub.feeds.conformance.law import FEED, BrokenError, Law, UnfitError, demand
from hub.model.instant import to_rfc3339

PAGE = f"{FEED}#pushed-instead-of-pulled"
CONTENT = "application/cloudevents+json; charset=utf-8"
PATIENCE = 15.0
"""Seconds in which a receiver has to answer."""
STALE = 600.0
NUMBER = "CHECK-20260101-0001"
FALSE = WEBHOOK_SECRET + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


class Doorstep:
    """Sends test items to a receiver's address, signed with its secret or not."""

    def __init__(self, client: httpx2.AsyncClient, url: str, secret: str) -> None:
        self.secret = secret
        self._client = client
        self._url = url
        self._run = secrets.token_hex(3)

    async def open(self) -> None:
        """Knock once, or raise UnfitError where nobody answers."""
        try:
            await self._client.post(self._url, content=b"", timeout=PATIENCE)
        except httpx2.HTTPError as error:
            raise UnfitError(f"nobody answers at {self._url}: {error!r}") from error

    def item(self, revision: int = 2) -> tuple[str, bytes]:
        """Return a test item: its id, and the body; a higher revision has a higher number."""
        number = f"check{self._run}-{revision}"
        return number, msgspec.json.encode(_event(number, revision))

    def sign(
        self, number: str, body: bytes, *, secret: str = "", off: float = 0.0
    ) -> dict[str, str]:
        """Return the headers of a push, `off` seconds from now."""
        return signed_headers(secret or self.secret, number, SystemClock().now() + off, body)

    async def knock(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a push, and return the status of the answer."""
        head = {"content-type": CONTENT, **headers}
        try:
            answer = await self._client.post(
                self._url, content=body, headers=head, timeout=PATIENCE
            )
        except httpx2.HTTPError as error:
            raise BrokenError(f"no answer within {PATIENCE:.0f} s: {error!r}") from error
        return answer.status_code


async def takes_what_is_genuine(step: Doorstep) -> str:
    """Send an item, the same again, and one that is older than it."""
    number, body = step.item()
    for name, (each, content) in (
        ("an item", (number, body)),
        ("the same item again", (number, body)),
        ("an older revision", step.item(revision=1)),
    ):
        status = await step.knock(content, step.sign(each, content))
        demand(_is_good(status), f"{name} is not taken: HTTP {status}")
    return "taken, also again and late"


async def takes_one_of_two_signatures(step: Doorstep) -> str:
    """Send two signatures, as while a secret is changed: one of them is right."""
    number, body = step.item()
    headers = step.sign(number, body)
    false = step.sign(number, body, secret=FALSE)["webhook-signature"]
    headers["webhook-signature"] = f"{false} {headers['webhook-signature']}"
    status = await step.knock(body, headers)
    demand(_is_good(status), f"the second of two signatures is not looked at: HTTP {status}")
    return "the second signature counts"


async def refuses_forgeries(step: Doorstep) -> str:
    """Send what somebody else has signed, what was changed, and what has no signature."""
    number, body = step.item()
    good = step.sign(number, body)
    forged: tuple[tuple[str, bytes, Mapping[str, str]], ...] = (
        ("another's signature", body, step.sign(number, body, secret=FALSE)),
        ("a changed body", body + b" ", good),
        ("a changed id", body, {**good, "webhook-id": f"{number}9"}),
        ("no signature", body, {**good, "webhook-signature": ""}),
        ("no headers", body, {}),
    )
    for name, content, headers in forged:
        status = await step.knock(content, headers)
        demand(not _is_good(status), f"{name} is taken: HTTP {status}")
    return f"{len(forged)} forgeries refused"


async def refuses_what_is_stale(step: Doorstep) -> str:
    """Send what was signed ten minutes ago, and in ten minutes."""
    number, body = step.item()
    for off in (-STALE, STALE):
        status = await step.knock(body, step.sign(number, body, off=off))
        demand(not _is_good(status), f"what is {off:.0f} s off is taken: HTTP {status}")
    return "10 min off is refused"


async def answers_garbage(step: Doorstep) -> str:
    """Send what is signed, and no item: an answer has to come, and the next item be taken."""
    for garbage in (b"", b"\xff\xfe", b"[]", b'{"id":7}'):
        await step.knock(garbage, step.sign("check-0", garbage))
    number, body = step.item(revision=3)
    status = await step.knock(body, step.sign(number, body))
    demand(_is_good(status), f"behind garbage a good item is not taken: HTTP {status}")
    return "garbage does no harm"


def _is_good(status: int) -> bool:
    return status // 100 == 2  # noqa: PLR2004 - the class of statuses


def _event(number: str, revision: int) -> dict[str, Any]:
    now = to_rfc3339(SystemClock().now())
    data = {
        "id": NUMBER,
        "number": NUMBER,
        "revision": revision,
        "state": "new",
        "flags": [],
        "title": {"zh": "接口测试", "en": "conformance check"},
        "source": "grid",
        "subject": "check",
        "fault": "check",
        "severity": "warning",
        "urgency": "normal",
        "class": "general",
        "opened_at": now,
        "take_by": None,
        "arrive_by": None,
        "finish_by": None,
        "closed_at": None,
        "updated_at": now,
        "closing_code": "",
        "children": [],
        "folded_into": "",
        "place": "check",
        "place_names": ["接口测试"],
        "grid_code": "",
        "cases": [],
        "test": True,
    }
    return {
        "specversion": "1.0",
        "id": number,
        "source": "/communities/check/hub",
        "type": f"cn.lingdang.incident.{'opened' if revision == 1 else 'updated'}.v1",
        "subject": NUMBER,
        "time": now,
        "datacontenttype": "application/json",
        "data": data,
    }


LAWS: tuple[Law[Doorstep], ...] = (
    Law(
        id="door-genuine",
        zh="接收真实推送，重复与迟到无害",
        en="A genuine item is taken; again, or late, it does no harm.",
        page=PAGE,
        check=takes_what_is_genuine,
    ),
    Law(
        id="door-rotation",
        zh="多个签名中有一个正确即可",
        en="One right signature of several is enough.",
        page=PAGE,
        check=takes_one_of_two_signatures,
    ),
    Law(
        id="door-forged",
        zh="伪造或被改动的推送须拒绝",
        en="What is forged or changed is refused.",
        page=PAGE,
        check=refuses_forgeries,
    ),
    Law(
        id="door-stale",
        zh="超过 5 分钟的推送须拒绝",
        en="What is more than 5 minutes off is refused.",
        page=PAGE,
        check=refuses_what_is_stale,
    ),
    Law(
        id="door-garbage",
        zh="垃圾数据不影响后续接收",
        en="Garbage is answered, and does no harm.",
        page=PAGE,
        check=answers_garbage,
    ),
)
