"""The page of a rule's parameters: what counts where, set otherwise with a why, and put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from fastapi import Request, Response
from fastapi.datastructures import FormData
from fastapi.responses import RedirectResponse

from hub.access.http import ports_of, whole_community
from hub.access.policy import Call, forms
from hub.console.frame.naming import place_name
from hub.console.frame.page import ADMINISTRATORS, LEADERS, Visit, show, visit_of
from hub.console.live.reading import subject_name
from hub.console.rules.rule_page import REFUSALS, edited_version, faults_of
from hub.errors import ConfigError, HubError, InvalidRequestError
from hub.model.report import Value
from hub.ports import DeviceParameters, ParameterCard, Setting
from hub.services.rule_setting import SITE, own_settings, read_values, set_also, set_no_more

SCOPES = ("everywhere", "place", "model", "device")
OFFERED = 500
"""Devices that are offered to be chosen; others are typed."""


class SettingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One setting in words; `own` says that it was made here, and can be taken out."""

    setting: Setting
    where: str
    values: str
    source: str
    own: bool


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """What counts on one device, and what says so."""

    id: str
    name: str
    values: tuple[tuple[str, str, str], ...]


async def parameter_page(request: Request, rule: str) -> Response:
    """Show a rule's parameters, and what counts on devices that differ."""
    return await _page(request, rule)


async def set_by_form(request: Request, rule: str) -> Response:
    """Add a setting to those that were made here; one of the same scope is taken over."""
    who, form = await whole_community(request), await request.form()
    office = ports_of(request).parameters
    try:
        card = await office.card(rule)
        settings = set_also(own_settings(card), _read(form, card.params))
        on = edited_version(form.get("on"))
        await office.write(rule, settings, str(form.get("why", "")), who, on=on)
    except REFUSALS as error:
        return await _page(request, rule, refusal=error, typed=form)
    return RedirectResponse(f"/rules/{rule}/parameters", 303)


async def drop_by_form(request: Request, rule: str) -> Response:
    """Take one setting out that was made here."""
    who, form = await whole_community(request), await request.form()
    office = ports_of(request).parameters
    try:
        card, on = await office.card(rule), edited_version(form.get("on"))
        gone = {name: str(form.get(name, "")) for name in SCOPES[1:]}
        kept = set_no_more(own_settings(card), Setting(values={}, **gone))
        await office.write(rule, kept, str(form.get("why", "")), who, on=on)
    except REFUSALS as error:
        return await _page(request, rule, refusal=error)
    return RedirectResponse(f"/rules/{rule}/parameters", 303)


async def go_back_by_form(request: Request, rule: str) -> Response:
    """Have an older version count again; 0 is what the files say."""
    who, form = await whole_community(request), await request.form()
    office = ports_of(request).parameters
    try:
        back, on = edited_version(form.get("back_to")), edited_version(form.get("on"))
        await office.go_back(rule, back, str(form.get("why", "")), who, on=on)
    except REFUSALS as error:
        return await _page(request, rule, refusal=error)
    return RedirectResponse(f"/rules/{rule}/parameters", 303)


def _read(form: FormData, params: Mapping[str, Value]) -> Setting:
    typed = {name: str(form.get(f"value.{name}", "")).strip() for name in params}
    values = read_values({name: text for name, text in typed.items() if text}, params)
    scope, target = str(form.get("scope", "")), str(form.get("of", "")).strip()
    if scope not in SCOPES or (scope == "everywhere") == bool(target):
        raise InvalidRequestError(
            "say for which place, model or device, or choose everywhere and name none",
            problems={"of": "does not fit the scope"},
            zh="请写明是哪个位置、型号或设备；选“全社区”就不用写。",
        )
    named = {} if scope == "everywhere" else {scope: target}
    return Setting(values=values, **named)


async def _page(
    request: Request, rule: str, *, refusal: HubError | None = None, typed: FormData | None = None
) -> Response:
    visit = await visit_of(request)
    ports, words = visit.ports, visit.words
    card, about = await ports.parameters.card(rule), (await ports.rules.sheet(rule)).card
    said = words.of(refusal.texts) if refusal else ""
    return show(
        visit,
        "rule_parameters.html",
        status=422 if refusal else 200,
        rule=rule,
        name=words.of(about.name),
        card=card,
        params=[(name, _text(value, visit), value) for name, value in card.params.items()],
        settings=list(_rows(card, visit)),
        devices=[_device(each, visit) for each in card.devices],
        versions=tuple(reversed(card.versions)),
        scopes=SCOPES,
        offered=sorted({*ports.live.places(), *_targets(visit, about.kinds)}),
        changes=visit.who.role in ADMINISTRATORS and not visit.who.scope,
        typed=typed or {},
        message=words("parameter.unsound") if isinstance(refusal, ConfigError) else said,
        faults=faults_of(visit, refusal),
    )


def _targets(visit: Visit, kinds: Sequence[str]) -> Iterator[str]:
    """Yield the models and the first devices that the rule watches."""
    yield from (each.id for each in visit.ports.site.models() if each.kind in kinds)
    views = (view.device for view in visit.ports.live.devices() if view.device.kind in kinds)
    yield from (device.id for device, _ in zip(views, range(OFFERED), strict=False))


def _rows(card: ParameterCard, visit: Visit) -> Iterator[SettingRow]:
    for each in card.settings:
        yield SettingRow(
            setting=each,
            where=_where(each, visit),
            values=visit.words("punct.comma").join(
                f"{name} = {_text(value, visit)}" for name, value in each.values.items()
            ),
            source=visit.words.name("rule_source", each.source),
            own=each.source == SITE,
        )


def _where(each: Setting, visit: Visit) -> str:
    live = visit.ports.live
    names = {
        "device": each.device and subject_name(each.device, live),
        "place": each.place and place_name(each.place, live.places()),
        "model": each.model,
    }
    parts = [f"{visit.words(f'parameter.{kind}')} {name}" for kind, name in names.items() if name]
    return visit.words("punct.comma").join(parts) or visit.words("parameter.everywhere")


def _device(found: DeviceParameters, visit: Visit) -> DeviceRow:
    rows = []
    for name, each in found.values.items():
        by, _, place = each.by.partition(" ")
        said = visit.words.name("parameter_by", by)
        where = f"{said} {place_name(place, visit.ports.live.places())}" if place else said
        rows.append((name, _text(each.value, visit), where))
    name = subject_name(found.device, visit.ports.live)
    return DeviceRow(id=found.device, name=name, values=tuple(rows))


def _text(value: Value, visit: Visit) -> str:
    if isinstance(value, bool):
        return visit.words("value.true" if value else "value.false")
    return f"{value:g}" if isinstance(value, float) else str(value)


CALLS = (
    Call(
        method="GET",
        path="/rules/{rule}/parameters",
        answer=parameter_page,
        roles=LEADERS,
        operation="showParameters",
        about="A rule's parameters, and what counts where",
    ),
    *forms(
        ADMINISTRATORS,
        ("/rules/{rule}/parameters/set", set_by_form, "setParametersByForm", "Sets parameters"),
        ("/rules/{rule}/parameters/drop", drop_by_form, "dropParametersByForm", "Drops a setting"),
        (
            "/rules/{rule}/parameters/actions",
            go_back_by_form,
            "restoreParametersByForm",
            "Has an older version of parameters count again",
        ),
    ),
)
