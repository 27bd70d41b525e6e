"""A version of a rule that somebody has made on the site: what it says, how it counts, who, why."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class RuleMode(StrEnum):
    """`trial` is recorded and nobody is told; `off` is not evaluated."""

    ACTIVE = "active"
    TRIAL = "trial"
    OFF = "off"


class RuleVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version; numbers count from 1 for each rule, `at` in epoch seconds.

    `text` is the `[[rule]]` as it was written; empty where the rule stands as it ships, or as the
    site's files say, and only its mode was chosen.
    """

    rule: str
    number: int
    at: float
    actor: str
    why: str
    mode: RuleMode
    text: str = ""
