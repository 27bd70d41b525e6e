"""Sentences for people: why a rule decided, and what it is waiting for."""

from __future__ import annotations

from collections.abc import Iterator

from hub.model.alarm import Evidence
from hub.model.report import Quality
from hub.model.wording import name_point, write_event, write_span, write_value
from rules.plan import Program
from rules.state import NEVER, DeviceState, said_at

_MOST = 8


def gather(d: DeviceState, program: Program) -> tuple[Evidence, ...]:
    """Return the readings, and the event, that the program's answer rests on."""
    found = []
    if d.event:
        found.append(Evidence(point=f"event:{d.event}", value=None, at=d.now))
    for slot in program.slots[:_MOST]:
        at = said_at(d, slot)
        if at == NEVER and d.raw[slot] is None:
            continue
        value = d.raw[slot]
        at = at if at != NEVER else d.now
        quality = Quality.BAD if value is None else Quality.GOOD
        found.append(Evidence(point=d.plan.specs[slot].name, value=value, quality=quality, at=at))
    return tuple(found)


def describe(d: DeviceState, program: Program) -> dict[str, str]:
    """Return what the program looks at, as `name: value, …` in zh and en."""
    return {"zh": "，".join(_facts(d, program, "zh")), "en": ", ".join(_facts(d, program, "en"))}


def _facts(d: DeviceState, program: Program, language: str) -> Iterator[str]:
    colon = "：" if language == "zh" else ": "
    for slot in program.slots[:_MOST]:
        spec, life = d.plan.specs[slot], d.plan.lives[slot]
        value = d.values[slot]
        if life:
            value = d.raw[slot] if d.now < d.ats[slot] + life else None
        yield f"{name_point(spec, language)}{colon}{write_value(spec, value, language)}"
    if d.event:
        yield ("事件：" if language == "zh" else "event: ") + write_event(d.event, language)
    if program.by_arrival:
        yield _heard(d, language)


def _heard(d: DeviceState, language: str) -> str:
    since, _ = d.contact.silence(d.now)
    if since is None:
        return "从未收到消息" if language == "zh" else "never heard"
    age = write_span(max(0.0, round(d.now - since)) if d.now >= since else 0.0, language)
    return f"{age}未收到消息" if language == "zh" else f"not heard for {age}"


def _for(seconds: float) -> dict[str, str]:
    """Say for how long; nothing for an instant."""
    if not seconds:
        return {"zh": "", "en": ""}
    return {"zh": f"，持续 {write_span(seconds, 'zh')}", "en": f", for {write_span(seconds, 'en')}"}


def raised(d: DeviceState, program: Program, *, again: bool) -> dict[str, str]:
    """Say why an alarm is raised; `again` after a clear by hand."""
    facts = describe(d, program)
    hold = _for(program.rule.hold)
    zh, en = facts["zh"] + hold["zh"], facts["en"] + hold["en"]
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
    facts, release = describe(d, program), _for(program.rule.release)
    return {
        "zh": f"已恢复（{facts['zh']}）{release['zh']}",
        "en": f"back to normal ({facts['en']}){release['en']}",
    }


BY_HAND = {"zh": "人工消除", "en": "cleared by hand"}
RULE_GONE = {"zh": "规则已停用", "en": "its rule is no longer in force"}
DEVICE_GONE = {"zh": "设备已不在台账中", "en": "the device has left the books"}

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
