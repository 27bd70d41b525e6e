"""What receivers have made of incidents, for those who look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hub.model.case import Case


class Cases(Protocol):
    """Every case, from memory; for a moment it may be ahead of the store by one batch."""

    def find(self, receiver: str, incident: str) -> Case:
        """Return a receiver's case; one that it has never touched is `reported`."""
        ...

    def of(self, incident: str) -> Sequence[Case]:
        """Return the cases of an incident that somebody has touched, by the receivers' names."""
        ...

    def of_receiver(self, receiver: str) -> Sequence[Case]:
        """Return the cases that a receiver has touched, or was given, by the incidents' numbers."""
        ...
