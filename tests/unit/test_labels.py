"""`lingdang labels`: files to print from configuration and store, and why there are none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from hub.assembly.whistles import SECRET
from hub.clock import ManualClock
from hub.commands.labels import write_labels
from hub.errors import ConfigError, ConflictError, HubError, InvalidRequestError, NotFoundError
from hub.ports import Changes, Document
from hub.services.reports.label_code import Codes, in_groups
from hub.store.sqlite import open_store
from tests.support.site import Plot, names, write_site

SEED = b"\x07" * 32


async def store_secret(path: Path, *, with_secret: bool) -> None:
    body = msgspec.json.encode({"secret": SEED.hex()}) if with_secret else None
    async with open_store(path, clock=ManualClock()) as store:
        paper = Document(collection=SECRET[0], key=SECRET[1], body=body)
        await store.committer.commit(Changes(documents=[paper]))


def make_site(folder: Path, *, address: str = "https://b.cn", with_secret: bool = True) -> Path:
    config = write_site(folder, Plot(devices=names("barrier_gate", 30)), mqtt_port=1)
    text = config.read_text("utf-8")
    config.write_text(text.replace("[web]\n", f'[web]\npublic_url = "{address}"\n'), "utf-8")
    asyncio.run(store_secret(folder / "lingdang.db", with_secret=with_secret))
    return config


def test_one_page_of_html_or_a_file_for_each_sheet(tmp_path: Path) -> None:
    config, said = make_site(tmp_path / "hub"), list[str]()
    write_labels(config, tmp_path / "l.html", "", echo=said.append)
    page = (tmp_path / "l.html").read_text("utf-8")
    assert page.count("<svg") == 2
    assert in_groups(Codes(SEED).label("place:test/a/b1")) in page
    assert said[-1].startswith("33 labels on 2 sheets of A4")
    write_labels(config, tmp_path / "l.svg", "", echo=said.append)
    assert sorted(file.name for file in tmp_path.glob("l*.svg")) == ["l-1.svg", "l-2.svg"]


def test_a_hub_that_runs_is_no_hindrance_and_a_small_place_one_file(tmp_path: Path) -> None:
    config = make_site(tmp_path / "hub")

    async def beside() -> None:
        async with open_store(tmp_path / "hub/lingdang.db", clock=ManualClock()):
            await asyncio.to_thread(
                write_labels, config, tmp_path / "l.html", "test/a/b1", echo=lambda _: None
            )

    asyncio.run(beside())
    assert (tmp_path / "l.html").read_text("utf-8").count("<path") == 31


@pytest.mark.parametrize(
    ("site", "out", "place", "error", "words"),
    [
        ({"address": ""}, "l.html", "", ConfigError, "public_url is missing"),
        ({"address": "bell.example.cn"}, "l.html", "", ConfigError, "bell.example.cn"),
        ({"with_secret": False}, "l.html", "", ConflictError, "start it once"),
        ({}, "l.pdf", "", InvalidRequestError, ".html or .svg"),
        ({}, "l.html", "test/a/b2", NotFoundError, "test/a/b1"),
    ],
)
def test_why_there_are_none_is_one_sentence(
    tmp_path: Path,
    site: dict[str, str],
    out: str,
    place: str,
    error: type[HubError],
    words: str,
) -> None:
    config = make_site(tmp_path / "hub", **site)  # type: ignore[arg-type]
    with pytest.raises(error) as caught:
        write_labels(config, tmp_path / out, place, echo=lambda _: None)
    assert words in str(caught.value)
    assert not list(tmp_path.glob("l*"))
