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


def plan(registers: Iterable[Register], *, limit: int, bridge: int = BRIDGE) -> tuple[Block, ...]:
    """Merge registers into blocks of at most `limit`, over gaps of at most `bridge`."""
    blocks: list[Block] = []
    for register in sorted(registers, key=lambda register: register.address):
        end = register.address + words_of(register.type)
        last = blocks[-1] if blocks else None
        near = last is not None and register.address <= last.start + last.count + bridge
        if last and near and end - last.start <= limit:
            blocks[-1] = Block(start=last.start, count=max(last.count, end - last.start))
        else:
            blocks.append(Block(start=register.address, count=end - register.address))
    return tuple(blocks)


def split(block: Block, registers: Iterable[Register]) -> tuple[Block, ...]:
    """Break a block that holds an illegal address into one block for each register in it."""
    inside = [r for r in registers if block.start <= r.address < block.start + block.count]
    return tuple(dict.fromkeys(Block(start=r.address, count=words_of(r.type)) for r in inside))


def find(blocks: Sequence[tuple[int, Sequence[int]]], register: Register) -> Sequence[int] | None:
    """Return a register's words from blocks of (start, words), or None where none holds it."""
    count = words_of(register.type)
    for start, words in blocks:
        offset = register.address - start
        if offset >= 0 and offset + count <= len(words):
            return words[offset : offset + count]
    return None
