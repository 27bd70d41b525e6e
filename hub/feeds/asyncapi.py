"""`GET /grid/v1/asyncapi.json`: what is pushed, and what the feed tells, as AsyncAPI 3.

Its schemas are made of the structs that describe the feed's answers, so that there is one contract.
The hub's MQTT dialect has a document of its own, `docs/asyncapi.json`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from fastapi import Request, Response

from hub.access.policy import REFERENCE, Call
from hub.feeds.incident import TYPE, TYPES
from hub.feeds.shape import FeedItem
from hub.model.access import Role

VERSION = "3.0.0"
MEDIA = "application/cloudevents+json; charset=utf-8"
HEADERS = {
    "webhook-id": "the item's id, the same whenever it comes",
    "webhook-timestamp": "seconds of this attempt",
    "webhook-signature": "v1, and the base64 of HMAC-SHA256 over `id.timestamp.body`",
}
"""Of a pushed item, by Standard Webhooks."""
PREFIX, SUFFIX = TYPE.split("{}")
PUSH, FEED = "push", "feed"


async def read_document(_request: Request) -> Response:
    """Describe pushes and the feed."""
    return Response(msgspec.json.encode(asyncapi_document()), media_type="application/json")


@cache
def asyncapi_document() -> dict[str, Any]:
    """Return the document; made once."""
    (item,), schemas = msgspec.json.schema_components((FeedItem,), ref_template=REFERENCE)
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Incidents of a community, for platforms",
            "version": "1.0.0",
            "description": "Seen from the hub: it sends. CloudEvents 1.0, in order for each"
            " incident; docs/grid-feed.md tells it in words.",
        },
        "defaultContentType": MEDIA,
        "channels": {
            PUSH: _channel(None, "The address of a subscription (`POST /grid/v1/subscriptions`)."),
            FEED: _channel("/grid/v1/feed", "Pages of `items`; `next` is where to go on."),
        },
        "operations": {
            "pushItem": _operation(PUSH, "Pushes an item, until it is taken", "POST"),
            "tellItem": _operation(FEED, "Gives items to whoever asks from a cursor on", "GET"),
        },
        "components": {
            "messages": {_word(kind): _message(kind, item) for kind in TYPES},
            "schemas": schemas,
        },
    }


def _channel(address: str | None, description: str) -> dict[str, Any]:
    messages = {word: {"$ref": f"#/components/messages/{word}"} for word in map(_word, TYPES)}
    return {"address": address, "description": description, "messages": messages}


def _operation(channel: str, summary: str, method: str) -> dict[str, Any]:
    return {
        "action": "send",
        "summary": summary,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{_word(kind)}"} for kind in TYPES],
        "bindings": {"http": {"method": method, "bindingVersion": "0.3.0"}},
    }


def _message(kind: str, item: dict[str, Any]) -> dict[str, Any]:
    headers = {name: {"type": "string", "description": what} for name, what in HEADERS.items()}
    return {
        "name": kind,
        "contentType": MEDIA,
        "headers": {"type": "object", "description": "of a push", "properties": headers},
        "payload": {"allOf": [item, {"type": "object", "properties": {"type": {"const": kind}}}]},
    }


def _word(kind: str) -> str:
    """Return the name of a type's message: what stands between `incident.` and `.v1`."""
    return kind.removeprefix(PREFIX).removesuffix(SUFFIX)


CALLS = (
    Call(
        method="GET",
        path="/asyncapi.json",
        answer=read_document,
        roles=frozenset({Role.GRID, Role.ADMINISTRATOR}),
        operation="readAsyncApi",
        about="What is pushed, and what the feed tells, as AsyncAPI",
        shows=dict[str, Any],
    ),
)
