"""What Alibaba Cloud tells of SMS and calls afterwards: asked for, or pushed by its HTTP mode.

SMS:      QuerySendDetails PhoneNumber, BizId, SendDate (yyyyMMdd) → {"Code":"OK",
          "SmsSendDetailDTOs":{"SmsSendDetailDTO":[{"SendStatus":3,"ErrCode":"DELIVERED",…}]}};
          1 awaits its receipt, 2 failed, 3 delivered
Call:     QueryCallDetailByCallId CallId, ProdId (11000000300006: 语音通知), QueryDate (ms; the day
          of the call, from that instant on) → {"Code":"OK","Data":"…"}, a text that
          is JSON, {"state":"200000","duration":12,…};
          Data comes minutes after the call, and is empty until then
Pushed:   SmsReport [{"biz_id":"…","success":true,"err_code":"DELIVERED"}]; VoiceReport and
          VoiceCallReport [{"call_id":"…","status_code":"200000","dtmf":"1"}]; answered by
          {"code":0,"msg":"…"} within 700 ms, otherwise pushed again after 1, 5 and 10 minutes
Source:   help.aliyun.com/document_detail/419277 (QuerySendDetails), /393529
          (QueryCallDetailByCallId), /55085 (status codes), /zh/sms/developer-reference/smsreport-2,
          /zh/vms/voicereport-6 and voicecallreport-4. Not tried against the real cloud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hub.bells.aliyun import signed_request
from hub.bells.channel import Address, Ask, Enquiry
from hub.bells.receipt import News, Outcome, Receipt
from hub.clock import Clock
from hub.config.bell_settings import BellSettings
from hub.model.instant import day_number, local_day, start_of_day

NOTIFICATION = "11000000300006"
MARGIN = 120.0
"""Seconds before the vendor's answer at which a call may have been noted."""
TAKEN: Mapping[str, object] = {"code": 0, "msg": "OK"}
KEY_PRESSED = "300000"
_ANSWERED = frozenset({"200000", "200001", "200008", "200100", "200103", KEY_PRESSED})
_MISSED = {
    "200002": "the line was busy",
    "200003": "nobody answered",
    "200005": "the phone could not be reached, or the call was refused",
    "200007": "the phone is out of reach",
    "200010": "the phone is off",
    "200118": "the vendor may not call at this hour",
    "200121": "the account has too many calls at once",
}
_LOST = {
    "200004": "this is no number of a phone",
    "200006": "the voice file is broken",
    "200011": "the number is out of service",
    "200117": "the number that is shown is not allowed",
}


def make_sms_ask(bell: BellSettings, clock: Clock) -> Ask:
    """Return how it is asked what became of an SMS."""

    def ask(receipt: Receipt, address: Address) -> Enquiry:
        fields = {
            "PhoneNumber": address.to,
            "BizId": receipt.id,
            "SendDate": local_day(receipt.sent),
            "PageSize": "10",
            "CurrentPage": "1",
        }
        reply = yield signed_request(bell, "QuerySendDetails", fields, clock.now())
        details = _part(_part(reply.data, "SmsSendDetailDTOs"), "SmsSendDetailDTO")
        found = details[0] if isinstance(details, list) and details else None
        status, why = _part(found, "SendStatus"), str(_part(found, "ErrCode") or "")
        return News(id=receipt.id, outcome=_SMS.get(str(status), Outcome.AWAITED), why=why)

    return ask


def make_call_ask(bell: BellSettings, clock: Clock) -> Ask:
    """Return how it is asked what became of a call."""

    def ask(receipt: Receipt, address: Address) -> Enquiry:
        del address
        since = max(start_of_day(day_number(receipt.sent)), receipt.sent - MARGIN)
        fields = {
            "CallId": receipt.id,
            "ProdId": NOTIFICATION,
            "QueryDate": str(round(since * 1000)),
        }
        reply = yield signed_request(bell, "QueryCallDetailByCallId", fields, clock.now())
        detail = _decoded(reply.data.get("Data"))
        return _judge_call(receipt.id, detail.get("state"), detail.get("dtmf"))

    return ask


def hear_sms(pushed: object) -> Sequence[News]:
    """Read a push of SmsReport."""
    return [
        News(
            id=str(each["biz_id"]),
            outcome=Outcome.DELIVERED if each["success"] is True else Outcome.MISSED,
            why="" if each["success"] is True else str(each.get("err_code", "")),
        )
        for each in _list(pushed, "biz_id", "success")
    ]


def hear_call(pushed: object) -> Sequence[News]:
    """Read a push of VoiceReport or VoiceCallReport."""
    return [
        _judge_call(str(each["call_id"]), each["status_code"], each.get("dtmf"))
        for each in _list(pushed, "call_id", "status_code")
    ]


_SMS: Mapping[str, Outcome] = {"2": Outcome.MISSED, "3": Outcome.DELIVERED}


def _judge_call(call: str, state: object, key: object) -> News:
    """Say what a state means; one that nobody knows, or of a call under way, is no news."""
    code = str(state)
    if code in _ANSWERED:
        pressed = str(key)[:8] if isinstance(key, str) else ""
        return News(id=call, outcome=Outcome.ANSWERED, key=pressed)
    if code in _MISSED:
        return News(id=call, outcome=Outcome.MISSED, why=f"{code}: {_MISSED[code]}")
    if code in _LOST:
        return News(id=call, outcome=Outcome.LOST, why=f"{code}: {_LOST[code]}")
    return News(id=call, outcome=Outcome.AWAITED)


def _part(found: object, name: str) -> Any:  # noqa: ANN401 - JSON
    return found.get(name) if isinstance(found, dict) else None


def _decoded(text: object) -> dict[str, Any]:
    """Read JSON that stands as text in JSON; empty where it is none."""
    try:
        found = msgspec.json.decode(text) if isinstance(text, str) else None
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _list(pushed: object, *needs: str) -> list[dict[str, Any]]:
    """Return the reports of a push that have what is needed; ValueError where it is no push."""
    if not isinstance(pushed, list) or not all(isinstance(each, dict) for each in pushed):
        raise ValueError("it is no list of reports")
    return [each for each in pushed if all(name in each for name in needs)]
