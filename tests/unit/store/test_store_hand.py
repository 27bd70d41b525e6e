"""The page in which the message in hand outlives the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.store.hand import SIZE, open_hand

TOPIC, PAYLOAD = "ld/gs/gate-1/state", b'{"points":{}}'
DYING = """
import os, signal, sys
from pathlib import Path
from hub.store.hand import open_hand
with open_hand(Path(sys.argv[1])) as hand:
    hand.take("ld/gs/gate-1/state", b'{"points":{}}')
    if sys.argv[2] == "exit":
        os._exit(70)
    os.kill(os.getpid(), signal.Signals[sys.argv[2]])
"""


@pytest.mark.parametrize("end", ["exit", "SIGKILL", "SIGSEGV", "SIGABRT"])
def test_what_was_in_hand_is_known_after_any_death(tmp_path: Path, end: str) -> None:
    file = tmp_path / "hand"
    paths = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", DYING, str(file), end]
    died = subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": paths})
    assert died.returncode != 0
    with open_hand(file) as hand:
        assert hand.left == (TOPIC, PAYLOAD)


def test_what_was_laid_down_is_forgotten(tmp_path: Path) -> None:
    with open_hand(tmp_path / "hand") as hand:
        hand.take(TOPIC, PAYLOAD)
        hand.rest()
    with open_hand(tmp_path / "hand") as hand:
        assert hand.left is None


def test_a_file_stays_only_where_something_is_in_hand(tmp_path: Path) -> None:
    with open_hand(tmp_path / "hand") as hand:
        hand.take(TOPIC, PAYLOAD)
    assert (tmp_path / "hand").exists()
    with open_hand(tmp_path / "hand") as hand:
        assert hand.left
    assert (tmp_path / "hand").exists(), "who only looks has not handled it"
    with open_hand(tmp_path / "hand") as hand:
        hand.rest()
    assert not (tmp_path / "hand").exists()


def test_the_latest_message_is_the_one_in_hand(tmp_path: Path) -> None:
    with open_hand(tmp_path / "hand") as hand:
        hand.take(TOPIC, b"a" * 1000)
        hand.take(TOPIC, PAYLOAD)
    with open_hand(tmp_path / "hand") as hand:
        assert hand.left == (TOPIC, PAYLOAD)


@pytest.mark.parametrize(
    ("topic", "left"), [("ld/关山/门/state", "ld/关山/门/state"), ("ld/\udcff/x", "ld/?/x")]
)
def test_an_odd_topic_stops_nothing(tmp_path: Path, topic: str, left: str) -> None:
    with open_hand(tmp_path / "hand") as hand:
        hand.take(topic, PAYLOAD)
    with open_hand(tmp_path / "hand") as hand:
        assert hand.left == (left, PAYLOAD)


def test_what_does_not_fit_is_not_remembered(tmp_path: Path) -> None:
    with open_hand(tmp_path / "hand") as hand:
        hand.take(TOPIC, PAYLOAD)
        hand.take(TOPIC, b"a" * SIZE)
    with open_hand(tmp_path / "hand") as hand:
        assert hand.left is None


@pytest.mark.parametrize("rubbish", [b"\xff" * SIZE, b"\x02\0\0\0\x01\0\0\0\xff\xffx", b"short"])
def test_rubbish_in_the_file_is_nobody(tmp_path: Path, rubbish: bytes) -> None:
    (tmp_path / "hand").write_bytes(rubbish)
    with open_hand(tmp_path / "hand") as hand:
        assert hand.left is None


def test_without_room_for_the_page_the_hub_runs_all_the_same(tmp_path: Path) -> None:
    with open_hand(tmp_path / "no such folder" / "hand") as hand:
        hand.take(TOPIC, PAYLOAD)
        assert hand.left is None


def test_what_was_laid_down_leaves_no_byte_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "hand"
    with open_hand(file) as hand:
        hand.take(TOPIC, b"a" * 1000)
    with open_hand(file) as hand:
        hand.take(TOPIC, b"b" * 500)
        hand.take(TOPIC, PAYLOAD)
        hand.rest()
        assert not file.read_bytes().strip(b"\0"), "neither of this run nor of the one before"
        hand.take(TOPIC, PAYLOAD)
        assert PAYLOAD in file.read_bytes()
