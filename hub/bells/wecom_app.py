"""A message of a WeCom application to one person: a token, good for two hours, then the message.

Token:    GET /cgi-bin/gettoken?corpid=…&corpsecret=… → {"errcode":0,"access_token":"…",
          "expires_in":7200}; asked for again only when it has lapsed, or WeCom says so
Request:  POST /cgi-bin/message/send?access_token=… {"touser":"userid","msgtype":"text",
          "agentid":1000002,"text":{"content":"…"}}, 2,048 bytes
Answer:   {"errcode":0,"invaliduser":"…"} in HTTP 200; 30 messages a minute for each person
Source:   developer.work.weixin.qq.com/document/path/90236, /91039, /90313 (codes). Not tried
against the real cloud.
"""

from __future__ import annotations

from collections.abc import Generator
from urllib.parse import urlencode

import msgspec

from hub.bells.channel import Address, Code, Conversation, Speak, judge_code
from hub.bells.message import Message
from hub.bells.wecom_robot import LONGEST, cut
from hub.config.bell_settings import BellSettings
from hub.courier.answer import Answer, Reply, Request, refused

HOST = "https://qyapi.weixin.qq.com"
MARGIN = 300.0
"""Seconds before its end from which a token is not used any more."""
_LAPSED = frozenset({40014, 42001})
"""Not valid, or too old: a new one is asked for, once."""

CODES: dict[object, Code] = {
    -1: Code(why="WeCom is busy", again=5.0),
    45009: Code(why="WeCom's limit is reached", again=60.0),
    45033: Code(why="too many requests at once", again=10.0),
    40001: Code(why="the application's secret is wrong"),
    40013: Code(why="the corporation's id is wrong"),
    40014: Code(why="WeCom does not take its own new token", again=60.0),
    42001: Code(why="WeCom does not take its own new token", again=60.0),
    40056: Code(why="the agent's number is wrong"),
    60020: Code(why="this machine's address is not among the application's trusted ones"),
    81013: Code(why="WeCom knows nobody by this userid, or he may not see it", theirs=True),
    40003: Code(why="this is no userid", theirs=True),
    301002: Code(why="the application may not use this agent"),
}


class _Token(msgspec.Struct):
    text: str = ""
    good_until: float = 0.0


def make_speech(bell: BellSettings) -> Speak:
    """Return the conversation with one application; it remembers the token."""
    token, host = _Token(), bell.url.rstrip("/") or HOST

    def speak(message: Message, address: Address, now: float) -> Conversation:
        for _ in range(2):
            if now >= token.good_until:
                failed = yield from _ask_token(bell, host, token, now)
                if failed:
                    return failed
            reply = yield _message(bell, host, token.text, message, address)
            if reply.data.get("errcode") not in _LAPSED:
                break
            token.good_until = 0.0
        return _judge(reply)

    return speak


def _ask_token(
    bell: BellSettings, host: str, token: _Token, now: float
) -> Generator[Request, Reply, Answer | None]:
    query = urlencode({"corpid": bell.account, "corpsecret": bell.secret})
    reply = yield Request(method="GET", url=f"{host}/cgi-bin/gettoken?{query}")
    found, lasts = reply.data.get("access_token"), reply.data.get("expires_in")
    if not isinstance(found, str) or not isinstance(lasts, int | float):
        code = reply.data.get("errcode")
        return judge_code(reply, code, reply.data.get("errmsg"), CODES, good=None)
    token.text, token.good_until = found, now + lasts - MARGIN
    return None


def _message(
    bell: BellSettings, host: str, token: str, message: Message, address: Address
) -> Request:
    body = {
        "touser": address.to,
        "msgtype": "text",
        "agentid": bell.agent,
        "text": {"content": cut(message.text, LONGEST)},
    }
    return Request(
        url=f"{host}/cgi-bin/message/send?{urlencode({'access_token': token})}",
        body=msgspec.json.encode(body),
        headers={"content-type": "application/json"},
    )


def _judge(reply: Reply) -> Answer:
    if reply.data.get("errcode") == 0 and reply.data.get("invaliduser"):
        return refused("81013: WeCom knows nobody by this userid", theirs=True)
    return judge_code(reply, reply.data.get("errcode"), reply.data.get("errmsg"), CODES)
