"""How the interpreter is set up for a start and for the run, in processes of their own."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

STAGES = """
import gc, sys
from hub.assembly.interpreter import GARBAGE, SWITCH, prepare, settle
prepare()
assert not gc.isenabled()
settle()
assert gc.isenabled() and gc.get_threshold() == GARBAGE and gc.get_freeze_count() > 0
assert abs(sys.getswitchinterval() - SWITCH) < 1e-6
"""
PAGES = """
import sys
from hub.assembly.interpreter import prepare

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

if sys.argv[1] == "prepared":
    prepare()
page = bytearray(24 << 20)  # one of the largest blocks that glibc takes for the measure
del page
before, kept = resident(), []
pages = [b"x" * (1 << 20) for _ in range(20)]
kept.append(b"y" * 1000)
del pages
print(resident() - before)
"""


def run(source: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", source, *words], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_start_looks_for_no_garbage_and_the_run_does() -> None:
    run(STAGES)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give back anyway")
def test_what_a_large_page_took_is_given_back() -> None:
    assert int(run(PAGES, "prepared")) < 4 << 20
    assert int(run(PAGES, "as it is")) > 15 << 20
