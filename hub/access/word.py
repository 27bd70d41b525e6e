"""Words that a newcomer brings: the name, the phone, and the password that is chosen."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from hub.errors import InvalidRequestError, NotFoundError
from hub.model.login import LONGEST_NAME, is_name, is_phone
from hub.model.spelling import suggest

SHORTEST_PASSWORD = 10
LONGEST = 200
"""Letters of a name or password; argon2 need not chew on a book."""
COMMON = frozenset(
    (  # noqa: SIM905 - sixty words read better as text
        "0123456789 1234567890 12345678910 123456789a 123456789q 9876543210 0987654321 "
        "1234512345 1357924680 147258369a 1472583690 5201314520 a123456789 aa123456789 "
        "abc1234567 abcd123456 abcd1234567 abcdef1234 abcdefghij abc123456789 qq123456789 "
        "qwertyuiop qwerty1234 qwerty12345 qwerty123456 q1w2e3r4t5 1q2w3e4r5t 1qaz2wsx3edc "
        "qazwsxedcr zaq12wsxcde zxcvbnm123 asdfghjkl1 asdfghjkl123 password01 password11 "
        "password12 password123 password1234 p@ssw0rd123 passw0rd123 admin12345 admin123456 "
        "administrator woaini1314 woaini1314520 woaini5201314 iloveyou123 "
        "iloveyou1314 iloveyou520 letmein123 welcome123 changeme123 lingdang123 lingdang1234 "
        "guanshan123 guanshan1234 wuhan123456"
    ).split()
)
"""The commonest of those that are long enough, in lower case."""


def read_name(text: str) -> str:
    """Return a person's or machine's name as it is kept; InvalidRequestError when it is none.

    A colon would make it look like a rule, a key or a local administrator in the journal.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if is_name(name):
        return name
    raise InvalidRequestError(
        f"{text[:LONGEST_NAME]!r} is no name: letters and digits, up to {LONGEST_NAME}, with"
        " . - _ and spaces in between; 'hub' is taken.",
        problems={"name": "not a name"},
        zh=f"姓名只能用文字、数字、空格和 . - _，最多 {LONGEST_NAME} 个字。",
    )


def read_phone(text: str) -> str:
    """Return a phone number, or nothing; InvalidRequestError when it is none."""
    phone = text.strip()
    if not phone or is_phone(phone):
        return phone
    raise InvalidRequestError(
        "phone: write digits, such as 13900000000 or 027-81234567.",
        problems={"phone": "not a number"},
        zh="电话请填数字，如 13900000000 或 027-81234567。",
    )


def check_place(path: str, places: Collection[str]) -> None:
    """Raise NotFoundError for a place that the site does not have; empty is the community."""
    if path and path not in places:
        raise NotFoundError(
            f"there is no place {path!r}; {suggest(path, places) or 'the site has none'}",
            zh=f"没有位置 {path}。",
        )


def password_fault(password: str, name: str) -> str:
    """Return what is wrong with a new password: short, long, name, common or nothing."""
    if len(password) < SHORTEST_PASSWORD:
        return "short"
    if len(password) > LONGEST:
        return "long"
    folded = password.casefold()
    if _is_name(folded, name.casefold()):
        return "name"
    return "common" if folded in COMMON or len(set(folded)) <= 2 else ""  # noqa: PLR2004 - 1212…


def _is_name(folded: str, name: str) -> bool:
    """Tell whether nothing is left of the password without the name and what is no letter."""
    rest = folded.replace(name, "")
    return rest != folded and not any(letter.isalpha() for letter in rest)
