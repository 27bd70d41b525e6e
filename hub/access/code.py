"""One-time codes: twelve letters that let a person choose a password, once, within a day.

Crockford's alphabet, which has no I, L, O and U: sixty random bits, read out over a telephone.
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 12, 4
GOOD_FOR = 24 * 3600.0
"""Seconds."""
_MEANT = str.maketrans("ILO", "110")
_FORM = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")


def new_code() -> str:
    """Return a new code, such as `K7QM-2XFD-9TRA`."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(letters[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def as_given(typed: str) -> str:
    """Return the code as it was given, however it was typed; other text comes back unchanged."""
    letters = re.sub(r"[\s-]", "", typed).upper().translate(_MEANT)
    if not _FORM.fullmatch(letters):
        return typed
    return "-".join(letters[start : start + GROUP] for start in range(0, LENGTH, GROUP))
