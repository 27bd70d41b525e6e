"""Vendors on loopback that check what their documentation says they check, signatures included.

Each is written from the vendor's page, and not from the hub's code: a sign that both got wrong in
the same way would otherwise go through.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

SECRET = "SECret-of-the-test"
WEBHOOK_KEY = bytes(range(32))
WEBHOOK_SECRET = "whsec_" + base64.b64encode(WEBHOOK_KEY).decode()


class Asked(NamedTuple):
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    raw: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def body(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.raw)


class Said(NamedTuple):
    """An answer; `raw` goes out as it is where it is given."""

    status: str = "200 OK"
    data: Any = None
    headers: Mapping[str, str] = {}
    raw: bytes | None = None
    after: float = 0.0


Judge = Callable[[Asked], Said]


class Vendor:
    """A server that judges each request; `next` are answers that come first, whatever was asked."""

    def __init__(self, judge: Judge, scheme: str = "http") -> None:
        self.judge = judge
        self.scheme = scheme
        self.next: list[Said] = []
        self.asked: list[Asked] = []
        self.port = 0
        self._guests: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = asyncio.current_task()
        assert guest
        self._guests.add(guest)
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            asked = await _read(reader)
            self.asked.append(asked)
            said = self.next.pop(0) if self.next else self.judge(asked)
            await asyncio.sleep(said.after)
            writer.write(_spell(said))
            await writer.drain()
        self._guests.discard(guest)
        writer.close()

    async def see_off(self) -> None:
        guests = [*self._guests]
        for guest in guests:
            guest.cancel()
        await asyncio.gather(*guests, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Asked:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = lines[0].split(" ")
    pairs = (line.partition(": ") for line in lines[1:] if line)
    headers = {name.lower(): text for name, _, text in pairs}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, target, headers, raw)


def _spell(said: Said) -> bytes:
    body = json.dumps(said.data).encode() if said.raw is None else said.raw
    lines = [f"HTTP/1.1 {said.status}", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name}: {text}" for name, text in said.headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def vending(judge: Judge, tls: ssl.SSLContext | None = None) -> AsyncIterator[Vendor]:
    """Serve on a free port while the block runs."""
    vendor = Vendor(judge, "http" if tls is None else "https")
    server = await asyncio.start_server(vendor.receive, "127.0.0.1", 0, ssl=tls)
    vendor.port = server.sockets[0].getsockname()[1]
    try:
        yield vendor
    finally:
        server.close()
        await vendor.see_off()
        await server.wait_closed()


def sha256(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


def webhook(asked: Asked) -> Said:
    """Standard Webhooks: signature over id, timestamp and body; 300 s; else 401."""
    signed = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode()
    due = "v1," + base64.b64encode(sha256(WEBHOOK_KEY, signed + asked.raw)).decode()
    fresh = abs(time.time() - int(asked.headers["webhook-timestamp"])) < 300
    given = asked.headers["webhook-signature"].split(" ")
    return Said("204 No Content", raw=b"") if due in given and fresh else Said("401 Unauthorized")


def wecom_robot(asked: Asked) -> Said:
    """A robot's key; text of at most 2,048 bytes."""
    if asked.query.get("key") != "k-1":
        return Said(data={"errcode": 93000, "errmsg": "invalid webhook url"})
    body = asked.body
    if body["msgtype"] != "text" or len(body["text"]["content"].encode()) > 2048:
        return Said(data={"errcode": 40058, "errmsg": "invalid request parameter"})
    return Said(data={"errcode": 0, "errmsg": "ok"})


