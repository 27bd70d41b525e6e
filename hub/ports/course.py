"""What figures of work are made of."""

from __future__ import annotations

from typing import Protocol

from hub.model.course import Course, Fault


class Courses(Protocol):
    """Every ticket's course and every alarm's length, as of the last commit."""

    async def read_on(self) -> tuple[list[Course], list[Fault]]:
        """Return the courses and the faults, oldest first."""
        ...
