"""`lingdang driver new`: a package with a driver that works, to be changed into one's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hub.assembly.dialects import driver_names
from hub.errors import HubError, InvalidRequestError

Echo = Callable[[str], None]
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 32
TEMPLATE = "scaffold"
"""The folder of this package that is copied; NAME, MODULE, Class and HUB are filled in."""


def write_package(name: str, out: Path, echo: Echo) -> None:
    """Write the package of a dialect into a folder of its own below `out`, and say what is next.

    Raises InvalidRequestError for a name that is none or is taken, HubError where the folder is
    there already.
    """
    if not _NAME.fullmatch(name) or len(name) > LONGEST:
        raise InvalidRequestError(
            f"{name!r} is no name of a dialect: a-z and 0-9, words joined by -, up to {LONGEST}",
            zh=f"{name!r} 不能作名称：用 a-z、0-9，以 - 连接，最多 {LONGEST} 个字符。",
        )
    if name in driver_names():
        raise InvalidRequestError(
            f"there is a driver {name!r} already; `lingdang drivers` lists them",
            zh=f"已有名为 {name} 的驱动。",
        )
    folder = out / f"lingdang-{name}"
    if folder.exists():
        raise HubError(f"{folder} is there already; name another folder by --out")
    words = {
        "MODULE": f"lingdang_{name.replace('-', '_')}",
        "CLASS": f"{''.join(word.title() for word in name.split('-'))}Driver",
        "NAME": name,
        "HUB": version("lingdang"),
    }
    for path, text in _texts(files("hub.commands") / TEMPLATE, ""):
        file = folder / _fill(path, words).removesuffix(".txt")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_fill(text, words), encoding="utf-8")
        echo(f"{file}")
    echo(
        "下一步 / next:\n"
        f"  lingdang driver test {folder}\n"
        f"  pip install --no-build-isolation --no-deps -e {folder}\n"
        "  lingdang drivers"
    )


def _texts(folder: Traversable, way: str) -> Iterator[tuple[str, str]]:
    """Yield (path below the template, text); a file that would be read as ours ends in .txt."""
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _texts(entry, f"{way}{entry.name}/")
        else:
            yield f"{way}{entry.name}", entry.read_text(encoding="utf-8")


def _fill(text: str, words: dict[str, str]) -> str:
    for word, filled in words.items():
        text = text.replace(f"@{word}@", filled)
    return text
