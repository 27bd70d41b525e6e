"""A robot in a WeCom (企业微信) group: one POST to its address, which is its secret.

Request:  {"msgtype":"text","text":{"content":"…","mentioned_list":["userid"]}}, 2,048 bytes
Answer:   {"errcode":0,"errmsg":"ok"} in HTTP 200; 20 messages a minute for each robot
Source:   developer.work.weixin.qq.com/document/path/91770 and /90313 (codes). Not tried against
the real cloud.
"""

from __future__ import annotations

import msgspec

from hub.bells.channel import Address, Code, Conversation, Speak, judge_code
from hub.bells.message import Message
from hub.config.bell_settings import BellSettings
from hub.courier.answer import Request

LONGEST = 2048
"""Bytes of the text."""

CODES: dict[object, Code] = {
    -1: Code(why="WeCom is busy", again=5.0),
    45009: Code(why="more than 20 messages a minute", again=60.0),
    45033: Code(why="too many requests at once", again=10.0),
    93000: Code(why="the robot's address is wrong, or the robot was taken out of the group"),
    40058: Code(why="WeCom does not take this form of message"),
    93008: Code(why="the robot is not in the group any more"),
}


def make_speech(bell: BellSettings) -> Speak:
    """Return the conversation with one robot."""

    def speak(message: Message, address: Address, now: float) -> Conversation:
        del now
        text: dict[str, object] = {"content": cut(message.text, LONGEST)}
        if address.mention:
            text["mentioned_list"] = [address.mention]
        body = msgspec.json.encode({"msgtype": "text", "text": text})
        reply = yield Request(url=bell.url, body=body, headers={"content-type": "application/json"})
        return judge_code(reply, reply.data.get("errcode"), reply.data.get("errmsg"), CODES)

    return speak


def cut(text: str, limit: int) -> str:
    """Return as much of a text as fits into so many bytes, whole letters only."""
    return text.encode()[:limit].decode(errors="ignore")
