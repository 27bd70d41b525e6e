"""All targets in turn under guided fire: `make fuzz`, or `make fuzz ARGS="rules cursors"`.

`FUZZ_SECONDS` is the time of each (60), `FUZZ_SEED` libFuzzer's seed. What was found to be worth
keeping stays in `.fuzz/NAME/corpus`, and the next hunt goes on from it; an input that broke a
promise lies in `.fuzz/NAME` as `crash-…`, or `timeout-…` where it took over 20 s.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.mutation import SEED
from tests.fuzz.target import BAIT, HOMES, Target

SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".fuzz"
FOUND = 77
"""Exit code of a run that broke a promise."""
SLOWEST = 20
"""Seconds that one input may take."""
SHORTEST, LONGEST_WORD = 4096, 60
HEAD = f"{'target':<17}{'inputs':>12}{'per s':>9}{'edges':>16}{'features':>16}{'kept':>7}  verdict"
_INITED = re.compile(r"INITED cov: (\d+) ft: (\d+)")
_COVERED = re.compile(r"cov: (\d+) ft: (\d+)")
_FIGURE = re.compile(r"stat::(\w+):\s+(\d+)")


def targets(*homes: str) -> dict[str, Target]:
    """Return every target of these modules by its name, of all where none is named."""
    modules = [import_module(f"tests.fuzz.targets.{home}") for home in homes or HOMES]
    return {name: target for module in modules for name, target in module.TARGETS.items()}


def lay_out(name: str, target: Target, folder: Path) -> list[str]:
    """Write seeds and words where libFuzzer looks for them; return the options that say so."""
    corpus = folder / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds:
        (corpus / sha256(seed).hexdigest()[:40]).write_bytes(seed)
    words = folder / name / "words"
    lines = ["# what means something to the decoder"]
    lines += [_quote(word) for word in target.words if len(word) <= LONGEST_WORD]
    words.write_text("\n".join(lines) + "\n", "ascii")
    longest = max(SHORTEST, 2 * max(map(len, target.seeds)))
    return [
        f"-dict={words}",
        f"-artifact_prefix={folder / name}/",
        f"-max_len={longest}",
        str(corpus),
    ]


def _quote(word: bytes) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'


def fire(name: str, options: list[str], *, seconds: int) -> tuple[int, str]:
    """Run one target for a while; return the exit code and what libFuzzer said."""
    limits = (
        f"-max_total_time={seconds}",
        f"-seed={SEED}",
        f"-timeout={SLOWEST}",
        "-print_final_stats=1",
        "-close_fd_mask=2",  # what a decoder prints; libFuzzer's own words come through
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.guided", name, *limits, *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RUST_BACKTRACE": "0"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def sum_up(name: str, code: int, said: str) -> str:
    """Write one line of the table."""
    figures = dict(_FIGURE.findall(said))
    began = _INITED.search(said)
    first = began.groups() if began else ("0", "0")
    last = (_COVERED.findall(said) or [first])[-1]
    edges, features = (f"{a} to {b}" for a, b in zip(first, last, strict=True))
    count, pace, kept = (
        int(figures.get(each, 0))
        for each in ("number_of_executed_units", "average_exec_per_sec", "new_units_added")
    )
    verdict = "ok" if code == 0 else f"BROKEN, see .fuzz/{name}"
    return f"{name:<17}{count:>12,}{pace:>9,}{edges:>16}{features:>16}{kept:>7}  {verdict}"


def is_blind(folder: Path, seconds: int) -> bool:
    """Tell whether a decoder that is known to be broken is not found so."""
    target = targets(BAIT)[BAIT]
    code, _ = fire(BAIT, lay_out(BAIT, target, folder), seconds=seconds)
    return code != FOUND


def main(*names: str) -> int:
    """Hunt in the targets that are named, or in all; 1 where a promise was broken."""
    with TemporaryDirectory() as folder:
        if is_blind(Path(folder), seconds=60):
            print("the hunt is blind: it did not find a decoder that is broken on purpose")
            return 1
    every = targets()
    print(f"seed {SEED}, {SECONDS} s each\n{HEAD}")
    broken = 0
    for name in names or every:
        code, said = fire(name, lay_out(name, every[name], FOLDER), seconds=SECONDS)
        print(sum_up(name, code, said), flush=True)
        if code:
            broken += 1
            print(said[-3000:])
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
