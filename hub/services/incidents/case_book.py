"""The book of cases, in memory: ahead of the store by the batch that is being prepared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from hub.model.case import Case


class CaseBook:
    """Holds the last version of each case, found by its incident."""

    def __init__(self, documents: Mapping[str, bytes] = {}) -> None:
        self._cases: dict[str, dict[str, Case]] = {}
        for body in documents.values():
            self.put(msgspec.json.decode(body, type=Case))

    def put(self, case: Case) -> None:
        """Take over a version."""
        self._cases.setdefault(case.incident, {})[case.receiver] = case

    def all(self) -> Iterator[Case]:
        """Yield every case."""
        return (case for cases in self._cases.values() for case in cases.values())

    def find(self, receiver: str, incident: str) -> Case:
        """Return a receiver's case; one that it has never touched is `reported`."""
        known = self._cases.get(incident, {}).get(receiver)
        return known or Case(receiver=receiver, incident=incident)

    def of_receiver(self, receiver: str) -> Sequence[Case]:
        """Return the cases that a receiver has touched, or was given, by the incidents' numbers."""
        found = (cases.get(receiver) for _, cases in sorted(self._cases.items()))
        return [case for case in found if case is not None]

    def of(self, incident: str) -> Sequence[Case]:
        """Return the cases of an incident that receivers have touched, by the receivers' names."""
        return [case for _, case in sorted(self._cases.get(incident, {}).items())]
