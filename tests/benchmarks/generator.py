"""The C load generator: compiled when a benchmark starts, and run beside the hub."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import msgspec
import pytest

SOURCE = Path(__file__).with_name("load.c")


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages went through between two instants (epoch seconds)."""

    messages: int
    start: float
    end: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / (self.end - self.start)


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What to publish: messages `first` … `first + messages`; `rate` 0 is as fast as possible."""

    messages: int
    first: int = 0
    rate: float = 0.0
    body: str = "full"
    devices: int = 10_000


class Generator:
    """The compiled program, aimed at one broker."""

    def __init__(self, program: Path, port: int) -> None:
        self._program = str(program)
        self._port = str(port)

    async def publish(self, stream: Stream) -> Span:
        """Publish, and return once the broker has acknowledged everything."""
        words = (stream.messages, stream.rate, stream.devices, stream.first, stream.body)
        process = await self._run("pub", self._port, *map(str, words))
        return await _result(process)

    async def measure_ceiling(self, stream: Stream) -> Span:
        """Publish to the C subscriber alone: what the broker can do at most."""
        process = await self._run("sub", self._port, str(stream.messages))
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        _, received = await asyncio.gather(self.publish(stream), _result(process))
        return received

    async def _run(self, *words: str) -> Process:
        return await asyncio.create_subprocess_exec(self._program, *words, stdout=PIPE)


def compile_load(folder: Path) -> Path:
    """Compile `load.c` into the folder; without a compiler the benchmark is skipped."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip(
            "the load generator is written in C, and there is no C compiler: apt-get install gcc"
        )
    program = folder / "load"
    subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE)], check=True)
    return program


async def _result(process: Process) -> Span:
    out, _ = await process.communicate()
    assert process.returncode == 0, "the load generator has failed; see above"
    return msgspec.convert(json.loads(out.splitlines()[-1]), Span)
