"""Makes the channels that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx2

from device_drivers.links.mqtt_dialler import Dialler
from hub.bells import aliyun, dingtalk, feishu, tencent, webhook, wecom_app, wecom_robot
from hub.bells.apprise_bell import AppriseChannel
from hub.bells.channel import DELIVERED, Address, Answer, Channel, Speak
from hub.bells.message import Message
from hub.bells.mqtt import MqttChannel
from hub.bells.post import PostChannel
from hub.bells.smtp import SmtpChannel
from hub.clock import Clock
from hub.config.bell_settings import BellSettings

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
        return PostChannel(OVER_HTTP[bell.kind](bell), client, clock)
    if bell.kind == "smtp":
        return SmtpChannel(bell, clock)
    if bell.kind == "mqtt":
        return MqttChannel(bell.id, dialler)
    return AppriseChannel(bell)
