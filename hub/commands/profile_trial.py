"""`lingdang profile`: look at a profile, and show the very request that it would make."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hub.assembly.loading import load_world, read_settings, read_text
from hub.assembly.receiver_file import read_profile_text, shipped_profiles
from hub.clock import SystemClock
from hub.errors import ConfigError, NotFoundError
from hub.feeds.profiles.carrier import draft_request
from hub.feeds.profiles.checking import speaks
from hub.feeds.profiles.composing import Composed, Credentials, Draft, Moment, compose
from hub.feeds.profiles.facts import collect_facts, open_item
from hub.feeds.profiles.filling import UnfitError, fill_fields, write_instant
from hub.feeds.profiles.poller import poll_draft
from hub.feeds.profiles.receiver import Receiver
from hub.feeds.profiles.schema import build_schema
from hub.feeds.profiles.signing import mask
from hub.feeds.profiles.wire import nest
from hub.model.case import CASES, Case
from hub.model.profile import CREATE, POLL, PULL, QUERY, UPDATE, Profile
from hub.settings import Settings
from hub.store.peek import read_collection, read_last_item

Echo = Callable[[str], None]

HUB = "https://hub.example:8800"
NOWHERE = "https://platform.example"
STAND_IN = Credentials(app_key="APPKEY", secret="SECRET")  # noqa: S106 - shown as it is
NUMBER = "THEIR-NUMBER"


def write_schema() -> str:
    """Return the JSON Schema of profiles as text."""
    return json.dumps(build_schema(), ensure_ascii=False, indent=1)


def check_profile_file(file: Path, echo: Echo) -> int:
    """Say every fault of a profile and its code table, or what it speaks; 0 without a fault."""
    profile, problems = read_profile_text(read_text(file), str(file))
    for problem in problems:
        echo(str(problem))
    if profile is None or problems:
        echo(f"{file}: {len(problems)} 处错误 / {_count(len(problems))}")
        return 1
    echo(f"{file}: 没有错误 / no faults found")
    for line in _describe(profile):
        echo(line)
    return 0


def list_profiles(config: Path | None, echo: Echo) -> None:
    """List what ships, and the receivers of a configuration with what is wrong with them."""
    for file, text in shipped_profiles().items():
        profile, _ = read_profile_text(text, file)
        if profile is not None:
            echo(
                f"{profile.head.id}: {profile.head.name['zh']} / {profile.head.name['en']}; {file}"
            )
    if config is not None:
        settings, problems = read_settings(config)
        world = load_world(settings, {}, problems=problems)
        for each in world.receivers:
            echo(f"[[receiver]] {each.name}: {each.profile.head.id} {each.url}")
        for problem in world.problems:
            echo(str(problem))


def try_profile(file: Path, incident: str, config: Path, receiver: str, echo: Echo) -> int:
    """Show the requests that a profile would make of an incident, without sending any.

    Secrets are masked. Raises NotFoundError for what is no incident, ConfigError for a profile
    with faults.
    """
    profile, problems = read_profile_text(read_text(file), str(file))
    if profile is None or problems:
        raise ConfigError(*problems)
    settings, wrong = read_settings(config)
    world = load_world(settings, {}, problems=wrong)
    body = read_last_item(settings.store.path, incident)
    if body is None:
        raise NotFoundError(
            f"There is no incident {incident!r} in {settings.store.path}.",
            zh=f"没有案件 {incident}。",
        )
    one = _receiver(world.receivers, profile, receiver)
    item = open_item(body)
    case = _case(settings, one.name, incident)
    facts = collect_facts(
        profile, item, case, community=settings.community.id, places=world.site.places
    )
    _show_notes(profile, one, echo)
    return max((_show(one, use, facts, echo) for use in _uses(profile)), default=0)


def _uses(profile: Profile) -> Iterator[str]:
    if profile.query:
        yield QUERY
    if profile.create:
        yield CREATE
    if profile.update:
        yield UPDATE
    if profile.poll:
        yield POLL
    if profile.pull:
        yield PULL


def _draft(one: Receiver, use: str, facts: Mapping[str, Any]) -> Draft:
    """Return what is asked; with `pull` it is they who ask us."""
    profile, now = one.profile, SystemClock().now()
    if use == POLL and profile.poll:
        return poll_draft(one, now - profile.poll.overlap, now, 1)
    pull = profile.pull
    if use != PULL or pull is None:
        return draft_request(one, use, facts)
    if pull.style == "cursor":
        return Draft("GET", f"{HUB}/grid/v1/feed", {"limit": 100})
    start = write_instant(profile.time, now - pull.overlap)
    window = {pull.start: start, pull.page: 1, pull.size: pull.page_size}
    return Draft("GET", f"{HUB}/grid/v1/profiles/{one.name}/incidents", window)


def _show(one: Receiver, use: str, facts: Mapping[str, Any], echo: Echo) -> int:
    """Write one request as it would go; 1 where the incident does not fit."""
    # What concerns people is not looked up to be printed.
    listed = {name: "***" for name in one.profile.personal.fields if name != "photos"}
    known = {**listed, **facts}
    if use == UPDATE:
        known.setdefault("case.number", NUMBER)
        known.setdefault("action", next(iter(one.profile.actions.out.values()), ""))
    echo(f"--- [{use}]")
    try:
        draft = _draft(one, use, known)
    except UnfitError as error:
        echo(f"不会发送 / it would not be sent: {error}")
        return 1
    moment = Moment(SystemClock().now(), secrets.token_hex(8))
    for line in _lines(compose(one.profile, draft, one.keys, moment), one.keys.secret):
        echo(line)
    if use == PULL and one.profile.fields:
        row = fill_fields(one.profile, one.profile.fields_of(PULL), known, lenient=True)
        echo(f"应答中的一行 / a row of the answer: {msgspec.json.encode(nest(row)).decode()}")
    return 0


def _lines(made: Composed, secret: str) -> Iterator[str]:
    request = made.request
    yield f"{request.method} {mask(request.url, secret)}"
    for name, value in request.headers.items():
        yield f"{name}: {mask(value, secret)}"
    yield ""
    if request.body:
        yield mask(request.body.decode("utf-8", "replace"), secret)
    if made.canonical:
        yield f"待签字符串 / signed text: {mask(made.canonical, secret)}"


def _show_notes(profile: Profile, one: Receiver, echo: Echo) -> None:
    if one.keys is STAND_IN:
        echo(
            "没有使用此档案的 [[receiver]]：地址和密钥为占位。"
            " No [[receiver]] uses this profile: address and keys are stand-ins."
        )
    if profile.codes.sample and profile.codes.rows:
        echo("代码表是样例，不是任何城市的代码。 The codes are samples, and no city's.")
    if profile.personal.fields:
        echo(f"外送个人信息 / personal data that leaves: {', '.join(profile.personal.fields)}")
    if profile.create is None and profile.pull is not None:
        echo("对方来拉取：以下是对方的请求。 They fetch: this is what they send.")


def _receiver(known: Sequence[Receiver], profile: Profile, name: str) -> Receiver:
    """Return who uses a profile, with the profile of the file in its place."""
    for each in known:
        if name in {"", each.name} and each.profile.head.id == profile.head.id:
            return Receiver(
                name=each.name, profile=profile, url=each.url, keys=each.keys, place=each.place
            )
    if name:
        raise NotFoundError(
            f"No [[receiver]] {name!r} uses the profile {profile.head.id!r}.",
            zh=f"没有使用档案 {profile.head.id} 的接收方 {name}。",
        )
    return Receiver(name="-", profile=profile, url=NOWHERE, keys=STAND_IN)


def _case(settings: Settings, receiver: str, incident: str) -> Case:
    fresh = Case(receiver=receiver, incident=incident)
    body = read_collection(settings.store.path, CASES).get(fresh.key)
    return msgspec.json.decode(body, type=Case) if body else fresh


def _describe(profile: Profile) -> Iterator[str]:
    yield f"{profile.head.id} v{profile.head.version}: {', '.join(speaks(profile))}"
    if profile.codes.sample and profile.codes.rows:
        yield "代码表是样例 / the codes are samples: replace them by the city's"
    if not profile.head.tried:
        yield "没有与真实平台联调过 / not tried against a real platform"
    listed = ", ".join(profile.personal.fields) or "无 / none"
    yield f"个人信息 / personal data that leaves: {listed}"


def _count(number: int) -> str:
    return f"{number} fault" if number == 1 else f"{number} faults"
