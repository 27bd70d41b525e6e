"""Sees to it that a driver only translates: no file, no socket, no program, no sleep, no loop.

Python itself tells of each (audit events); what is seen is stopped where it stands. The processor's
time is bounded, not the clock's: a busy machine makes no driver slow.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import SupportsIndex

_SLEEP = time.sleep
_TOUCHES = ("open", "socket.", "subprocess.", "os.", "shutil.", "sqlite3.", "urllib.")
_IMPORTS = ("os.listdir", "os.scandir", "os.fwalk", "os.walk")
_CODE = (".py", ".pyc", ".so")


class TouchedError(BaseException):
    """A driver has reached for the world; not an Exception, lest it catch it."""


class TooLongError(BaseException):
    """A driver took too long for one message."""


class _Guard:
    """What the one hook of the process knows; hooks can be set, and never be taken out."""

    is_hooked = False
    thread = 0
    """Whose events count; 0 while nobody is watched."""


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _Guard.thread != threading.get_ident() or not event.startswith(_TOUCHES):
        return
    if event in _IMPORTS or (event == "open" and str(arguments[0]).endswith(_CODE)):
        return  # Python looks for a module: the codec of a text, at its first use
    _Guard.thread = 0
    what = f" {arguments[0]!r:.80}" if arguments and event == "open" else ""
    raise TouchedError(f"{event}{what}")


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Stop this thread where it reaches out (TouchedError)."""
    if not _Guard.is_hooked:
        sys.addaudithook(_hear)
        _Guard.is_hooked = True
    _Guard.thread = threading.get_ident()
    time.sleep = _refuse_to_sleep
    try:
        yield
    finally:
        time.sleep = _SLEEP
        _Guard.thread = 0


def _refuse_to_sleep(seconds: float | SupportsIndex, /) -> None:
    """Stop who is watched, and let others sleep: Python 3.11 tells nobody of it."""
    if _Guard.thread == threading.get_ident():
        raise TouchedError(f"time.sleep {seconds}")
    _SLEEP(seconds)


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Stop what takes more than so many seconds of the processor's time (TooLongError).

    Without effect but in the main thread: only that can be woken by a timer.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise TooLongError
