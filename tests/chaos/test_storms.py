"""One root fault, one ticket: storms in many orders and with many delays, through the whole intake.

Six scenes of root faults, each in as many orders by seed; every other with wills, so that the first
and the last are noticed over two minutes apart, every third with a restart of the hub within it.
`CHAOS_LONG=1` in the environment takes twenty times as many.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from hub.model.report import Report
from rules import sign_of_life, topology
from rules.runner import Runner
from rules.silence import recovery
from rules.silence.casebook import Case, Casebook
from rules.silence.kinship import Kinship
from rules.state import DeviceState
from tests.chaos.storm import AT_LEISURE, Storm
from tests.chaos.storm_check import Passage, let_pass
from tests.chaos.storm_scene import CHAIN, RECORDER, SCENES, Scene
from tests.support.straight_hub import in_loop

SEED = int(os.environ.get("STORM_SEED", "20261129"))
RESTART = 180.0
"""Seconds from the storm's begin, or its end, within which a hub may die."""
ORDERS = 1000 if os.environ.get("CHAOS_LONG") else 50
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120 + 3 * ORDERS)]


def strike(scene: Scene, seed: int) -> Passage:
    """Let one storm pass over a hub."""
    storm = Storm(scene, seed, wide=seed % 2 == 1)
    chance = Random(seed)
    again = chance.choice([AT_LEISURE.struck, AT_LEISURE.over]) + chance.uniform(0, RESTART)
    return in_loop(lambda: let_pass(storm, restart_at=None if seed % 3 else again))


def is_close(seed: int) -> bool:
    """Tell whether all are noticed within the settling time, by a hub that lives on."""
    return seed % 2 == 0 and seed % 3 != 0


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_each_root_has_one_ticket_and_nothing_is_left_but_who_is_still_down(scene: Scene) -> None:
    total: Counter[str] = Counter()
    for seed in range(SEED, SEED + ORDERS):
        found = strike(scene, seed)
        assert found.faults == [], f"seed {seed}"
        if is_close(seed):
            assert found.counts["opened"] == len(scene.roots), f"seed {seed}"
        total += found.counts
    sys.stdout.write(f"\n{scene.name}, seeds {SEED}..{SEED + ORDERS - 1}: {dict(total)}\n")
    assert total["left"] > 0
    assert total["children"] > 0 or not scene.roots


def finds_no_explanation(patch: pytest.MonkeyPatch) -> None:
    """Take every silence for a fault of its own."""
    patch.setattr(topology, "find_explanation", lambda case, book, kin: None)


def gives_no_grace(patch: pytest.MonkeyPatch) -> None:
    """Blame whoever is not back in the instant in which the root is."""

    def give(root: Case, book: Casebook, kin: Kinship, now: float) -> Iterator[Any]:
        return give_grace(root, book, kin, now - recovery.GRACE_TIME)

    give_grace = recovery.give_grace
    patch.setattr(topology, "give_grace", give)


def forgets_who_was_folded(patch: pytest.MonkeyPatch) -> None:
    """Leave those alone whom a root has explained, when it is back."""
    patch.setattr(topology, "give_grace", lambda root, book, kin, now: iter(()))


def waits_for_nobody(patch: pytest.MonkeyPatch) -> None:
    """Judge a silence by what is known in that instant."""
    patch.setattr(topology, "SETTLING_TIME", 0.0)


def takes_its_own_word_for_the_devices(patch: pytest.MonkeyPatch) -> None:
    """Take what the hub says of a loss for a sign of life."""
    note = sign_of_life.note_contact

    def hear(runner: Runner, d: DeviceState, report: Report) -> bool:
        patch.setattr(sign_of_life, "LINK_LOST", "")
        return note(runner, d, report)

    patch.setattr("rules.facts.note_contact", hear)


@pytest.mark.parametrize(
    ("broken", "scene"),
    [
        (finds_no_explanation, CHAIN),
        (gives_no_grace, RECORDER),
        (forgets_who_was_folded, CHAIN),
        (waits_for_nobody, CHAIN),
        (takes_its_own_word_for_the_devices, RECORDER),
    ],
)
def test_a_hub_that_breaks_one_of_the_rules_is_caught(
    broken: Callable[[pytest.MonkeyPatch], None], scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    for seed in range(SEED, SEED + ORDERS):
        found = strike(scene, seed)
        if found.faults or (is_close(seed) and found.counts["opened"] != len(scene.roots)):
            sys.stdout.write(f"\nseed {seed}: {found.faults} {dict(found.counts)}\n")
            return
    pytest.fail("it was not caught")
