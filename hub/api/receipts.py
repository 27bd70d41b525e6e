"""Where vendors of SMS and calls push what became of a message: behind a word that is a secret.

Their pushes have no signature; the secret stands in the address that is pasted at the vendor's.
"""

from __future__ import annotations

import msgspec
from fastapi import Request, Response

from hub.access.allowance import Allowance, Limit, address_of
from hub.access.http import ports_of
from hub.access.policy import EVERYBODY, Call
from hub.api.paging import json_response
from hub.errors import InvalidRequestError, NotFoundError

LIMITS = {
    "wrong": Limit(count=20, seconds=600.0),
    "push": Limit(count=1200, seconds=60.0),
}
"""Wrong words by address; pushes in all, of which each may have many receipts."""


async def take_receipts(request: Request, bell: str, word: str) -> Response:
    """Take what a vendor pushes; answered in the vendor's own form, once it is stored."""
    allowance: Allowance = request.state.receipts
    allowance.check("wrong", address_of(request))
    allowance.check("push")
    try:
        taken = await ports_of(request).bells.receive(bell, word, _decode(await request.body()))
    except NotFoundError:
        allowance.take("wrong", address_of(request))
        raise
    # Only who has the word counts: strangers cannot use up what is the vendor's.
    allowance.take("push")
    return json_response(dict(taken))


def _decode(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError("it is no JSON", zh="不是 JSON。") from error


CALLS = (
    Call(
        method="POST",
        path="/receipts/{bell}/{word}",
        answer=take_receipts,
        roles=EVERYBODY,
        operation="takeReceipts",
        about="Takes what a vendor of SMS or calls tells of messages",
        shows=dict[str, str | int],
        problems=(429,),
    ),
)
