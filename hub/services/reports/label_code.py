"""Codes that are drawn from one secret: on labels, for progress, and in forms. Nothing is stored.

The secret lies in the store, and so in every backup: labels that are printed stay good.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

LABEL_DIGITS = 11
"""Digits of a label's code before its check digit: one in some ten million is a label's."""
QUERY_DIGITS = 8
FORM_LIFE = 12 * 3600.0
"""Seconds for which a form that was shown is taken."""

_DAMM = (
    *((0, 3, 1, 7, 5, 9, 8, 6, 4, 2), (7, 0, 9, 2, 1, 5, 4, 8, 6, 3)),
    *((4, 2, 0, 6, 8, 7, 1, 3, 5, 9), (1, 7, 5, 0, 9, 8, 3, 4, 2, 6)),
    *((6, 1, 2, 3, 0, 4, 5, 9, 7, 8), (3, 6, 7, 4, 2, 0, 9, 5, 8, 1)),
    *((5, 8, 6, 9, 7, 2, 0, 1, 3, 4), (8, 9, 4, 5, 3, 6, 2, 0, 1, 7)),
    *((9, 4, 3, 8, 6, 1, 7, 2, 0, 5), (2, 5, 8, 1, 4, 3, 6, 7, 9, 0)),
)
"""H. M. Damm's quasigroup: finds each wrong digit, and each pair that has changed places."""


class Codes:
    """Draws codes, and tells those that it has drawn."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def label(self, subject: str, turn: int = 0) -> str:
        """Return the code of a thing, check digit last; `turn` gives another one."""
        digits = self._digits(f"label:{subject}:{turn}", LABEL_DIGITS)
        return digits + str(check_digit(digits))

    def query(self, report: str) -> str:
        """Return the query code (查询码) of a report."""
        return self._digits(f"query:{report}", QUERY_DIGITS)

    def report(self, key: str) -> str:
        """Return the id of the report that was filed with this key."""
        return self._mac(f"report:{key}").hex()[:24]

    def form(self, now: float) -> str:
        """Return a key for one form: when it was shown, what nobody guesses, and our mark."""
        body = f"{int(now):x}.{secrets.token_hex(8)}"
        return f"{body}.{self._mark(body)}"

    def is_form(self, key: str, now: float) -> bool:
        """Tell whether this key was given out, and not too long ago."""
        body, _, mark = key.rpartition(".")
        stamp = body.partition(".")[0]
        if not hmac.compare_digest(mark.encode("utf-8", "replace"), self._mark(body).encode()):
            return False
        return now - FORM_LIFE <= int(stamp, 16) <= now + 1

    def _mark(self, body: str) -> str:
        return self._mac(f"form:{body}").hex()[:16]

    def _digits(self, what: str, count: int) -> str:
        return f"{int.from_bytes(self._mac(what)[:16], 'big') % 10**count:0{count}d}"

    def _mac(self, what: str) -> bytes:
        return hmac.new(self._secret, what.encode(), hashlib.sha256).digest()


def check_digit(digits: str) -> int:
    """Return Damm's check digit of a number."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim


def tidy_code(typed: str) -> str:
    """Return the digits of a code as people type it, with spaces and strokes between."""
    return "".join(each for each in typed if each not in " -\u3000\u2014")


def is_well_typed(code: str) -> bool:
    """Tell whether a label's code has its length, and its check digit fits."""
    fits = code.isascii() and code.isdigit() and len(code) == LABEL_DIGITS + 1
    return fits and check_digit(code[:-1]) == int(code[-1])


def in_groups(code: str) -> str:
    """Write a code in groups of four, as people read it aloud."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))
