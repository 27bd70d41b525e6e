"""The nearest good word, for errors that say what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the choice that looks most like `word`, or an empty string when none does."""
    found = get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return found[0] if found else ""


def suggest(word: str, choices: Iterable[str], *, listed: int = 8) -> str:
    """Return a hint: `did you mean 'x'?`, or what there is to choose from, up to `listed` words."""
    known = sorted(choices)
    guess = nearest(word, known)
    if guess:
        return f"did you mean '{guess}'?"
    if not known:
        return ""
    more = ", ..." if len(known) > listed else ""
    return f"one of: {', '.join(known[:listed])}{more}"
