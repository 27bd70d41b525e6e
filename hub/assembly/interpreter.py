"""The interpreter as a hub wants it: quick while it starts, then for one busy loop, and lean."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

GARBAGE = (50_000, 20, 50)
"""A batch makes some 15,000 objects that die with it: looking for cycles often finds none."""
SWITCH = 0.0005
"""Seconds that a thread waits for the event loop's before it insists. By Python's 5 ms a loop whose
turns are short is never asked: beside one that was always busy a commit took seconds."""
KEPT = 128 * 1024
"""Bytes: a block of memory that is larger is the system's again as soon as it is free. By itself
glibc raises this to the largest block that it has seen, and then keeps what a page of messages or
a chunk of history took."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def prepare() -> None:
    """Set up a process that is about to start a hub: what it makes at first is there to stay."""
    gc.disable()
    # Another C library has no such word, and needs none.
    with contextlib.suppress(AttributeError, OSError):
        for word in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
            ctypes.CDLL(None).mallopt(word, KEPT)


def settle() -> None:
    """Set it up for one busy loop beside the threads of the store."""
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    gc.enable()
    sys.setswitchinterval(SWITCH)
