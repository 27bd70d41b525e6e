"""Chains that must end: who hangs below whom in `upstream` and `power`."""

from __future__ import annotations

from collections.abc import Mapping


def find_cycles(above: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return each cycle once, in the order of its first member in `above`; linear in its length.

    `above` maps a name to the one it hangs below; an empty or unknown name ends the chain.
    """
    done: set[str] = set()
    cycles = []
    for start in above:
        path: dict[str, int] = {}
        name = start
        while name in above and name not in done and name not in path:
            path[name] = len(path)
            name = above[name]
        if name in path:
            cycles.append(tuple(path)[path[name] :])
        done.update(path)
    return cycles
