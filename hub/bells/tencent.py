"""Tencent Cloud (腾讯云): SMS by SendSms, calls by SendTts, signed by TC3-HMAC-SHA256.

Request:  POST / with JSON; headers X-TC-Action, -Version, -Timestamp, -Region; Authorization over
          content type, host and action
Answer:   {"Response":{"SendStatusSet":[{"Code":"Ok",…}],"RequestId":"…"}}, for calls
          {"Response":{"SendStatus":{…}}}; {"Response":{"Error":{"Code":…}}}, all in HTTP 200
Template: {1}：{2}，位置{3}，工单{4}，{5}
Source:   cloud.tencent.com/document/api/382/52072 (signature v3, with an example that the tests
          repeat), /55981 SendSms 2021-01-11; /1128/51558 SendTtsVoice 2020-09-02. Not tried
          against the real cloud.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from hub.bells.channel import Address, Code, Conversation, Speak, judge_code, receipted
from hub.bells.message import Message
from hub.config.bell_settings import BellSettings
from hub.courier.answer import Reply, Request

ALGORITHM = "TC3-HMAC-SHA256"
CONTENT = "application/json; charset=utf-8"
REGION = "ap-guangzhou"
LONGEST = 30
"""Letters of one variable."""
CODES: dict[object, Code] = {
    "LimitExceeded.PhoneNumberDailyLimit": Code(why="this number has had too many", again=3600.0),
    "LimitExceeded.PhoneNumberOneHourLimit": Code(why="this number has had too many", again=600.0),
    "LimitExceeded.PhoneNumberThirtySecondLimit": Code(why="one each 30 s", again=30.0),
    "RequestLimitExceeded": Code(why="too many requests", again=10.0),
    "InternalError": Code(why="Tencent Cloud has failed", again=30.0),
    "InvalidParameterValue.IncorrectPhoneNumber": Code(why="this is no number", theirs=True),
    "FailedOperation.PhoneNumberInBlacklist": Code(why="it does not want messages", theirs=True),
    "FailedOperation.InsufficientBalanceInSmsPackage": Code(why="the package is used up"),
    "FailedOperation.SignatureIncorrectOrUnapproved": Code(why="the sign (签名) is not approved"),
    "FailedOperation.TemplateIncorrectOrUnapproved": Code(why="the template is not approved"),
    "AuthFailure.SignatureFailure": Code(why="the secret key is wrong"),
    "AuthFailure.SecretIdNotFound": Code(why="there is no such secret id"),
    "AuthFailure.SignatureExpire": Code(why="this machine's clock is wrong", again=60.0),
    "UnauthorizedOperation.SdkAppIdIsDisabled": Code(why="the application is switched off"),
}


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One of Tencent's services, and the call that is made of it."""

    host: str
    action: str
    version: str


SMS = Service(host="sms.tencentcloudapi.com", action="SendSms", version="2021-01-11")
VOICE = Service(host="vms.tencentcloudapi.com", action="SendTtsVoice", version="2020-09-02")


def derive(secret: str, day: str, service: str) -> bytes:
    """Return the key of a day and a service."""
    key = ("TC3" + secret).encode()
    for word in (day, service, "tc3_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    return key


def text_to_sign(headers: Mapping[str, str], body: bytes, now: int, scope: str) -> str:
    """Return what is signed of a POST to `/`."""
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join(("POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return "\n".join((ALGORITHM, str(now), scope, digest))


def seal(key: bytes, text: str) -> str:
    """Return the signature of a text under the key of its day."""
    return hmac.digest(key, text.encode(), "sha256").hex()


def authorise(
    account: str, secret: str, *, headers: Mapping[str, str], body: bytes, now: int, service: str
) -> str:
    """Return the header Authorization of a POST to `/`; `headers` are those that count."""
    day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    names = ";".join(sorted(headers))
    signature = seal(derive(secret, day, service), text_to_sign(headers, body, now, scope))
    return f"{ALGORITHM} Credential={account}/{scope}, SignedHeaders={names}, Signature={signature}"


def make_sms(bell: BellSettings) -> Speak:
    """Return the conversation that sends an SMS."""

    def fields(message: Message, address: Address) -> dict[str, Any]:
        return {
            "PhoneNumberSet": [international(address.to)],
            "SmsSdkAppId": bell.app,
            "SignName": bell.sign,
            "TemplateId": bell.template,
            "TemplateParamSet": _variables(message),
            "SessionContext": message.id,
        }

    return lambda message, address, now: _call(bell, SMS, fields(message, address), now)


def make_voice(bell: BellSettings) -> Speak:
    """Return the conversation that has somebody called."""

    def fields(message: Message, address: Address) -> dict[str, Any]:
        return {
            "CalledNumber": international(address.to),
            "VoiceSdkAppid": bell.app,
            "TemplateId": bell.template,
            "TemplateParamSet": _variables(message),
            "SessionContext": message.id,
        }

    return lambda message, address, now: _call(bell, VOICE, fields(message, address), now)


def signed_request(
    bell: BellSettings, service: Service, fields: Mapping[str, Any], now: float
) -> Request:
    """Return the request for a service, signed."""
    base = bell.url.rstrip("/") or f"https://{service.host}"
    host, body = urlsplit(base).netloc, msgspec.json.encode(fields)
    counting = {
        "content-type": CONTENT,
        "host": host,
        "x-tc-action": service.action.lower(),
    }
    signed = authorise(
        bell.account,
        bell.secret,
        headers=counting,
        body=body,
        now=int(now),
        service=service.host.partition(".")[0],
    )
    headers = {
        "content-type": CONTENT,
        "host": host,
        "authorization": signed,
        "x-tc-action": service.action,
        "x-tc-version": service.version,
        "x-tc-timestamp": str(int(now)),
        "x-tc-region": bell.region or REGION,
    }
    return Request(url=base + "/", body=body, headers=headers)


def _call(
    bell: BellSettings, service: Service, fields: Mapping[str, Any], now: float
) -> Conversation:
    reply = yield signed_request(bell, service, fields, now)
    code, said, receipt = _outcome(reply)
    return receipted(judge_code(reply, code, said, CODES, good="Ok"), receipt)


def _outcome(reply: Reply) -> tuple[object, object, object]:
    """Return the code, what is said of it, and the vendor's id of the message."""
    response = reply.data.get("Response")
    if not isinstance(response, dict):
        return None, "", None
    error = response.get("Error")
    if isinstance(error, dict):
        return error.get("Code"), error.get("Message"), None
    status = response.get("SendStatus") or response.get("SendStatusSet")
    status = status[0] if isinstance(status, list) and status else status
    if not isinstance(status, dict):
        return None, "", None
    call, serial = status.get("CallId"), status.get("SerialNo")
    # A call that was placed has an id, and no code.
    return status.get("Code", "Ok" if call else None), status.get("Message"), call or serial


def _variables(message: Message) -> list[str]:
    pieces = (message.level, message.what, message.where, message.ticket, message.due)
    return [text[:LONGEST] for text in pieces]


def international(phone: str) -> str:
    """Return a number as E.164 writes it; without a country it is a Chinese one."""
    return phone if phone.startswith("+") else f"+86{phone}"
