"""满意度调查: twice a month some of those whose report was settled are asked, by a fair draw."""

from __future__ import annotations

from enum import StrEnum

import msgspec

SURVEYS = "survey"
"""The collection of the documents; the key is `Survey.id`."""


class Way(StrEnum):
    """电话 phone · 纸质问卷 paper."""

    PHONE = "phone"
    PAPER = "paper"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one person has said: answered in time, solved, satisfied; nothing of who they are."""

    way: Way
    responded: bool
    solved: bool
    satisfied: bool
    by: str
    at: float


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One of the sample: the report and its ticket; `missed` is how often nobody could be reached.

    Name and number stand with the report, and go with it.
    """

    report: str
    ticket: str
    place: str
    missed: int = 0
    answer: Answer | None = None


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """The survey of one half of a month, `start` <= closed < `end`; `place` is whose it is.

    `out_of` reports could have been drawn; `handed_out` sheets of paper were given out, and
    `sheets` are those that came back.
    """

    id: str
    start: float
    end: float
    place: str
    out_of: int
    asked: tuple[Asked, ...]
    handed_out: int = 0
    sheets: tuple[Answer, ...] = ()
    actor: str
    at: float

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Return all answers, by telephone and on paper."""
        return (*(each.answer for each in self.asked if each.answer), *self.sheets)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a survey comes to: how many were asked and have answered, and shares from 0 to 1.

    A share is None where there is nothing to make it of.
    """

    asked: int
    answered: int
    response: float | None
    responded: float | None
    solved: float | None
    satisfied: float | None
