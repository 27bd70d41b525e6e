"""Open311's services: the choices of what can be wrong, and which of them a fault belongs to."""

from __future__ import annotations

from hub.errors import NotFoundError
from hub.feeds.open311.shape import Service
from hub.model.spelling import suggest
from hub.model.ticket import plain_fault
from hub.model.trouble import OTHER, TROUBLE_BY_ID, TROUBLES, Trouble
from hub.model.wording import KINDS, TRADES

CHANGESET = "2026-11-30 00:00"
"""When a service was last added, renamed or taken away: clients then fetch the list anew."""
NAMED_KINDS = 2
"""Of so many kinds at most a service's name says which it is about."""
_REPORTED = "report."
_BY_FAULT = {fault: each.id for each in TROUBLES for fault in each.faults.values()}


def list_of_services() -> list[Service]:
    """Return every service, in the order of the pages on which residents choose."""
    return [_describe(each) for each in TROUBLES]


def service_name(code: str) -> str:
    """Return what people call a service."""
    trouble = TROUBLE_BY_ID[code]
    named = trouble.kinds and not trouble.places and len(trouble.kinds) <= NAMED_KINDS
    kinds = "、".join(KINDS[kind][0] for kind in trouble.kinds) if named else ""
    return f"{kinds}：{trouble.zh}" if kinds else trouble.zh


def service_of(fault: str) -> str:
    """Return the service that a ticket's fault belongs to; `other` for one that has none."""
    plain = plain_fault(fault)
    code = _BY_FAULT.get(plain, plain.removeprefix(_REPORTED))
    return code if code in TROUBLE_BY_ID else OTHER


def find_service(code: str) -> Trouble:
    """Return a service, or raise NotFoundError with the nearest one."""
    if trouble := TROUBLE_BY_ID.get(code):
        return trouble
    raise NotFoundError(
        f"service_code: there is no service {code!r}; {suggest(code, TROUBLE_BY_ID)}.",
        zh=f"没有服务 {code}。",
    )


def _describe(trouble: Trouble) -> Service:
    zh, _ = TRADES.get(trouble.trade, (trouble.trade, trouble.trade))
    kinds = [] if trouble.places else [KINDS[kind][1] for kind in trouble.kinds]
    about = f" ({', '.join(kinds)})" if kinds and len(kinds) <= NAMED_KINDS else ""
    return Service(
        service_code=trouble.id,
        service_name=service_name(trouble.id),
        description=f"{trouble.en}{about}",
        metadata=False,
        type="realtime",
        keywords=", ".join(each for each in (trouble.zh, trouble.en, zh) if each),
        group=zh,
    )
