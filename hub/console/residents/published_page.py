"""公示 for everybody, where the site has it published: what was done in time, walked, claimed."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response

from hub.access.http import ports_of
from hub.access.policy import EVERYBODY, Call
from hub.access.web_ports import WebPorts
from hub.console.community.survey_page import outcome_words, span_words
from hub.console.frame.language import Words
from hub.console.frame.span import calendar_day
from hub.console.residents.whistle_refusal import sorry
from hub.console.residents.whistle_sheet import chosen, sheet
from hub.errors import NotFoundError
from hub.model.photo import Photo
from hub.model.project import Project
from hub.services.community.published import (
    PUBLIC,
    Published,
    Share,
    is_public,
    last_survey,
    publish,
)
from hub.services.community.survey import count
from hub.services.reports.label_book import path_words
from hub.services.tickets.shelf import list_public

HEADERS = {"content-security-policy": "default-src 'none'; sandbox"}


class ClaimRow(msgspec.Struct, frozen=True, kw_only=True):
    """A project as everybody reads it; `photos` are those that were cleared."""

    id: str
    need: str
    where: str
    state: str
    claimant: str
    promise: str
    milestones: tuple[tuple[str, str, str], ...]
    """Words, day, and how it stands: done, late or open."""
    photos: tuple[Photo, ...]


async def published_page(request: Request) -> Response:
    """Show what is published; 404 where the site publishes nothing."""
    words, ports = chosen(request), ports_of(request)
    if not ports.community.publish_work:
        return sorry(request, words, NotFoundError("it is not published", zh="没有公示。"))
    found = await _publish(ports)
    titles = {each.name: words.of(each.title) for each in ports.rosters.rosters()}
    return sheet(
        request,
        "whistle_published.html",
        words,
        title=words("published.title"),
        days=found.days,
        shares=[_share_row(each, words) for each in found.shares],
        rounds=[(titles.get(each.team, each.team), each) for each in found.rounds],
        claims=[_claim(each, ports, words) for each in found.claims],
        survey=_survey(ports, words),
        shelved=len(list_public(ports.live)) if ports.community.publish_shelved else None,
    )


async def published_photo(request: Request, project: str, photo: str) -> Response:
    """Show a photo that somebody has cleared; 404 for every other one."""
    words, ports = chosen(request), ports_of(request)
    found = next((e for e in ports.projects.projects(PUBLIC) if e.id == project), None)
    body = None
    if ports.community.publish_work and found and is_public(found, ports.live.places()):
        shown = next((each for each in _cleared(found, ports) if each.id == photo), None)
        body = await ports.photos.read(shown) if shown else None
    if body is None:
        return sorry(request, words, NotFoundError("there is no such photo", zh="没有这张照片。"))
    return Response(body, media_type="image/jpeg", headers=HEADERS)


async def _publish(ports: WebPorts) -> Published:
    courses, _ = await ports.courses.read_on()
    return publish(
        courses,
        ports.inspections.rounds(PUBLIC),
        ports.projects.projects(PUBLIC),
        ports.live.places(),
        now=ports.clock.now(),
        test=ports.community.test,
    )


def _survey(ports: WebPorts, words: Words) -> tuple[str, str] | None:
    """Write the newest survey that enough have answered: which half of a month, and its shares."""
    found = last_survey(ports.surveys.surveys(PUBLIC))
    return (span_words(found), outcome_words(count(found), words)) if found else None


def _claim(project: Project, ports: WebPorts, words: Words) -> ClaimRow:
    late = {each.id for each in project.late(ports.clock.now())}
    return ClaimRow(
        id=project.id,
        need=project.need,
        where=path_words(project.place, ports.live.places()),
        state=words.name("project_state", project.state),
        claimant=project.claimant.name if project.claimant else "",
        promise=project.promise,
        milestones=tuple(
            (
                each.text,
                calendar_day(each.by),
                "done" if each.done_at is not None else "late" if each.id in late else "open",
            )
            for each in project.milestones
        ),
        photos=tuple(_cleared(project, ports)),
    )


def _cleared(project: Project, ports: WebPorts) -> list[Photo]:
    return [each for each in ports.photos.photos(project.number) if each.id in project.cleared]


def _share_row(share: Share, words: Words) -> tuple[str, int, str, str, int]:
    name, strict = words.name("class", share.class_), _share(share.without_extension)
    return name, share.tickets, _share(share.on_time), strict, share.raised


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


CALLS = (
    Call(
        method="GET",
        path="/w/published",
        answer=published_page,
        roles=EVERYBODY,
        operation="showPublished",
        about="What is published of the work, for everybody",
    ),
    Call(
        method="GET",
        path="/w/published/{project}/{photo}",
        answer=published_photo,
        roles=EVERYBODY,
        operation="showPublishedPhoto",
        about="A photo that was cleared, for everybody",
    ),
)
