"""The versions of rules that were made on the site, and what they make of the rules of the files.

A version is a document of its own and is never changed: to go back is a new version, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hub.errors import NotFoundError
from hub.model.rule_version import RuleVersion
from hub.model.spelling import suggest
from hub.ports import Document

RULE_VERSIONS = "rule_version"
"""The collection of the documents."""
SCHEDULE = "schedule."
"""Stands before the name of a schedule, whose versions are kept as those of rules are."""

PARAMETERS = "parameters."
"""Stands before the id of a rule whose parameters have versions of their own."""


class RuleShelf:
    """Knows every version of every rule, oldest first."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._versions: dict[str, list[RuleVersion]] = {}
        for body in documents.values():
            version = msgspec.json.decode(body, type=RuleVersion)
            self._versions.setdefault(version.rule, []).append(version)
        for versions in self._versions.values():
            versions.sort(key=lambda version: version.number)

    def versions(self, rule: str) -> Sequence[RuleVersion]:
        """Return the versions of a rule, oldest first."""
        return self._versions.get(rule, ())

    def newest(self) -> list[RuleVersion]:
        """Return the version of each rule that counts."""
        return [versions[-1] for versions in self._versions.values()]

    def number(self, rule: str) -> int:
        """Return the number of the version that counts; 0 where nobody has made one."""
        return self._versions[rule][-1].number if rule in self._versions else 0

    def version(self, rule: str, number: int) -> RuleVersion:
        """Return one version, or raise NotFoundError."""
        for version in self.versions(rule):
            if version.number == number:
                return version
        known = [str(each.number) for each in self.versions(rule)]
        raise NotFoundError(
            f"rule {rule} has no version {number}; {suggest(str(number), known)}",
            zh=f"规则 {rule} 没有第 {number} 版。",
        )

    def with_new(self, *versions: RuleVersion) -> RuleShelf:
        """Return a shelf that has these as well."""
        other = RuleShelf({})
        other._versions = {rule: list(known) for rule, known in self._versions.items()}
        for version in versions:
            other._versions.setdefault(version.rule, []).append(version)
        return other


def file_of(version: RuleVersion) -> str:
    """Return the name under which a version's text is loaded, and its faults are told."""
    return f"{version.rule}@{version.number}"


def texts_of(versions: Sequence[RuleVersion]) -> dict[str, str]:
    """Return the texts that take the place of the files' rules, by their names."""
    return {file_of(version): version.text for version in versions if version.text}


def to_document(version: RuleVersion) -> Document:
    """Write a version for the store."""
    key = f"{version.rule}/{version.number:06}"
    body = msgspec.json.encode(version)
    return Document(collection=RULE_VERSIONS, key=key, body=body, at=version.at)
