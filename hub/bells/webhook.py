"""A program of one's own, told by Standard Webhooks: JSON with id, timestamp and signature.

    webhook-id: bell-…            the same whenever the same is told: take it once
    webhook-timestamp: 1764000000 refuse what is more than 300 s off
    webhook-signature: v1,BASE64  HMAC-SHA256 of "id.timestamp.body" under the secret behind whsec_

2xx is taken; 410 and other 4xx are refused for good; 429 and 5xx come again.
Source: github.com/standard-webhooks/standard-webhooks, spec 1.0.0.
"""

from __future__ import annotations

import msgspec

from hub.bells.channel import Address, Conversation, Speak
from hub.bells.message import Message
from hub.config.bell_settings import BellSettings
from hub.courier.answer import DELIVERED, Request, judge_status
from hub.courier.signature import signed_headers
from hub.model.instant import to_rfc3339

TYPE = "cn.lingdang.bell.v1"


def make_speech(bell: BellSettings) -> Speak:
    """Return the conversation with one receiver."""

    def speak(message: Message, address: Address, now: float) -> Conversation:
        del address
        body = _write(message, now)
        signed = signed_headers(bell.secret, message.id, now, body)
        headers = {"content-type": "application/json", **signed}
        reply = yield Request(url=bell.url, body=body, headers=headers)
        return judge_status(reply) or DELIVERED

    return speak


def _write(message: Message, now: float) -> bytes:
    data = {
        "ticket": message.ticket,
        "severity": message.severity,
        "title": message.title,
        "text": message.text,
        "place": message.where,
        "link": message.link,
        "test": message.test,
    }
    event = {"id": message.id, "type": TYPE, "timestamp": to_rfc3339(now), "data": data}
    return msgspec.json.encode(event)
