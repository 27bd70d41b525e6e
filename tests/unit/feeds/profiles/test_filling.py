"""From facts to fields: formats of time, coordinates as they are, grid codes, codes, lengths."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from hub.feeds.incident import describe_incident
from hub.feeds.profiles.facts import Item, collect_facts, find_code
from hub.feeds.profiles.filling import UnfitError, fill_fields, read_instant, write_instant
from hub.feeds.profiles.personal import PeopleDesk
from hub.feeds.profiles.reading import read_codes
from hub.model.case import Case
from hub.model.photo import Moment, Photo
from hub.model.place import Place
from hub.model.profile import (
    Attachments,
    Coordinates,
    Field,
    Grid,
    Head,
    Personal,
    Profile,
    Times,
)
from hub.model.whistle import Report, Reporter, Source
from tests.unit.access.web_fakes import NOW, PLACES, ticket
from tests.unit.feeds.profiles.test_profile_reading import FOLDER

BARE = Profile(head=Head(id="x", name={"zh": "甲", "en": "x"}))


def facts_of(profile: Profile, places: dict[str, Place] = PLACES, **fields: object) -> Any:  # noqa: ANN401 - JSON
    data = describe_incident(ticket("GS-1", **fields), places, at=NOW, test=False)
    data = msgspec.json.decode(msgspec.json.encode(data))
    item = Item(
        id="t-7", type="cn.lingdang.incident.opened.v1", time="2025-11-25T00:00:00+08:00", data=data
    )
    case = Case(receiver="city", incident="GS-1")
    return collect_facts(profile, item, case, community="t", places=places)


def one(profile: Profile, facts: Any, **field: Any) -> Any:  # noqa: ANN401 - JSON
    """Fill one field, and return what stands in it."""
    return fill_fields(profile, [Field(name="f", **field)], facts).get("f")


@pytest.mark.parametrize(
    ("form", "zone", "text"),
    [
        ("rfc3339", "+08:00", "2025-11-25T00:00:00.000+08:00"),
        ("rfc3339", "UTC", "2025-11-24T16:00:00.000+00:00"),
        ("epoch_s", "+08:00", 1764000000),
        ("epoch_ms", "UTC", 1764000000000),
        ("%Y-%m-%d %H:%M:%S", "+08:00", "2025-11-25 00:00:00"),
        ("%Y%m%d%H%M%S", "UTC", "20251124160000"),
    ],
)
def test_instants_in_every_form_come_back(form: str, zone: Any, text: object) -> None:  # noqa: ANN401 - a literal
    times = Times(format=form, zone=zone)
    assert write_instant(times, NOW) == text
    assert read_instant(times, text) == NOW


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("epoch_s", "nan"),
        ("epoch_s", "1e300"),
        ("epoch_ms", "-1"),
        ("epoch_ms", ""),
        ("rfc3339", "soon"),
        ("%Y-%m-%d", "2025-02-30"),
        ("%Y-%m-%d", None),
    ],
)
def test_what_is_no_instant_is_refused(form: str, text: object) -> None:
    with pytest.raises((ValueError, OverflowError)):
        read_instant(Times(format=form), text)


@pytest.mark.parametrize("crs", ["wgs84", "WGS-84", "cgcs2000", "gcj02", ""])
def test_coordinates_go_as_they_are_or_not_at_all(crs: str) -> None:
    place = Place(path="t", name="T", attributes={"lon": 114.4123456789, "lat": 30.5, "crs": crs})
    wanted = Coordinates(accepts=("cgcs2000", "wgs84"), names={"wgs84": "EPSG:4326"}, digits=6)
    profile = msgspec.structs.replace(BARE, coordinates=wanted)
    facts = facts_of(profile, {"t": place}, place="t")
    found = [facts.get(f"coordinates.{name}") for name in ("lon", "lat", "crs")]
    known = crs.lower().replace("-", "")
    label = {"wgs84": "EPSG:4326", "cgcs2000": "cgcs2000"}.get(known)
    assert found == ([114.412346, 30.5, label] if label else [None] * 3)
    assert facts_of(BARE, {"t": place}, place="t").get("coordinates.lon") is None


@pytest.mark.parametrize(
    ("digits", "code", "goes"),
    [
        (14, "42011100500101", True),
        (15, "420111005001001", True),
        (14, "420111005001001", False),
        (15, "42011100500101", False),
        (15, "42011100500100X", False),
        (15, "４２０１１１００５００１００１", False),
        (None, "GS-7", True),
    ],
)
def test_grid_codes_have_their_digits(digits: Any, code: str, goes: bool) -> None:  # noqa: ANN401 - a literal
    profile = msgspec.structs.replace(BARE, grid=Grid(digits=digits))
    facts = facts_of(profile, {"t": Place(path="t", name="T", grid_code=code)}, place="t")
    assert one(profile, facts, source="grid_code") == (code if goes else None)


def test_the_other_scheme_is_a_column_of_the_nearest_place() -> None:
    places = {
        "t": Place(path="t", name="T", grid_code="420", attributes={"grid14": "42011100500101"}),
        "t/a": Place(path="t/a", name="A", grid_code="421"),
    }
    profile = msgspec.structs.replace(BARE, grid=Grid(digits=14, attribute="grid14"))
    assert one(profile, facts_of(profile, places, place="t/a"), source="grid_code") == (
        "42011100500101"
    )


def test_codes_go_by_the_first_row_that_fits() -> None:
    text = (FOLDER / "codes" / "sample.toml").read_text("utf-8")
    table, problems = read_codes(text, "sample.toml")
    assert not problems
    assert table.sample
    profile = msgspec.structs.replace(BARE, codes=table)
    facts = facts_of(profile, fault="gate.stuck_open")
    assert (facts["code.kind"], facts["code.major"], facts["code.limit_hours"]) == (
        "component",
        "05",
        24,
    )
    assert facts["code.file_when"].startswith("样例")
    other = find_code(table, "never.seen")
    assert other is not None
    assert other.name == "样例：其他"
    cut = msgspec.structs.replace(table, rows=table.rows[:1])
    with pytest.raises(UnfitError, match=r"no row for water\.leak"):
        one(
            msgspec.structs.replace(BARE, codes=cut),
            facts_of(msgspec.structs.replace(BARE, codes=cut), fault="water.leak"),
            source="code.major",
            required=True,
        )


def test_a_table_of_codes_is_read_strictly() -> None:
    _, problems = read_codes("[codes]\nsample = true\n[[code]]\nmajr = '1'\n", "c.toml")
    said = "\n".join(map(str, problems))
    assert "c.toml:4:1: there is no key 'majr'; did you mean 'major'?" in said
    assert "the key 'faults' is missing" in said


def test_lengths_count_letters_and_cut_only_where_they_may() -> None:
    facts = facts_of(BARE, title={"zh": "一二三四五六", "en": "x"})
    assert one(BARE, facts, source="title.zh", length=6) == "一二三四五六"
    assert one(BARE, facts, source="title.zh", length=4, cut=True) == "一二三…"
    with pytest.raises(UnfitError, match=r"takes 4 letters, and title\.zh has 6"):
        one(BARE, facts, source="title.zh", length=4)


def test_words_are_mapped_and_what_is_in_no_map_is_missing() -> None:
    maps = {"level": {"critical": "1", "*": "9"}, "strict": {"critical": "1"}}
    profile = msgspec.structs.replace(BARE, maps=maps)
    facts = facts_of(profile)
    assert one(profile, facts, source="severity", map="level") == "9"
    assert one(profile, facts, source="severity", map="strict") is None
    with pytest.raises(UnfitError, match=r"\[maps\.strict\] has no word for 'major'"):
        one(profile, facts, source="severity", map="strict", required=True)
    assert one(profile, facts, value=7) == 7
    assert one(profile, facts, value=False) is False


class Whistle:
    async def reports_of(self, number: str) -> list[tuple[Report, Reporter]]:
        said = Report(
            id=number,
            ticket=number,
            source=Source.RESIDENT,
            category="other",
            subject="t",
            place="t",
            at=NOW,
        )
        return [(said, Reporter(text="坏了")), (said, Reporter(caller="张三", phone="139"))]


class Photos:
    def photos(self, ticket: str) -> list[Photo]:
        return [
            Photo(
                id=f"p{n}",
                ticket=ticket,
                place="t",
                moment=Moment.AFTER,
                actor="li",
                at=NOW,
                size=4,
                width=1,
                height=1,
            )
            for n in range(5)
        ]

    async def read(self, photo: Photo) -> bytes | None:
        return None if photo.id == "p4" else b"JPEG"


async def test_people_are_looked_up_as_far_as_they_are_listed() -> None:
    async def found(*fields: str, **limits: int) -> dict[str, Any]:
        profile = msgspec.structs.replace(
            BARE, personal=Personal(fields=fields), attachments=Attachments(**limits)
        )
        desk = PeopleDesk(profile, Whistle(), Photos())  # type: ignore[arg-type]
        return dict(await desk.look_up("GS-1"))

    assert await found() == {}
    assert (await found("reporter.phone"))["reporter.phone"] == "139"
    content = base64.b64encode(b"JPEG").decode()
    assert (await found("photos", most=3))["photos"] == [
        {"name": f"{name}.jpg", "content": content} for name in ("p2", "p3")
    ], "the newest three, and one is not kept any more"
    assert len((await found("photos", most=5, most_bytes=9))["photos"]) == 2
    assert (await found("photos", most=0))["photos"] == []
