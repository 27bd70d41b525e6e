import asyncio
import io
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hub.errors import LinkError
from simulators.demo_screen import Screen, can_read_keys, keys, obey_key
from tests.support.patience import PATIENCE


class Recorded:
    """Stands in for the simulator's control."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked: list[str] = []
        self.active: list[dict[str, Any]] = []
        self._fails = fails

    async def begin(self, name: str, device: str = "") -> dict[str, Any]:
        if self._fails:
            raise LinkError("the simulator does not answer")
        self.asked.append(name)
        self.active.append({"name": name, "device": "gate-1"})
        return self.active[-1]

    async def clear(self, name: str = "", device: str = "") -> list[dict[str, Any]]:
        ended, self.active = self.active, []
        return ended


@pytest.fixture
def paper() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def screen(paper: io.StringIO) -> Screen:
    return Screen(Console(file=paper, width=120))


async def test_keys_break_things_and_mend_them(screen: Screen, paper: io.StringIO) -> None:
    remote = Recorded()
    for key in "bsdx":
        await obey_key(key, remote, screen)  # type: ignore[arg-type]
    assert remote.asked == ["boom-broken", "switch-down", "door-held"]
    assert "gate-1: boom-broken, broken" in paper.getvalue()
    await obey_key("c", remote, screen)  # type: ignore[arg-type]
    assert paper.getvalue().count("mended") == 3
    await obey_key("c", remote, screen)  # type: ignore[arg-type]
    assert "all is well already" in paper.getvalue()


async def test_a_key_that_cannot_be_obeyed_says_why(screen: Screen, paper: io.StringIO) -> None:
    await obey_key("b", Recorded(fails=True), screen)  # type: ignore[arg-type]
    assert "does not answer" in paper.getvalue()


def test_the_welcome_shows_the_address_and_every_login(screen: Screen, paper: io.StringIO) -> None:
    logins = {"guard": {"name": "guard", "password": "p1"}, "crew": {"name": "c", "password": "p2"}}
    ready = {"url": "http://127.0.0.1:8800", "logins": logins, "data": "/data"}
    screen.welcome(ready, keyboard=True)
    text = paper.getvalue()
    for word in (
        "http://127.0.0.1:8800",
        "guard",
        "p1",
        "p2",
        "break a boom",
        "quit",
        "--data /data",
    ):
        assert word in text
    screen.welcome(ready | {"logins": {}}, keyboard=False)
    assert "Ctrl-C stops everything" in paper.getvalue()


async def test_keys_come_one_by_one_from_a_terminal_which_is_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import termios

    ours, theirs = os.openpty()
    pressed, came = list[str](), asyncio.Event()

    def press(key: str) -> None:
        pressed.append(key)
        came.set()

    with open(theirs, closefd=False) as terminal:  # noqa: ASYNC230 - a descriptor
        monkeypatch.setattr("sys.stdin", terminal)
        before = termios.tcgetattr(theirs)
        assert can_read_keys()
        with keys(press):
            os.write(ours, b"b")
            await asyncio.wait_for(came.wait(), PATIENCE)
        assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
    assert pressed == ["b"]


def test_a_pipe_is_no_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "input").touch()
    with (tmp_path / "input").open() as pipe:
        monkeypatch.setattr("sys.stdin", pipe)
        assert not can_read_keys()
