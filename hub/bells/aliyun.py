"""Alibaba Cloud (阿里云): SMS by SendSms, calls by SingleCallByTts, signed by ACS3-HMAC-SHA256.

Request:  POST / with everything in the query; headers x-acs-action, -version, -date,
          -signature-nonce, -content-sha256; Authorization over all of them
Answer:   {"Code":"OK","Message":"OK","BizId"/"CallId":"…"}; errors with 4xx and the same form
Template: 【签名】${level}：${what}，位置${where}，工单${number}，${until}   (35 letters each)
Source:   help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature (with
          an example that the tests repeat); dysmsapi 2017-05-25 SendSms, dyvmsapi 2017-05-25
          SingleCallByTts. Not tried against the real cloud.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import msgspec

from hub.bells.channel import Address, Code, Conversation, Speak, judge_code, receipted
from hub.bells.message import Message
from hub.config.bell_settings import BellSettings
from hub.courier.answer import Request

VERSION = "2017-05-25"
ALGORITHM = "ACS3-HMAC-SHA256"
_SMS, _VOICE = "https://dysmsapi.aliyuncs.com", "https://dyvmsapi.aliyuncs.com"
HOSTS = {
    "SendSms": _SMS,
    "QuerySendDetails": _SMS,
    "SingleCallByTts": _VOICE,
    "QueryCallDetailByCallId": _VOICE,
}
LONGEST = 35
"""Letters of one variable."""
CODES: dict[object, Code] = {
    "isv.BUSINESS_LIMIT_CONTROL": Code(why="this number has had too many messages", again=3600.0),
    "isv.MOBILE_NUMBER_ILLEGAL": Code(why="this is no number of a phone", theirs=True),
    "isv.MOBILE_COUNT_OVER_LIMIT": Code(why="too many numbers"),
    "isv.BLACK_KEY_CONTROL_LIMIT": Code(why="the number does not want messages", theirs=True),
    "isv.AMOUNT_NOT_ENOUGH": Code(why="the account has no money left"),
    "isv.OUT_OF_SERVICE": Code(why="the account is out of service"),
    "isv.SMS_SIGNATURE_ILLEGAL": Code(why="the sign (签名) is not approved"),
    "isv.SMS_TEMPLATE_ILLEGAL": Code(why="the template is not approved"),
    "isv.TEMPLATE_MISSING_PARAMETERS": Code(
        why="the template has other variables; see docs/bells.md"
    ),
    "isv.TTS_TEMPLATE_ILLEGAL": Code(why="the template is not approved"),
    "SignatureDoesNotMatch": Code(why="the AccessKey's secret is wrong"),
    "InvalidAccessKeyId.NotFound": Code(why="there is no such AccessKey"),
    "InvalidTimeStamp.Expired": Code(why="this machine's clock is wrong", again=60.0),
    "Throttling.User": Code(why="too many requests", again=60.0),
}


def authorise(
    account: str, secret: str, *, query: str, headers: Mapping[str, str], body: str = ""
) -> str:
    """Return the header Authorization of a POST to `/`; `headers` are those that count."""
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join(("POST", "/", query, lines, names, _digest(body)))
    text = f"{ALGORITHM}\n{_digest(canonical)}"
    signature = hmac.digest(secret.encode(), text.encode(), "sha256").hex()
    return f"{ALGORITHM} Credential={account},SignedHeaders={names},Signature={signature}"


def make_sms(bell: BellSettings) -> Speak:
    """Return the conversation that sends an SMS."""

    def fields(message: Message, address: Address) -> dict[str, str]:
        return {
            "PhoneNumbers": address.to,
            "SignName": bell.sign,
            "TemplateCode": bell.template,
            "TemplateParam": _variables(message),
            "OutId": message.id,
        }

    return lambda message, address, now: _call(bell, "SendSms", fields(message, address), now)


def make_voice(bell: BellSettings) -> Speak:
    """Return the conversation that has somebody called."""

    def fields(message: Message, address: Address) -> dict[str, str]:
        return {
            "CalledNumber": address.to,
            "TtsCode": bell.template,
            "TtsParam": _variables(message),
            "OutId": message.id[:15],
            **({"CalledShowNumber": bell.sender} if bell.sender else {}),
        }

    return lambda message, address, now: _call(
        bell, "SingleCallByTts", fields(message, address), now
    )


def signed_request(
    bell: BellSettings, action: str, fields: Mapping[str, str], now: float
) -> Request:
    """Return the request for one of the actions of `HOSTS`, signed."""
    base = bell.url.rstrip("/") or HOSTS[action]
    query = "&".join(f"{quote(key, '~')}={quote(fields[key], '~')}" for key in sorted(fields))
    headers = {
        "host": urlsplit(base).netloc,
        "x-acs-action": action,
        "x-acs-version": VERSION,
        "x-acs-date": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": secrets.token_hex(16),
        "x-acs-content-sha256": _digest(""),
    }
    signed = authorise(bell.account, bell.secret, query=query, headers=headers)
    return Request(url=f"{base}/?{query}", headers={**headers, "authorization": signed})


def _call(bell: BellSettings, action: str, fields: Mapping[str, str], now: float) -> Conversation:
    reply = yield signed_request(bell, action, fields, now)
    answer = judge_code(reply, reply.data.get("Code"), reply.data.get("Message"), CODES, good="OK")
    return receipted(answer, reply.data.get("BizId") or reply.data.get("CallId"))


def _variables(message: Message) -> str:
    pieces = {
        "level": message.level,
        "what": message.what,
        "where": message.where,
        "number": message.ticket,
        "until": message.due,
    }
    return msgspec.json.encode({key: text[:LONGEST] for key, text in pieces.items()}).decode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
