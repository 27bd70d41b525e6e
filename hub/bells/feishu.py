r"""A robot in a Feishu (飞书) group, with the security setting 签名校验.

Sign:     base64(HMAC-SHA256(key = "timestamp\nSECRET", text = "")), timestamp in seconds: what is
          signed elsewhere is the key here
Request:  {"timestamp":"…","sign":"…","msg_type":"text","content":{"text":"…"}}, 20 KB
Answer:   {"code":0,"msg":"success"} in HTTP 200 (older: StatusCode 0); 100 a minute, 5 a second
Source:   open.feishu.cn/document/client-docs/bot-v3/add-custom-bot. Not tried against the real
cloud.
"""

from __future__ import annotations

import base64
import hmac

import msgspec

from hub.bells.channel import Address, Code, Conversation, Speak, judge_code
from hub.bells.message import Message
from hub.bells.wecom_robot import cut
from hub.config.bell_settings import BellSettings
from hub.courier.answer import Request

LONGEST = 18_000
CODES: dict[object, Code] = {
    9499: Code(why="too many requests, or a form that is not taken", again=60.0),
    11232: Code(why="more messages than Feishu takes", again=60.0),
    19001: Code(why="the robot's address is wrong"),
    19002: Code(why="the form of the message is not taken"),
    19021: Code(why="the sign is wrong, or this machine's clock is an hour off"),
    19022: Code(why="this machine's address is not in the robot's list"),
    19024: Code(why="the robot wants a keyword that is not in the text"),
}


def sign(secret: str, seconds: int) -> str:
    """Return the sign."""
    digest = hmac.digest(f"{seconds}\n{secret}".encode(), b"", "sha256")
    return base64.b64encode(digest).decode()


def make_speech(bell: BellSettings) -> Speak:
    """Return the conversation with one robot."""

    def speak(message: Message, address: Address, now: float) -> Conversation:
        stamp = int(now)
        called = f'<at user_id="{address.mention}"></at> ' if address.mention else ""
        said = {
            "timestamp": str(stamp),
            "sign": sign(bell.secret, stamp),
            "msg_type": "text",
            "content": {"text": called + cut(message.text, LONGEST)},
        }
        reply = yield Request(
            url=bell.url,
            body=msgspec.json.encode(said),
            headers={"content-type": "application/json"},
        )
        data = reply.data
        code = data.get("code", data.get("StatusCode"))
        return judge_code(reply, code, data.get("msg", data.get("StatusMessage")), CODES)

    return speak
