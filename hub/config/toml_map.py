"""Where each key of a TOML text stands, since the parser of the standard library does not say."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""Keys from the root; an integer is the place in an array of tables, from 0."""

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_PAIR = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=[ \t]*")
_INNER = re.compile(rf"[{{,][ \t]*({_DOTTED})[ \t]*=[ \t]*")
_TOKEN = re.compile(
    r'"""|' + r"'''|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'|" + r"#[^\n]*|[\[\]{}]|\\."
)
_DEPTHS = {"[": 1, "{": 1, "]": -1, "}": -1}
_STRINGS = ('"""', "'''")


class TomlMap:
    """Finds line and column (from 1) of keys and values; what it cannot find, it finds nearby."""

    def __init__(self, text: str) -> None:
        self._keys: dict[Path, tuple[int, int]] = {}
        self._values: dict[Path, tuple[int, int]] = {}
        self._arrays: dict[Path, int] = {}
        self._table: Path = ()
        self._depth = 0
        self._string = ""
        for number, line in enumerate(text.split("\n"), start=1):
            self._read(number, line)

    def key(self, *path: str | int) -> tuple[int, int]:
        """Return where the key stands, or its table, or the first line."""
        return _find(self._keys, path)

    def value(self, *path: str | int) -> tuple[int, int]:
        """Return where the key's value begins, or what comes nearest."""
        return self._values.get(path) or _find(self._keys, path)

    def _read(self, number: int, line: str) -> None:
        if self._string or self._depth:
            self._skip(line)
        elif header := _HEADER.match(line):
            self._enter(number, header)
        elif pair := _PAIR.match(line):
            self._note(number, pair, self._table)
            self._note_inner(number, line, pair)
            self._skip(line[pair.end() :])

    def _enter(self, number: int, header: re.Match[str]) -> None:
        path: Path = ()
        parts = _split(header[2])
        for part in parts[:-1]:
            path = (*path, part)
            path = (*path, self._arrays[path]) if path in self._arrays else path
        path = (*path, parts[-1])
        self._keys.setdefault(path, (number, header.start(2) + 1))
        if header[1] == "[[":
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
            self._keys[path] = (number, header.start(2) + 1)
        self._table = path

    def _note(self, number: int, pair: re.Match[str], table: Path) -> None:
        path = (*table, *_split(pair[1]))
        self._keys[path] = (number, pair.start(1) + 1)
        self._values[path] = (number, pair.end() + 1)

    def _note_inner(self, number: int, line: str, pair: re.Match[str]) -> None:
        if line.startswith("{", pair.end()):
            for inner in _INNER.finditer(line, pair.end()):
                self._note(number, inner, (*self._table, *_split(pair[1])))

    def _skip(self, text: str) -> None:
        for mark in _TOKEN.findall(text):
            if self._string:
                self._string = "" if mark == self._string else self._string
            elif mark in _STRINGS:
                self._string = mark
            else:
                self._depth += _DEPTHS.get(mark, 0)


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))


def _find(places: dict[Path, tuple[int, int]], path: Path) -> tuple[int, int]:
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return places[path[:length]]
    return (1, 1)
