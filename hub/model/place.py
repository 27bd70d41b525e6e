"""A place: a node of the tree community / compound / building / unit / floor / spot."""

from __future__ import annotations

import msgspec


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One node; `path` such as `guanshan/a/b12/u2` is its identity, the parent is one level up."""

    path: str
    name: str
    kind: str = ""
    grid_code: str = ""
    attributes: dict[str, str | int | float | bool] = {}

    @property
    def parent(self) -> str:
        """Return the path of the place above; empty at the root."""
        return self.path.rpartition("/")[0]


def contains(place: str, inner: str) -> bool:
    """Tell whether `inner` is `place` itself or lies below it."""
    return inner == place or inner.startswith(place + "/")
