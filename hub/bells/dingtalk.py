r"""A robot in a DingTalk (钉钉) group, with the security setting 加签.

Address:  …/robot/send?access_token=… and &timestamp=MILLISECONDS&sign=… behind it
Sign:     urlencode(base64(HMAC-SHA256(key = SECRET, text = "timestamp\nSECRET")))
Request:  {"msgtype":"text","text":{"content":"…"},"at":{"atUserIds":["…"]}}
Answer:   {"errcode":0,"errmsg":"ok"} in HTTP 200; 20 messages a minute, then closed for 10
Source:   open.dingtalk.com/document/robots/custom-robot-access. Not tried against the real cloud.
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import urlencode

import msgspec

from hub.bells.channel import Address, Code, Conversation, Speak, judge_code
from hub.bells.message import Message
from hub.bells.wecom_robot import cut
from hub.config.bell_settings import BellSettings
from hub.courier.answer import Request

LONGEST = 20_000
CODES: dict[object, Code] = {
    -1: Code(why="DingTalk is busy", again=5.0),
    130101: Code(why="more than 20 messages a minute", again=600.0),
    410100: Code(why="more than 20 messages a minute", again=600.0),
    310000: Code(why="sign, keyword or address list of the robot does not fit; look at its secret"),
    300001: Code(why="the robot's token is wrong"),
    400101: Code(why="the robot's token is wrong, or the robot was taken out of the group"),
    300005: Code(why="the robot's token is wrong"),
    400102: Code(why="the robot is switched off"),
    43004: Code(why="the form of the message is not taken"),
}


def sign(secret: str, milliseconds: int) -> str:
    """Return the sign, not encoded for an address yet."""
    text = f"{milliseconds}\n{secret}"
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def make_speech(bell: BellSettings) -> Speak:
    """Return the conversation with one robot."""

    def speak(message: Message, address: Address, now: float) -> Conversation:
        stamp = int(now * 1000)
        query = urlencode({"timestamp": stamp, "sign": sign(bell.secret, stamp)})
        content = cut(message.text, LONGEST)
        said: dict[str, object] = {"msgtype": "text", "text": {"content": content}}
        if address.mention:
            said["at"] = {"atUserIds": [address.mention]}
        reply = yield Request(
            url=f"{bell.url}{'&' if '?' in bell.url else '?'}{query}",
            body=msgspec.json.encode(said),
            headers={"content-type": "application/json"},
        )
        return judge_code(reply, reply.data.get("errcode"), reply.data.get("errmsg"), CODES)

    return speak
