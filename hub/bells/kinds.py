"""Makes the channels that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import httpx2

from device_drivers.links.mqtt_dialler import Dialler
from hub.bells import (
    aliyun,
    aliyun_receipt,
    dingtalk,
    feishu,
    tencent,
    tencent_receipt,
    webhook,
    wecom_app,
    wecom_robot,
)
from hub.bells.apprise_bell import AppriseChannel
from hub.bells.channel import Address, Ask, Channel, Hear, Speak, Witness
from hub.bells.message import Message
from hub.bells.mqtt import MqttChannel
from hub.bells.post import Post, PostChannel, PostWitness
from hub.bells.smtp import SmtpChannel
from hub.clock import Clock
from hub.config.bell_settings import BellSettings
from hub.courier.answer import DELIVERED, Answer

OVER_HTTP: Mapping[str, Callable[[BellSettings], Speak]] = {
    "webhook": webhook.make_speech,
    "wecom_robot": wecom_robot.make_speech,
    "wecom_app": wecom_app.make_speech,
    "dingtalk": dingtalk.make_speech,
    "feishu": feishu.make_speech,
    "aliyun_sms": aliyun.make_sms,
    "aliyun_voice": aliyun.make_voice,
    "tencent_sms": tencent.make_sms,
    "tencent_voice": tencent.make_voice,
}
ASKED: Mapping[str, Callable[[BellSettings, Clock], Ask]] = {
    "aliyun_sms": aliyun_receipt.make_sms_ask,
    "aliyun_voice": aliyun_receipt.make_call_ask,
    "tencent_sms": tencent_receipt.make_sms_ask,
}
"""Kinds whose vendor can be asked what became of a message."""


class Pushed(NamedTuple):
    """How a vendor's push is read, and what it is answered."""

    hear: Hear
    taken: Mapping[str, object]


PUSHED: Mapping[str, Pushed] = {
    "aliyun_sms": Pushed(aliyun_receipt.hear_sms, aliyun_receipt.TAKEN),
    "aliyun_voice": Pushed(aliyun_receipt.hear_call, aliyun_receipt.TAKEN),
    "tencent_sms": Pushed(tencent_receipt.hear_sms, tencent_receipt.TAKEN),
    "tencent_voice": Pushed(tencent_receipt.hear_call, tencent_receipt.TAKEN),
}
"""Kinds whose vendor pushes what became of a message to an address of the hub."""


class ConsoleChannel:
    """The hub's own pages: what stands in the outbox is seen there."""

    async def send(self, message: Message, address: Address) -> Answer:
        """Do nothing more: it is there already."""
        del message, address
        return DELIVERED


def make_channel(
    bell: BellSettings, client: httpx2.AsyncClient, clock: Clock, dialler: Dialler | None
) -> Channel:
    """Make the channel of one [[bell]]."""
    if bell.kind in OVER_HTTP:
        return PostChannel(OVER_HTTP[bell.kind](bell), Post(client, clock))
    if bell.kind == "smtp":
        return SmtpChannel(bell, clock)
    if bell.kind == "mqtt":
        return MqttChannel(bell.id, dialler)
    return AppriseChannel(bell)


def make_witness(bell: BellSettings, client: httpx2.AsyncClient, clock: Clock) -> Witness | None:
    """Make who can be asked what became of messages of one [[bell]]; None where nobody can."""
    ask = ASKED.get(bell.kind)
    return PostWitness(ask(bell, clock), Post(client, clock)) if ask else None
