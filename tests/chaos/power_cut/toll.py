"""Cuts the power of one life after another, and counts what is found."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from random import Random

import msgspec

from tests.chaos.power_cut.disk import Disk, Image
from tests.chaos.power_cut.judge import Finding, Judge
from tests.chaos.power_cut.life import Life, Nature, live
from tests.chaos.power_cut.memory import Memory
from tests.chaos.power_cut.plan import Plan

LIVES = 4
"""Lives of one store: each but the first begins on what a cut has left of the one before."""
CUTS = 400
"""Images made of a life."""
STARTS = 4
"""Of them, those on which the hub's own SQLite starts; the last is where the next life begins."""


class Toll(msgspec.Struct, kw_only=True):
    """What was found so far."""

    seed: int
    wanted: int
    """Distinct images to look at."""
    images: int = 0
    distinct: int = 0
    lives: int = 0
    acknowledged: int = 0
    """Commits that returned, of all lives."""
    ahead: int = 0
    """Images with the one commit that had not returned yet."""
    starts: int = 0
    steps: int = 0
    faults: list[str] = []

    def __str__(self) -> str:
        verdict = f"{len(self.faults)} faults" if self.faults else "nothing lost, nothing damaged"
        return (
            f"seed {self.seed}: {self.images:,} images ({self.distinct:,} distinct) of"
            f" {self.lives} lives with {self.steps:,} steps on the disk and"
            f" {self.acknowledged:,} acknowledged commits; {self.ahead:,} images hold one commit"
            f" more; {self.starts} starts of the hub's own SQLite; {verdict}"
        )


class Victim(msgspec.Struct, frozen=True, kw_only=True):
    """The step that an image was cut at, and what was found in it."""

    cut: int
    finding: Finding
    image: Image | None
    """Only of those that a store will start on; a life's images take half a gigabyte."""


async def cut_power(folder: Path, seed: int, wanted: int, natures: Sequence[Nature]) -> Toll:
    """Live and cut until `wanted` distinct images were looked at."""
    toll, memory, chance = Toll(seed=seed, wanted=wanted), Memory(), Random(seed)
    seen: dict[bytes, Finding] = {}
    for number, nature in enumerate(cycle(natures)):
        if toll.distinct >= wanted:
            break
        judge = Judge(Plan(seed + number), memory, seen)
        where = folder / f"store-{number}"
        where.mkdir()
        await _cut_store(where, judge, toll, chance, nature)
        shutil.rmtree(where)
    memory.unregister()
    return toll


async def _cut_store(
    folder: Path, judge: Judge, toll: Toll, chance: Random, nature: Nature
) -> None:
    image: Image = {}
    before = 0
    for number in range(LIVES):
        if toll.distinct >= toll.wanted:
            return
        life = await live(folder / f"life-{number}", image, judge.plan, before, nature)
        victims = [victim async for victim in _cut_life(life, judge, chance)]
        _count(toll, life, victims, f"{folder.name}, life {number}")
        toll.distinct = len(judge.seen)
        for victim in victims:
            if victim.image and isinstance(victim.finding, int):
                toll.starts += 1
                target = folder / f"start-{toll.starts}"
                toll.faults += await judge.start_on(target, victim.image, victim.finding)
                image, before = victim.image, victim.finding


async def _cut_life(life: Life, judge: Judge, chance: Random) -> AsyncIterator[Victim]:
    kept = chance.sample(range(CUTS), STARTS)
    for number, (cut, image) in enumerate(_make_images(life, chance)):
        finding = await judge.look(image)
        yield Victim(cut=cut, finding=finding, image=image if number in kept else None)


def _make_images(life: Life, chance: Random) -> Iterator[tuple[int, Image]]:
    disk, done = Disk(life.image), 0
    for cut in sorted(chance.randint(0, len(life.steps)) for _ in range(CUTS)):
        for step in life.steps[done:cut]:
            disk.take(step)
        done = cut
        yield cut, disk.cut(chance)


def _count(toll: Toll, life: Life, victims: Sequence[Victim], where: str) -> None:
    toll.lives += 1
    toll.steps += len(life.steps)
    toll.acknowledged += len(life.returned)
    for victim in victims:
        toll.images += 1
        least, most = life.acknowledged(victim.cut), life.attempted(victim.cut)
        if fault := _blame(victim.finding, least, most):
            toll.faults.append(f"{where}, cut at step {victim.cut}: {fault}")
        elif victim.finding != least:
            toll.ahead += 1


def _blame(finding: Finding, least: int, most: int) -> str:
    if isinstance(finding, str):
        return finding
    if finding < least:
        return f"{least - finding} acknowledged commits are lost (of {least})"
    if finding > most:
        return f"{finding} commits are there, {most} were begun"
    return ""
