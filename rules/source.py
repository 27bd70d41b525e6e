"""Where things stand in a rule file: the line and column of every key, which the parser forgets."""

from __future__ import annotations

import re

import msgspec

_HEADER = re.compile(r"\s*\[\[?\s*([\w.\-]+)\s*\]\]?")
_KEY = re.compile(r"\s*(?:\"([^\"]+)\"|([\w.\-]+))\s*=\s*")
_TRIPLE = ('"""', "'''")


class Mark(msgspec.Struct, frozen=True):
    """Line and column, from 1, of a value's first character inside its quotes."""

    line: int
    column: int


class Block(msgspec.Struct):
    """One table of the file: its header's name and line, and where its values start."""

    header: str
    line: int
    keys: dict[str, Mark]


def find_blocks(text: str) -> list[Block]:
    """Return the file's tables in order; values inside long texts are passed over."""
    blocks = [Block("", 1, {})]
    closing = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if closing:
            closing = "" if closing in line else closing
            continue
        header = _HEADER.match(line)
        if header:
            blocks.append(Block(header[1], number, {}))
            continue
        key = _KEY.match(line)
        if key:
            mark, closing = _find_value(line, key.end(), number)
            blocks[-1].keys.setdefault(key[1] or key[2], mark)
    return blocks


def _find_value(line: str, start: int, number: int) -> tuple[Mark, str]:
    rest = line[start:]
    opening = rest[:3]
    if opening in _TRIPLE:
        if rest[3:].strip():
            return Mark(number, start + 4), "" if opening in rest[3:] else opening
        return Mark(number + 1, 1), opening
    return Mark(number, start + (2 if rest[:1] in {'"', "'"} else 1)), ""


def cut_rules(text: str) -> list[str]:
    """Return the text of each `[[rule]]` of a file, without other tables.

    Comments right above a rule belong to it.
    """
    lines, blocks = text.split("\n"), find_blocks(text)
    starts = [_with_comment(lines, block.line) for block in blocks]
    ends = [*starts[1:], len(lines)]
    parts: list[list[str]] = []
    for block, start, end in zip(blocks, starts, ends, strict=True):
        if block.header == "rule":
            parts.append([])
        if parts and (block.header == "rule" or block.header.startswith("rule.")):
            parts[-1] += lines[start:end]
    return ["\n".join(part).strip() + "\n" for part in parts]


def _with_comment(lines: list[str], line: int) -> int:
    start = line - 1
    while start and lines[start - 1].startswith("#"):
        start -= 1
    return start


def group_rules(blocks: list[Block]) -> list[list[Block]]:
    """Return, per `[[rule]]`, its own block and those below it (`rule.stage`, `rule.example`…)."""
    groups: list[list[Block]] = []
    for block in blocks:
        if block.header == "rule":
            groups.append([block])
        elif block.header.startswith("rule.") and groups:
            groups[-1].append(block)
    return groups
