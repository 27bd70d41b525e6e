"""Which registers are read together: as few requests as the model's limit and its holes allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from device_drivers.codecs.registers import words_of
from hub.model.catalogue import Register

BRIDGE = 8
"""Unused registers that are read along rather than paying for a second request."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One request: first wire address and how many registers."""

    start: int
    count: int


def plan(registers: Iterable[Register], *, limit: int) -> tuple[Block, ...]:
    """Merge registers into blocks of at most `limit`, bridging small gaps."""
    blocks: list[Block] = []
    for register in sorted(registers, key=lambda register: register.address):
        end = register.address + words_of(register.type)
        last = blocks[-1] if blocks else None
        if last and _fits(last, register.address, end, limit):
            blocks[-1] = Block(start=last.start, count=max(last.count, end - last.start))
        else:
            blocks.append(Block(start=register.address, count=end - register.address))
    return tuple(blocks)


def _fits(block: Block, start: int, end: int, limit: int) -> bool:
    near = start <= block.start + block.count + BRIDGE
    return near and end - block.start <= limit


def split(block: Block, registers: Iterable[Register]) -> tuple[Block, ...]:
    """Break a block that holds an illegal address into one block for each register in it."""
    inside = [r for r in registers if block.start <= r.address < block.start + block.count]
    return tuple(Block(start=r.address, count=words_of(r.type)) for r in inside)


def find(blocks: Sequence[tuple[int, Sequence[int]]], register: Register) -> Sequence[int] | None:
    """Return a register's words from blocks of (start, words), or None where none holds it."""
    count = words_of(register.type)
    for start, words in blocks:
        offset = register.address - start
        if offset >= 0 and offset + count <= len(words):
            return words[offset : offset + count]
    return None
