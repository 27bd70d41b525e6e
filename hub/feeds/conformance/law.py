"""A law of the contract: its id, a sentence, the page that has it, and how it is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from hub.errors import HubError

B = TypeVar("B")

FEED = "docs/grid-feed.md"


class Verdict(StrEnum):
    """What a look at a law has shown; `untried` where there was nothing to look at."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNTRIED = "untried"


class BrokenError(HubError):
    """A law does not hold; the sentence is the evidence."""


class UntriedError(HubError):
    """A law could not be looked at; the sentence says why."""


class UnfitError(HubError):
    """Nothing can be looked at: a wrong address, or a key without the right."""


class Law(msgspec.Struct, Generic[B], frozen=True, kw_only=True):
    """`check` looks at the bench, and returns its evidence or raises BrokenError, UntriedError."""

    id: str
    zh: str
    en: str
    page: str
    check: Callable[[B], Awaitable[str]]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one law."""

    id: str
    verdict: Verdict
    zh: str
    en: str
    evidence: str
    page: str


def demand(is_so: object, evidence: str) -> None:
    """Raise BrokenError with the evidence where something is not so."""
    if not is_so:
        raise BrokenError(evidence)


async def judge(law: Law[B], bench: B) -> Finding:
    """Look at one law; what an answer makes impossible to read breaks it, too."""
    try:
        verdict, evidence = Verdict.HOLDS, await law.check(bench)
    except BrokenError as error:
        verdict, evidence = Verdict.BROKEN, str(error)
    except UntriedError as error:
        verdict, evidence = Verdict.UNTRIED, str(error)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        verdict, evidence = Verdict.BROKEN, f"the answer has another form: {error!r}"
    return Finding(
        id=law.id,
        verdict=verdict,
        zh=law.zh,
        en=law.en,
        evidence=evidence,
        page=law.page,
    )
