"""What a look at the hub's surroundings found: how it ended, in words, and the next step."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


class Finding(msgspec.Struct, frozen=True):
    """One check: its name, how it ended, a sentence in Chinese and English, and the next step."""

    check: str
    verdict: Verdict
    zh: str
    en: str
    next: str = ""

    def __str__(self) -> str:
        """Write it as one line."""
        step = f" -> {self.next}" if self.next else ""
        return f"{self.verdict}: {self.check}: {self.zh} {self.en}{step}"
