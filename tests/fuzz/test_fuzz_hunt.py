"""The hunt itself: it knows every target, reads libFuzzer's figures, and is not blind."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.fuzz import hunt
from tests.fuzz.target import HOMES, Target

pytestmark = pytest.mark.chaos

SAID = """\
#3	INITED cov: 32 ft: 56 corp: 3/50b exec/s: 0 rss: 70Mb
#9	NEW    cov: 33 ft: 69 corp: 4/60b lim: 4096 exec/s: 0 rss: 70Mb
stat::number_of_executed_units: 304983
stat::average_exec_per_sec:     27725
stat::new_units_added:          38
"""


def test_every_target_is_hunted() -> None:
    assert list(hunt.targets()) == [name for names in HOMES.values() for name in names]


@pytest.mark.parametrize(("code", "verdict"), [(0, "ok"), (77, "BROKEN, see .fuzz/cursors")])
def test_a_line_says_how_far_a_hunt_came_and_what_it_found(code: int, verdict: str) -> None:
    line = hunt.sum_up("cursors", code, SAID)
    assert line.split() == [
        "cursors", "304,983", "27,725", "32", "to", "33", "56", "to", "69", "38", *verdict.split(),
    ]  # fmt: skip


def test_seeds_and_words_lie_where_the_options_say(tmp_path: Path) -> None:
    target = Target([b"one", b"two"], [b'\x00"', b"x" * 61], lambda data: "read")
    options = hunt.lay_out("it", target, tmp_path)
    corpus = Path(options[-1])
    assert {each.read_bytes() for each in corpus.iterdir()} == {b"one", b"two"}
    assert (tmp_path / "it" / "words").read_text().splitlines()[1:] == ['"\\x00\\x22"']


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="only `make fuzz` has it")
def test_a_decoder_that_is_broken_at_one_word_is_found(tmp_path: Path) -> None:
    assert not hunt.is_blind(tmp_path, seconds=60)
