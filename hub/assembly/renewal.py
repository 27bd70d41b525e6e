"""A hub that starts anew in its own process, since its books have changed."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import NoReturn

AGAIN = 75
"""What a hub ends with that wants to be started again at once."""
LAST_WORD = 0.5
"""Seconds for the answer to whoever has changed the books."""


class Renewal:
    """Whether a new start is wanted; whoever runs the hub waits for it."""

    def __init__(self) -> None:
        self.wanted = asyncio.Event()

    def ask(self) -> None:
        """Want one, once the answer to whoever asked has left."""
        asyncio.get_running_loop().call_later(LAST_WORD, self.wanted.set)


def start_anew() -> NoReturn:
    """Put a new program into this process.

    Whoever watches over the process sees no end of it, and nothing of the old books is left in
    its memory.
    """
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - itself
