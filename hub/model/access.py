"""Who asks: people, keys, roles, and the part of the community that their rights cover."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.model.place import contains


class Role(StrEnum):
    """The roles of `DESIGN.md` section 12; `grid` is the platform's machine key.

    A building head (楼长) reads the tickets of their own building, and takes no step.
    """

    GUARD = "guard"
    CREW = "crew"
    MANAGER = "manager"
    GRID_WORKER = "grid_worker"
    BUILDING_HEAD = "building_head"
    DEPARTMENT = "department"
    ADMINISTRATOR = "administrator"
    GRID = "grid"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody known: a person who signed in, or a machine with a key.

    `scope` is a place path, empty for the whole community. `proven` tells of a person who has shown
    a second factor.
    """

    name: str
    role: Role
    scope: str = ""
    machine: bool = False
    proven: bool = False

    def may_see(self, place: str) -> bool:
        """Tell whether a thing at `place` lies in this identity's part of the community.

        A building head without a building sees nothing.
        """
        if not self.scope:
            return self.role is not Role.BUILDING_HEAD
        return contains(self.scope, place)
