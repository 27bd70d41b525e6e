"""`lingdang labels`: QR labels of a site as files to print, from configuration and store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hub.assembly.loading import World, load_world, read_settings
from hub.assembly.site_books import known_uids
from hub.assembly.whistles import SECRET, read_secret
from hub.errors import ConfigError, ConflictError, InvalidRequestError, NotFoundError, Problem
from hub.model.spelling import suggest
from hub.ports.whistle import Label
from hub.services.commission.state_book import DEVICE_STATES, DEVICES
from hub.services.reports.label_book import LabelBook
from hub.services.reports.label_code import Codes
from hub.services.reports.label_sheet import label_sheets
from hub.store.peek import read_collection

PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>标签 Labels</title>
<style>@page {{ size: A4; margin: 0 }} body {{ margin: 0 }} svg {{ display: block }}</style>
</head><body>
{sheets}
</body></html>
"""


def write_labels(config: Path, out: Path, place: str, *, echo: Callable[[str], None]) -> None:
    """Write the labels at and below a place (all, where it is empty) to one HTML or SVG files.

    Raises ConfigError without a public address, NotFoundError for a place that there is none of,
    ConflictError where the hub has not run yet, InvalidRequestError for another kind of file.
    """
    if out.suffix not in {".html", ".svg"}:
        raise InvalidRequestError(
            f"{out}: name a file that ends in .html or .svg",
            zh=f"{out}：文件名要以 .html 或 .svg 结尾。",
        )
    settings, problems = read_settings(config)
    if problems:
        raise ConfigError(*problems)
    if not settings.web.public_url:
        raise ConfigError(_no_address(config))
    known = known_uids(read_collection(settings.store.path, DEVICES))
    states = read_collection(settings.store.path, DEVICE_STATES)
    world = load_world(settings, known, states=states)
    labels = _find_labels(world, place)
    community = settings.community.name["zh"]
    sheets = label_sheets(labels, settings.web.public_url, community)
    for file, text in _files(out, sheets):
        file.write_text(text, "utf-8")
        echo(f"{file}")
    echo(f"{len(labels)} labels on {len(sheets)} sheets of A4, three by eight; print at 100 %")


def _find_labels(world: World, place: str) -> Sequence[Label]:
    places = world.site.places
    if place and place not in places:
        raise NotFoundError(
            f"there is no place {place!r}; {suggest(place, places)}", zh=f"没有位置 {place}。"
        )
    stored = read_collection(world.settings.store.path, SECRET[0]).get(SECRET[1])
    if stored is None:
        raise ConflictError(
            "the hub has not run yet, and has no secret to draw codes from; start it once",
            zh="系统还没有启动过，标签的码还没有生成，请先启动一次。",
        )
    return LabelBook(Codes(read_secret(stored)), world.site.devices, places).labels(place)


def _files(out: Path, sheets: Sequence[str]) -> list[tuple[Path, str]]:
    if out.suffix == ".html":
        return [(out, PAGE.format(sheets="\n".join(sheets)))]
    if len(sheets) == 1:
        return [(out, sheets[0])]
    return [(out.with_stem(f"{out.stem}-{n}"), each) for n, each in enumerate(sheets, start=1)]


def _no_address(config: Path) -> Problem:
    return Problem(
        file=str(config),
        message="[web] public_url is missing: a label must lead somewhere",
        hint='write the address that telephones reach, such as public_url = "https://bell.example.cn"',
    )
