"""One target under coverage-guided fire: `python -m tests.fuzz.guided NAME [libFuzzer option …]`.

atheris sees which branches of our own code, and of the libraries that read for us, an input takes;
what takes new ones is kept and changed further. An input that breaks the target's promise is
written to a file, and the process ends with 77.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import atheris

from tests.fuzz.target import BAIT, HOMES, Target

WATCHED = [
    "hub",
    "device_drivers",
    "rules",
    "pymodbus",
    "tomllib",
    "base64",
    f"tests.fuzz.targets.{BAIT}",
]
"""Where a new branch counts."""


def find_target(name: str) -> Target:
    """Return a target, with its modules watched from here on where they are not imported yet."""
    home = next((home for home, names in HOMES.items() if name in names), name)
    with _watching():
        module = import_module(f"tests.fuzz.targets.{home}")
    target: Target = module.TARGETS[name]
    return target


@contextmanager
def _watching() -> Iterator[None]:
    with atheris.instrument_imports(include=WATCHED):
        yield


def main(name: str, *options: str) -> None:
    """Fire until an option says stop, or a promise is broken."""
    check = find_target(name).check

    def fire(data: bytes) -> None:
        check(data)

    atheris.Setup([sys.argv[0], *options], fire)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