class WecomApp:
    """Tokens that lapse when `lapse` says so; an agent and one user."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.lapsed: set[str] = set()

    def __call__(self, asked: Asked) -> Said:
        if asked.path == "/cgi-bin/gettoken":
            return self._token(asked.query)
        token = asked.query.get("access_token", "")
        if token in self.lapsed:
            return Said(data={"errcode": 42001, "errmsg": "access_token expired"})
        if token not in self.tokens:
            return Said(data={"errcode": 40014, "errmsg": "invalid access_token"})
        body = asked.body
        if body["agentid"] != 1000002 or body["msgtype"] != "text":
            return Said(data={"errcode": 40056, "errmsg": "invalid agentid"})
        if body["touser"] != "WangWei":
            return Said(data={"errcode": 0, "errmsg": "ok", "invaliduser": body["touser"]})
        return Said(data={"errcode": 0, "errmsg": "ok", "msgid": "m"})

    def _token(self, query: Mapping[str, str]) -> Said:
        if query != {"corpid": "corp", "corpsecret": SECRET}:
            return Said(data={"errcode": 40001, "errmsg": "invalid credential"})
        self.tokens.append(f"t{len(self.tokens)}")
        return Said(data={"errcode": 0, "access_token": self.tokens[-1], "expires_in": 7200})


def dingtalk(asked: Asked) -> Said:
    """The sign of timestamp and secret under the secret; within an hour."""
    stamp = asked.query.get("timestamp", "0")
    due = base64.b64encode(sha256(SECRET.encode(), f"{stamp}\n{SECRET}".encode())).decode()
    raw = dict(part.partition("=")[::2] for part in urlsplit(asked.target).query.split("&"))
    if unquote(raw.get("sign", "")) != due or abs(time.time() * 1000 - int(stamp)) > 3_600_000:
        return Said(data={"errcode": 310000, "errmsg": "sign not match"})
    if asked.query.get("access_token") != "tok":
        return Said(data={"errcode": 300001, "errmsg": "token is not exist"})
    assert asked.body["msgtype"] == "text"
    return Said(data={"errcode": 0, "errmsg": "ok"})


def feishu(asked: Asked) -> Said:
    """The sign of nothing under timestamp and secret; within an hour."""
    body = asked.body
    due = base64.b64encode(sha256(f"{body['timestamp']}\n{SECRET}".encode(), b"")).decode()
    if body["sign"] != due or abs(time.time() - int(body["timestamp"])) > 3600:
        return Said(
            data={"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}
        )
    assert body["msg_type"] == "text"
    return Said(data={"code": 0, "msg": "success", "data": {}})


def aliyun(asked: Asked) -> Said:
    """ACS3-HMAC-SHA256 over the headers that Authorization names."""
    scheme, _, rest = asked.headers["authorization"].partition(" ")
    parts = dict(part.partition("=")[::2] for part in rest.split(","))
    names = parts["SignedHeaders"].split(";")
    must = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce"}
    lines = "".join(f"{name}:{asked.headers[name].strip()}\n" for name in names)
    digest = hashlib.sha256(asked.raw).hexdigest()
    canonical = f"POST\n/\n{urlsplit(asked.target).query}\n{lines}\n{';'.join(names)}\n{digest}"
    text = f"{scheme}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    if not must <= set(names) or asked.headers["x-acs-content-sha256"] != digest:
        return Said("400 Bad Request", {"Code": "MissingParameter", "Message": "headers"})
    if parts["Signature"] != sha256(SECRET.encode(), text.encode()).hex():
        return Said("400 Bad Request", {"Code": "SignatureDoesNotMatch", "Message": "no"})
    query = asked.query
    if asked.headers["x-acs-action"].startswith("Query"):
        return Said(data=_aliyun_detail(asked.headers["x-acs-action"], query))
    phone = query.get("PhoneNumbers") or query.get("CalledNumber", "")
    if not (phone.isdigit() and len(phone) == 11):
        return Said(data={"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "no number"})
    json.loads(query.get("TemplateParam") or query["TtsParam"])
    name = "BizId" if "TemplateParam" in query else "CallId"
    return Said(data={"Code": "OK", "Message": "OK", name: "1^2"})


def _aliyun_detail(action: str, query: Mapping[str, str]) -> dict[str, Any]:
    """QuerySendDetails: number, day and id have to fit; QueryCallDetailByCallId: id, kind, day."""
    today = time.strftime("%Y%m%d", time.gmtime(time.time() + 8 * 3600))
    if action == "QuerySendDetails":
        asked_for = (query["PhoneNumber"], query["BizId"], query["SendDate"])
        part = {"SendStatus": 2, "ErrCode": "MOBILE_NOT_ON_SERVICE", "PhoneNum": asked_for[0]}
        found = [part] if asked_for == ("13900000000", "1^2", today) else []
        return {
            "Code": "OK",
            "TotalCount": len(found),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": found},
        }
    since = int(query["QueryDate"]) / 1000
    fits = query["CallId"] == "1^2" and query["ProdId"] == "11000000300006"
    if not fits or not since <= time.time() <= since + 86_400:
        return {"Code": "OK", "Message": "OK", "Data": ""}
    detail = {"state": "200003", "stateDesc": "no answer", "duration": 0, "callee": "139"}
    return {"Code": "OK", "Message": "OK", "Data": json.dumps(detail)}


def tencent(asked: Asked) -> Said:
    """TC3-HMAC-SHA256 over content type, host and action."""
    given = asked.headers["authorization"]
    names = given.partition("SignedHeaders=")[2].partition(",")[0]
    lines = "".join(f"{name}:{asked.headers[name].lower()}\n" for name in names.split(";"))
    digest = hashlib.sha256(asked.raw).hexdigest()
    canonical = f"POST\n/\n\n{lines}\n{names}\n{digest}"
    stamp = asked.headers["x-tc-timestamp"]
    day = time.strftime("%Y-%m-%d", time.gmtime(int(stamp)))
    service = "vms" if asked.headers["x-tc-action"] == "SendTtsVoice" else "sms"
    named = given.partition("Credential=")[2].partition(",")[0].split("/")
    key = b"TC3" + SECRET.encode()
    for word in (day, named[2], "tc3_request"):
        key = sha256(key, word.encode())
    scope = "/".join(named[1:])
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    if not given.endswith("Signature=" + sha256(key, text.encode()).hex()) or named[2] != service:
        error = {"Code": "AuthFailure.SignatureFailure", "Message": "no"}
        return Said(data={"Response": {"Error": error, "RequestId": "r"}})
    body = asked.body
    if service == "vms":
        status = {"CallId": "c", "SessionContext": body["SessionContext"]}
        return Said(data={"Response": {"SendStatus": status, "RequestId": "r"}})
    if asked.headers["x-tc-action"] == "PullSmsSendStatusByPhoneNumber":
        return Said(data={"Response": {"PullSmsSendStatusSet": _tencent_status(body)}})
    good = body["PhoneNumberSet"][0].startswith("+86139")
    code = "Ok" if good else "InvalidParameterValue.IncorrectPhoneNumber"
    status = {"Code": code, "Message": "said", "PhoneNumber": body["PhoneNumberSet"][0]}
    status |= {"SerialNo": "5000:1"} if good else {}
    return Said(data={"Response": {"SendStatusSet": [status], "RequestId": "r"}})


def _tencent_status(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every SMS to a number in a span of at most 7 days, other ones among them."""
    assert (body["Offset"], body["SmsSdkAppId"]) == (0, "1400000000")
    assert body["PhoneNumber"] == "+8613900000000"
    if not body["BeginTime"] <= time.time() <= body["EndTime"]:
        return []
    other = {"SerialNo": "5000:0", "ReportStatus": "SUCCESS", "Description": "DELIVRD"}
    return [other, {"SerialNo": "5000:1", "ReportStatus": "FAIL", "Description": "MK:0001"}]
