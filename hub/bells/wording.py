"""The words of bells in both languages: what stands around a ticket's own title and reason."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from hub.model.alarm import Severity


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """One language; what stands in braces is filled in."""

    severity: Mapping[Severity, str]
    drill: str
    head: str
    where: str
    since: str
    ticket: str
    by: Mapping[str, str]
    """By a limit's field: until when what has to be done."""
    informed: str
    soon: str
    person: str
    phone_hidden: str
    name_hidden: str
    test: str
    test_lines: tuple[str, ...]
    nowhere: str
    nothing_to_do: str
    reason_parts: int
    """Parts of a reason, with a colon between them, that may leave the house; details follow."""

    def without_details(self, reason: str) -> str:
        """Return why somebody is rung, without such as who is not there."""
        return ": ".join(reason.split(": ")[: self.reason_parts])


ZH = Wording(
    severity={
        Severity.CRITICAL: "紧急",
        Severity.MAJOR: "严重",
        Severity.MINOR: "一般",
        Severity.WARNING: "提示",
    },
    drill="【演练】",
    head="【{severity}】{title}",
    where="位置：{place}",
    since="自 {at} 起",
    ticket="工单 {number}",
    by={
        "take_by": "请在 {at} 前接单",
        "arrive_by": "请在 {at} 前到场",
        "finish_by": "请在 {at} 前完工",
    },
    informed="知会，无需处理",
    soon="请尽快处理",
    person="通知 {name}",
    phone_hidden="（电话略）",
    name_hidden="（人名略）",
    test="铃铛测试",
    test_lines=(
        "这是测试，收到即可，无需处理。",
        "This is a test; nothing has to be done.",
    ),
    nowhere="无",
    nothing_to_do="无需处理",
    reason_parts=1,
)
EN = Wording(
    severity={
        Severity.CRITICAL: "CRITICAL",
        Severity.MAJOR: "MAJOR",
        Severity.MINOR: "MINOR",
        Severity.WARNING: "WARNING",
    },
    drill="[DRILL] ",
    head="[{severity}] {title}",
    where="Where: {place}",
    since="Since {at}",
    ticket="Ticket {number}",
    by={
        "take_by": "Take it by {at}",
        "arrive_by": "Be there by {at}",
        "finish_by": "Complete it by {at}",
    },
    informed="For your information; nothing to do",
    soon="As soon as you can",
    person="To {name}",
    phone_hidden="(phone)",
    name_hidden="(name)",
    test="Test of a bell",
    test_lines=(
        "This is a test; nothing has to be done.",
        "这是测试，收到即可，无需处理。",
    ),
    nowhere="nowhere",
    nothing_to_do="nothing to do",
    reason_parts=2,
)
WORDINGS: Mapping[str, Wording] = MappingProxyType({"zh": ZH, "en": EN})
"""By the code of a language."""
