"""What is wrong with the orders of a model: a relay that is moved by mistake is worse than none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from hub.model.catalogue import Register, RelayOrder

MOST_COILS = 64
"""Coils from the first to the last: they are read with one question, before and after a pulse."""


def find_coil_faults(
    orders: Sequence[RelayOrder], driver: object, registers: Sequence[Register]
) -> Iterator[tuple[str, str]]:
    """Yield each fault with a hint."""
    if not orders:
        return
    if driver != "modbus":
        yield "orders are for driver 'modbus'", ""
    if not registers:
        yield "a device with orders must be read as well", "add [[registers]], function 1 or 2"
    for what, told in (
        ("do", [relay.do for relay in orders]),
        ("coil", [relay.coil for relay in orders]),
    ):
        for word, count in Counter[str | int](told).items():
            if count > 1:
                yield (
                    f"{count} orders have the {what} {word!r}",
                    "each relay has an order of its own",
                )
    span = [relay.coil for relay in orders]
    if max(span) - min(span) >= MOST_COILS:
        yield f"the coils lie over {MOST_COILS} addresses", "they are read with one question"
