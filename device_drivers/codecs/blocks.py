"""Which registers are read together: as few requests as the model's limit and its holes allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from device_drivers.codecs.registers import words_of
from hub.model.catalogue import Register
from hub.ports import Registers

BRIDGE = 8
"""Unused registers that are read along rather than paying for a second request."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One request: first wire address, how many registers, and the function; 0 is the model's."""

    start: int
    count: int
    function: int = 0


def plan(registers: Iterable[Register], *, limit: int, bridge: int = BRIDGE) -> tuple[Block, ...]:
    """Merge registers into blocks of at most `limit`, over gaps of at most `bridge`."""
    blocks: list[Block] = []
    for register in sorted(registers, key=lambda register: (register.function, register.address)):
        block = block_of(register)
        last = blocks[-1] if blocks else None
        if last and last.function == block.function:
            end = max(last.start + last.count, block.start + block.count)
            near = block.start <= last.start + last.count + bridge
            if near and end - last.start <= limit:
                blocks[-1] = msgspec.structs.replace(last, count=end - last.start)
                continue
        blocks.append(block)
    return tuple(blocks)


def block_of(register: Register) -> Block:
    """Return the request for this register alone."""
    count = words_of(register.type)
    return Block(start=register.address, count=count, function=register.function)


def split(block: Block, registers: Iterable[Register]) -> tuple[Block, ...]:
    """Break a block that holds an illegal address into one block for each register in it."""
    inside = [r for r in registers if block.start <= r.address < block.start + block.count]
    own = (r for r in inside if r.function == block.function)
    return tuple(dict.fromkeys(map(block_of, own)))


def find(blocks: Sequence[Registers], register: Register, function: int) -> Sequence[int] | None:
    """Return a register's words, or None where no block holds it; `function` is the model's."""
    count = words_of(register.type)
    asked = register.function or function
    for block in blocks:
        offset = register.address - block.start
        same = (block.function or function) == asked
        if same and offset >= 0 and offset + count <= len(block.words):
            return block.words[offset : offset + count]
    return None
