"""Whether a step says all that it has to say: words, closing code, and what fits the ticket."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hub.errors import InvalidRequestError
from hub.model.alarm import Urgency
from hub.model.detour import Rung
from hub.model.instant import day_from_text, day_number
from hub.model.spelling import suggest
from hub.model.ticket import ClosingCode, Ticket, TicketAction
from hub.services.tickets.effect import Asked
from hub.services.tickets.step_field import Faults
from hub.services.tickets.step_table import Transition
from hub.services.tickets.transition import asked_extension, same_person

FURTHEST = 366
"""Days ahead for which work can be planned; what has to wait longer is shelved."""


def why_no_day(day: str, now: float) -> Mapping[str, str]:
    """Say in both languages why work cannot be planned for a day; today's is no plan."""
    try:
        ahead = day_from_text(day) - day_number(now)
    except ValueError:
        return {"zh": "要写日期，如 2026-12-05", "en": "a day such as 2026-12-05"}
    if 0 < ahead <= FURTHEST:
        return {}
    return {
        "zh": f"要从明天起，{FURTHEST} 天以内；今天要干的活请选“普通”",
        "en": f"from tomorrow on, within {FURTHEST} days; what is due today is normal work",
    }


def check_fields(ticket: Ticket, asked: Asked, row: Transition, faults: Faults) -> None:
    """Raise InvalidRequestError with everything that is missing or wrong, `faults` among it."""
    wish = asked.wish
    missing = {
        name: {"zh": "必须填写", "en": f"{wish.do} needs it"}
        for name in row.needs
        if not getattr(wish, name).strip()
    }
    faults = {**missing, **faults}
    check = _CHECKS.get(wish.do)
    if check and not faults:
        faults = check(ticket, asked)
    if faults:
        listed = "; ".join(f"{name}: {words['en']}" for name, words in faults.items())
        said = "；".join(f"{name}：{words['zh']}" for name, words in faults.items())
        raise InvalidRequestError(
            f"{wish.do} is not complete: {listed}",
            faults=faults,
            zh=f"这一步（{wish.do}）还缺内容，或写得不对：{said}。",
        )


def _check_code(_ticket: Ticket, asked: Asked) -> Faults:
    codes, wish = [code.value for code in ClosingCode], asked.wish
    if wish.code and wish.code not in codes:
        nearest = suggest(wish.code, codes)
        words = {
            "zh": f"没有这个完工代码；只能是 {'、'.join(codes)}",
            "en": f"there is no closing code {wish.code!r}; {nearest}",
        }
        return {"code": words}
    if wish.code == ClosingCode.WONT_FIX and not wish.reason.strip():
        return {"reason": {"zh": "写明为什么不修", "en": "say why it is not repaired"}}
    return {}


def _check_until(ticket: Ticket, asked: Asked) -> Faults:
    if asked.extra["until"] > (ticket.finish_by or asked.now):
        return {}
    return {"until": {"zh": "要晚于现在的时限", "en": "it has to be later than the limit"}}


def _check_decision(ticket: Ticket, asked: Asked) -> Faults:
    extension = asked_extension(ticket)
    if extension and extension.rung is Rung.STREET and not asked.extra.get("street"):
        return {
            "street": {
                "zh": "第二次延期由街道批，写明街道谁批的",
                "en": "a second extension is the street's: say who there has decided it",
            }
        }
    return {}


def _check_grant(ticket: Ticket, asked: Asked) -> Faults:
    extension = asked_extension(ticket)
    if extension and extension.until <= asked.now:
        words = {
            "zh": "申请的时间已过，请退回，另写一次",
            "en": "what was asked for has passed; refuse it, and have another one asked for",
        }
        return {"until": words}
    return _check_decision(ticket, asked)


def _check_review(_ticket: Ticket, asked: Asked) -> Faults:
    if asked.extra["review"] > asked.now:
        return {}
    return {"review": {"zh": "要写将来的时间", "en": "it has to be in the future"}}


def _check_class(ticket: Ticket, asked: Asked) -> Faults:
    wanted = (
        asked.extra.get("class", ticket.class_),
        asked.extra.get("urgency", ticket.urgency),
    )
    day = asked.extra.get("planned", ticket.planned)
    if day != ticket.planned:
        return _check_day(day, asked.now, wanted[1])
    if wanted != (ticket.class_, ticket.urgency):
        return {}
    words = {
        "zh": "与现在一样，没有改动",
        "en": "nothing is changed: name another class, urgency or day",
    }
    return {"class": words}


def _check_day(day: str, now: float, urgency: Urgency) -> Faults:
    if urgency is not Urgency.PLANNED:
        words = {
            "zh": "只有计划的活才定日期，请同时选“计划”",
            "en": "only planned work has a day; set urgency = planned, too",
        }
        return {"planned": words}
    why = why_no_day(day, now)
    return {"planned": dict(why)} if why else {}


def _check_close(ticket: Ticket, asked: Asked) -> Faults:
    call = ticket.call_back
    if call is None or call.satisfied or asked.wish.reason.strip():
        return {}
    return {
        "reason": {
            "zh": "报修人不满意，写明为什么仍办结",
            "en": "the reporter is not satisfied: say why it is closed all the same",
        }
    }


def _check_call(_ticket: Ticket, asked: Asked) -> Faults:
    if asked.extra["satisfied"] or asked.wish.text.strip():
        return {}
    return {"text": {"zh": "写明哪里不满意", "en": "say what they are not satisfied with"}}


def _check_approver(_ticket: Ticket, asked: Asked) -> Faults:
    if not same_person(asked.extra["approver"], asked.wish.actor):
        return {}
    return {"approver": {"zh": "要由别人批准", "en": "another person has to approve it"}}


def _check_part(_ticket: Ticket, asked: Asked) -> Faults:
    return {"part": dict(asked.split.why_not)} if asked.split.why_not else {}


_CHECKS: dict[TicketAction, Callable[[Ticket, Asked], Faults]] = {
    TicketAction.COMPLETE: _check_code,
    TicketAction.EXTEND: _check_until,
    TicketAction.GRANT: _check_grant,
    TicketAction.REFUSE: _check_decision,
    TicketAction.SHELVE: _check_review,
    TicketAction.CLASSIFY: _check_class,
    TicketAction.CLOSE: _check_close,
    TicketAction.CALL_BACK: _check_call,
    TicketAction.SPLIT: _check_part,
    TicketAction.VOID: _check_approver,
}
"""Action → what is wrong with a wish whose fields can all be read."""
