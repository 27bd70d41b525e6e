"""What a person at the demo's terminal sees, and the keys that break things."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from hub.errors import HubError
from simulators.remote import Remote

KEYS = {"b": "boom-broken", "s": "switch-down", "d": "door-held"}
CLEAR, QUIT = "c", "q"
HINT = (
    "[b]b[/b] break a boom  [b]s[/b] kill a switch  [b]d[/b] hold a door open  "
    "[b]c[/b] mend all  [b]q[/b] quit"
)


class Screen:
    """Writes to the terminal in plain lines; `rich` leaves colours out where there are none."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    def say(self, sentence: str) -> None:
        """Write one line."""
        self._console.print(sentence, markup=False, soft_wrap=True)

    def welcome(self, ready: dict[str, Any], *, keyboard: bool) -> None:
        """Show where to look, how to get in, and how to break things; `ready` as in the file."""
        url = ready["url"]
        table = Table(title="登录 / sign in", title_justify="left", box=None, padding=(0, 2, 0, 0))
        for head in ("role", "name", "password"):
            table.add_column(head)
        for role, login in ready["logins"].items():
            table.add_row(role, login["name"], login["password"])
        self._console.print(f"\n[b]Lingdang 铃铛[/b]  [link={url}]{url}[/link]\n")
        self._console.print(table)
        self.say(f"\nMore faults: {_command()} demo fault camera-lost --data {ready['data']}")
        self._console.print(HINT if keyboard else "Ctrl-C stops everything.")


def _command() -> str:
    """Return how this program was called, so that its line can be copied."""
    return sys.argv[0] if sys.argv[0].endswith("lingdang") else "lingdang"


def can_read_keys() -> bool:
    """Tell whether somebody sits at a terminal."""
    return sys.stdin.isatty()


@contextlib.contextmanager
def keys(press: Callable[[str], None]) -> Iterator[None]:
    """Call `press` for each key, without Return, until the context is left."""
    descriptor, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, lambda: press(sys.stdin.read(1)))
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


async def obey_key(key: str, remote: Remote, screen: Screen) -> None:
    """Do what a key asks for, and say what happened."""
    try:
        if key == CLEAR:
            ended = await remote.clear()
            _tell(screen, ended, "mended") if ended else screen.say("all is well already")
        elif key in KEYS:
            _tell(screen, [await remote.begin(KEYS[key])], "broken")
    except HubError as error:
        screen.say(str(error))


def _tell(screen: Screen, faults: list[dict[str, Any]], how: str) -> None:
    for fault in faults:
        screen.say(f"{fault['device']}: {fault['name']}, {how}")
