"""Sentences for people: why a rule decided, and what it is waiting for."""

from __future__ import annotations

from typing import Any

from hub.model.alarm import Evidence
from hub.model.report import Quality
from rules.duration import write_duration
from rules.plan import Program
from rules.state import NEVER, DeviceState

_MOST = 8
_WORDS_ZH = {True: "是", False: "否", None: "未知"}
_WORDS_EN = {True: "yes", False: "no", None: "unknown"}


def gather(d: DeviceState, program: Program) -> tuple[Evidence, ...]:
    """Return the readings, and the event, that the program's answer rests on."""
    found = []
    if d.event:
        found.append(Evidence(point=f"event:{d.event}", value=None, at=d.now))
    for slot in program.slots[:_MOST]:
        if d.ats[slot] == NEVER and d.raw[slot] is None:
            continue
        value = d.raw[slot]
        at = d.ats[slot] if d.ats[slot] != NEVER else d.now
        quality = Quality.BAD if value is None else Quality.GOOD
        found.append(Evidence(point=d.plan.specs[slot].name, value=value, quality=quality, at=at))
    return tuple(found)


def _write(value: Any, words: dict[Any, str], unit: str) -> str:  # noqa: ANN401
    if value is None or isinstance(value, bool):
        return words[value]
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}" if unit else text


def describe(d: DeviceState, program: Program) -> dict[str, str]:
    """Return what the program looks at, as `name: value, …` in zh and en."""
    zh, en = [], []
    for slot in program.slots[:_MOST]:
        spec, life = d.plan.specs[slot], d.plan.lives[slot]
        value = d.values[slot]
        if life:
            value = d.raw[slot] if d.now < d.ats[slot] + life else None
        zh.append(f"{spec.zh or spec.name}：{_write(value, _WORDS_ZH, spec.unit)}")
        en.append(f"{spec.en or spec.name}: {_write(value, _WORDS_EN, spec.unit)}")
    if d.event:
        zh.append(f"事件 {d.event}")
        en.append(f"event {d.event}")
    if program.by_arrival:
        zh.append(_heard(d, zh=True))
        en.append(_heard(d, zh=False))
    return {"zh": "，".join(zh), "en": ", ".join(en)}


def _heard(d: DeviceState, *, zh: bool) -> str:
    since, _ = d.contact.silence(d.now)
    if since is None:
        return "从未收到消息" if zh else "never heard"
    age = write_duration(max(0.0, round(d.now - since))) if d.now >= since else "0s"
    return f"{age} 未收到消息" if zh else f"not heard for {age}"


def raised(d: DeviceState, program: Program, *, again: bool) -> dict[str, str]:
    """Say why an alarm is raised; `again` after a clear by hand."""
    facts = describe(d, program)
    hold = program.rule.hold
    zh = f"{facts['zh']}，持续 {write_duration(hold)}" if hold else facts["zh"]
    en = f"{facts['en']}, for {write_duration(hold)}" if hold else facts["en"]
    if again:
        return {
            "zh": f"人工消除后仍存在（{zh}）",
            "en": f"still there after a clear by hand ({en})",
        }
    return {"zh": zh, "en": en}


def changed(d: DeviceState, program: Program) -> dict[str, str]:
    """Say why an alarm has become worse."""
    facts = describe(d, program)
    return {"zh": f"情况加重（{facts['zh']}）", "en": f"it has become worse ({facts['en']})"}


def cleared(d: DeviceState, program: Program) -> dict[str, str]:
    """Say why an alarm clears."""
    facts, release = describe(d, program), program.rule.release
    zh = f"已恢复（{facts['zh']}）" + (f"，持续 {write_duration(release)}" if release else "")
    en = f"back to normal ({facts['en']})" + (f", for {write_duration(release)}" if release else "")
    return {"zh": zh, "en": en}


BY_HAND = {"zh": "人工消除", "en": "cleared by hand"}
RULE_GONE = {"zh": "规则已停用", "en": "its rule is no longer in force"}

STATES = {
    "raised": {"zh": "告警中", "en": "raised"},
    "holding": {"zh": "条件成立，等待持续时间", "en": "holds, waiting for its time"},
    "unknown": {"zh": "数据未知，无法判断", "en": "not known, nothing can be said"},
    "quiet": {"zh": "正常", "en": "nothing wrong"},
}


def explained(d: DeviceState, program: Program, state: str) -> dict[str, str]:
    """Say in what state the rule is, and what it looks at."""
    facts = describe(d, program)
    words = STATES[state]
    return {
        "zh": f"{words['zh']}（{facts['zh']}）" if facts["zh"] else words["zh"],
        "en": f"{words['en']} ({facts['en']})" if facts["en"] else words["en"],
    }
