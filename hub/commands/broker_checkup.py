"""What `lingdang doctor` makes of a broker: its version, its figures, and whom it lets in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hub.commands.broker_probe import Conversation, Heard, Visitor, examine, trespass, visiting
from hub.commands.finding import Finding, Verdict
from hub.errors import LinkError


class Patient(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at besides the configuration.

    `device` is a user to try the ACL with, `port` its port (0: the hub's), `backup` a copy of the
    database.
    """

    device: str = ""
    password: str = ""
    port: int = 0
    backup: Path | None = None


def check_broker(hub: Visitor, community: str, patient: Patient) -> Iterator[Finding]:
    """Look at the broker as the hub's user, as nobody, and as a device where one is given."""
    try:
        with visiting(hub) as talk:
            yield from judge(examine(talk, community))
            if patient.device:
                yield _check_device(talk, hub, community, patient)
    except LinkError as error:
        yield Finding(
            "broker", Verdict.WRONG, "连不上 broker。", f"{error}.", "check [mqtt] and its log"
        )
        return
    yield _check_anonymous(hub)


def judge(heard: Heard) -> Iterator[Finding]:
    """Judge what the broker said of itself."""
    yield judge_version(heard.figures.get("version", ""))
    yield Finding(
        "durability",
        Verdict.WARNING,
        "从外面看不到 broker 是否落盘。",
        "Whether what is acknowledged is on disk cannot be seen from outside.",
        "compare mosquitto.conf with `lingdang broker-config`",
    )
    yield _judge_dropped(heard.figures.get("publish/messages/dropped", ""))
    told = ", ".join(f"{name} {value}" for name, value in sorted(heard.figures.items()))
    yield Finding("figures", Verdict.OK, "broker 的计数。", f"$SYS: {told or 'nothing'}.")
    good = heard.qos == 1
    yield Finding(
        "qos",
        Verdict.OK if good else Verdict.WRONG,
        f"订阅得到 QoS {heard.qos}。",
        f"Subscriptions were granted QoS {heard.qos}.",
        "" if good else "let the hub's user subscribe with QoS 1",
    )
    yield _judge_way(heard.seconds)


def judge_version(text: str) -> Finding:
    """Say what the broker's version is known not to keep."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if found is None:
        zh, en = "读不到 broker 版本。", "The broker does not say its version in $SYS."
        return Finding("version", Verdict.WARNING, zh, en, "let the hub's user read $SYS/#")
    version = tuple(map(int, found.groups()))
    faults = []
    if version < (2, 1, 0):
        faults = [
            "an acknowledgement is durable only after the next autosave",
            "on a full disk it may damage its file and not start again",
        ]
    if version < (2, 0, 13):
        faults.append("it does not keep to the hub's receive window")
    if not faults:
        return Finding("version", Verdict.OK, f"{text}。", f"{text}: no known defect.")
    en = f"{text}: {'; '.join(faults)}."
    return Finding(
        "version", Verdict.WARNING, f"{text} 有已知缺陷。", en, "give it a partition of its own"
    )


def _judge_dropped(text: str) -> Finding:
    if not text.isdigit():
        zh, en = "读不到丢弃计数。", "The broker does not say what it has dropped."
        return Finding("dropped", Verdict.WARNING, zh, en, "let the hub's user read $SYS/#")
    dropped = int(text)
    if not dropped:
        return Finding("dropped", Verdict.OK, "没有丢弃消息。", "No message was dropped.")
    en = f"The broker has dropped {dropped} messages since its start."
    zh = f"broker 启动以来丢弃了 {dropped} 条消息。"
    return Finding("dropped", Verdict.WARNING, zh, en, "see max_queued_messages and offline users")


def _judge_way(seconds: float | None) -> Finding:
    if seconds is None:
        zh, en = "自己的消息没有回来。", "The doctor's own message did not come back."
        step = "renew the ACL by `lingdang broker-config`"
        return Finding("round-trip", Verdict.WRONG, zh, en, step)
    zh = f"往返 {seconds * 1000:.0f} ms；MQTT 不给时间，时钟无法核对。"
    en = f"There and back in {seconds * 1000:.0f} ms; MQTT tells no time, so no clock was compared."
    return Finding("round-trip", Verdict.OK, zh, en)


def _check_anonymous(hub: Visitor) -> Finding:
    nobody = msgspec.structs.replace(hub, user="", password="", client_id=f"{hub.client_id}-x")
    try:
        with visiting(nobody):
            zh, en = "无需密码即可连接。", "Anybody may connect without a password."
            return Finding("anonymous", Verdict.WRONG, zh, en, "allow_anonymous false")
    except LinkError:
        return Finding(
            "anonymous", Verdict.OK, "匿名连接被拒绝。", "Nobody comes in without a name."
        )


def _check_device(talk: Conversation, hub: Visitor, community: str, patient: Patient) -> Finding:
    device = msgspec.structs.replace(
        hub,
        user=patient.device,
        password=patient.password,
        port=patient.port or hub.port,
        client_id=f"{hub.client_id}-device",
    )
    try:
        with visiting(device) as other:
            reads, writes = trespass(talk, other, community)
    except LinkError as error:
        zh, en = "设备用户未能试验。", f"The device's user could not be tried: {error}."
        return Finding("acl", Verdict.WARNING, zh, en, "check its password and --device-port")
    if reads or writes:
        what = " and ".join(word for word, can in (("read", reads), ("write", writes)) if can)
        en = f"{patient.device} can {what} what is not its own."
        return Finding("acl", Verdict.WRONG, "设备越权。", en, "use the ACL of broker-config")
    return Finding("acl", Verdict.OK, "设备不能越权。", "A device keeps to its own topics.")
