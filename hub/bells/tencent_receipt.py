"""What Tencent Cloud tells of SMS and calls afterwards: SMS can be asked for, both are pushed.

SMS:      PullSmsSendStatusByPhoneNumber BeginTime, EndTime, Offset 0, Limit, PhoneNumber,
          SmsSdkAppId → {"Response":{"PullSmsSendStatusSet":[{"SerialNo":"…",
          "ReportStatus":"SUCCESS"/"FAIL","Description":"DELIVRD"}]}}
Call:     nothing can be asked
Pushed:   [{"sid":"…","report_status":"SUCCESS","errmsg":"DELIVRD"}];
          {"voiceprompt_callback":{"callid":"…","result":"0"}}: 0 answered, 1 not, 2 failed;
          {"voicekey_callback":{"callid":"…","keypress":"1"}};
          {"voice_failure_callback":{"callid":"…","failure_code":8,"failure_reason":"空号"}};
          answered by {"result":0,"errmsg":"OK"}
Source:   cloud.tencent.com/document/product/382/55976 (pull), /382/5807 (push of SMS),
          /1128/37725, /1128/37727 and /216/37726 (push of calls). Not tried against the real cloud.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub.bells.channel import Address, Ask, Enquiry
from hub.bells.receipt import News, Outcome, Receipt
from hub.bells.tencent import SMS, Service, international, signed_request
from hub.clock import Clock
from hub.config.bell_settings import BellSettings

PULL = Service(host=SMS.host, action="PullSmsSendStatusByPhoneNumber", version=SMS.version)
MARGIN = 120
"""Seconds before the vendor's answer at which a message may have been noted."""
TAKEN: Mapping[str, object] = {"result": 0, "errmsg": "OK"}
_REPORTS = {"SUCCESS": Outcome.DELIVERED, "FAIL": Outcome.MISSED}
_RESULTS = {
    "0": News(id="", outcome=Outcome.ANSWERED),
    "1": News(id="", outcome=Outcome.MISSED, why="1: nobody answered"),
    "2": News(id="", outcome=Outcome.MISSED, why="2: the call failed"),
}


def make_sms_ask(bell: BellSettings, clock: Clock) -> Ask:
    """Return how it is asked what became of an SMS."""

    def ask(receipt: Receipt, address: Address) -> Enquiry:
        fields = {
            "BeginTime": int(receipt.sent) - MARGIN,
            "EndTime": int(clock.now()) + 1,
            "Offset": 0,
            "Limit": 100,
            "PhoneNumber": international(address.to),
            "SmsSdkAppId": bell.app,
        }
        reply = yield signed_request(bell, PULL, fields, clock.now())
        response = reply.data.get("Response")
        found = response.get("PullSmsSendStatusSet") if isinstance(response, dict) else None
        ours = [
            each
            for each in (found if isinstance(found, list) else [])
            if isinstance(each, dict) and each.get("SerialNo") == receipt.id
        ]
        last = ours[-1] if ours else {}
        return _judge_sms(receipt.id, last.get("ReportStatus"), last.get("Description"))

    return ask


def hear_sms(pushed: object) -> Sequence[News]:
    """Read a push about SMS."""
    if not isinstance(pushed, list) or not all(isinstance(each, dict) for each in pushed):
        raise ValueError("it is no list of reports")
    return [
        _judge_sms(str(each["sid"]), each.get("report_status"), each.get("errmsg"))
        for each in pushed
        if "sid" in each
    ]


def hear_call(pushed: object) -> Sequence[News]:
    """Read a push about a call."""
    reports = pushed.items() if isinstance(pushed, dict) else ()
    if not reports:
        raise ValueError("it is no report of a call")
    return [
        _CALLS[name](str(body["callid"]), body)
        for name, body in reports
        if name in _CALLS and isinstance(body, dict) and "callid" in body
    ]


def _judge_sms(serial: str, status: object, said: object) -> News:
    outcome = _REPORTS.get(str(status), Outcome.AWAITED)
    why = str(said or "")[:200] if outcome is Outcome.MISSED else ""
    return News(id=serial, outcome=outcome, why=why)


def _prompt(call: str, body: Mapping[str, Any]) -> News:
    known = _RESULTS.get(str(body.get("result")), News(id="", outcome=Outcome.AWAITED))
    return News(id=call, outcome=known.outcome, why=known.why)


def _key(call: str, body: Mapping[str, Any]) -> News:
    return News(id=call, outcome=Outcome.ANSWERED, key=str(body.get("keypress", ""))[:8])


def _failure(call: str, body: Mapping[str, Any]) -> News:
    why = f"{body.get('failure_code')}: {body.get('failure_reason')}"
    return News(id=call, outcome=Outcome.MISSED, why=why[:200])


_CALLS: Mapping[str, Callable[[str, Mapping[str, Any]], News]] = {
    "voiceprompt_callback": _prompt,
    "voicekey_callback": _key,
    "voice_failure_callback": _failure,
}
