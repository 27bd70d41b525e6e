"""The disk that forgets: what it may lose, and what it must not."""

from __future__ import annotations

from random import Random

import pytest

from tests.chaos.power_cut.disk import SECTOR, Disk, Image, Name, Step, Sync, Truncate, Write

pytestmark = pytest.mark.chaos

OLD, NEW = b"o" * SECTOR * 3, b"n" * SECTOR * 3
TRIES = 400


def images(*steps: Step) -> list[Image]:
    disk = Disk({"a": bytearray(OLD)})
    for step in steps:
        disk.take(step)
    chance = Random(1)
    return [disk.cut(chance) for _ in range(TRIES)]


def contents(*steps: Step) -> set[bytes]:
    return {bytes(image["a"]) for image in images(*steps)}


def test_what_was_synced_is_in_every_image() -> None:
    assert contents(Write(0, 0, NEW), Sync(0)) == {NEW}


def test_what_was_not_synced_is_there_or_not_sector_by_sector() -> None:
    found = contents(Write(0, 0, NEW))
    assert found == {
        b"".join(part * SECTOR for part in (a, b, c))
        for a in (b"o", b"n")
        for b in (b"o", b"n")
        for c in (b"o", b"n")
    }


def test_a_later_write_may_be_there_without_an_earlier_one() -> None:
    found = contents(Write(0, 0, b"1"), Write(0, SECTOR, b"2"))
    assert b"o" * SECTOR + b"2" + OLD[SECTOR + 1 :] in found


def test_bytes_beside_a_write_stay_as_they_were() -> None:
    assert contents(Write(0, 10, b"x")) == {OLD, OLD[:10] + b"x" + OLD[11:]}


def test_a_hole_where_a_file_has_grown_holds_zeros_or_anything() -> None:
    found = contents(Write(0, len(OLD), b"1" * SECTOR), Write(0, len(OLD) + SECTOR, b"2" * SECTOR))
    holes = {each[len(OLD) : -SECTOR] for each in found if each.endswith(b"2")}
    assert bytes(SECTOR) in holes
    assert len(holes - {bytes(SECTOR), b"1" * SECTOR}) > 1


def test_a_cut_file_may_still_have_its_length() -> None:
    assert contents(Truncate(0, 5)) == {OLD, OLD[:5]}


def test_a_name_is_safe_only_once_its_folder_is_synced() -> None:
    made = (Name("b", 1), Write(1, 0, b"x"), Sync(1))
    assert {tuple(image) for image in images(*made)} == {("a",), ("a", "b")}
    assert {tuple(image) for image in images(*made, Sync(None))} == {("a", "b")}


def test_a_deleted_name_may_come_back_with_its_content() -> None:
    assert {bytes(image.get("a", b"")) for image in images(Name("a", None))} == {b"", OLD}
    assert images(Name("a", None, folder=True)) == [{}] * TRIES
