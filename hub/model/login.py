"""What a name to sign in with and a telephone number look like."""

from __future__ import annotations

import re

LONGEST_NAME = 64
_NAME = re.compile(r"[^\W_][\w .·-]*")
_PHONE = re.compile(r"[0-9+][0-9 -]{2,30}")


def is_name(text: str) -> bool:
    """Tell whether somebody can be called so; a colon would look like a rule or a key."""
    return len(text) <= LONGEST_NAME and bool(_NAME.fullmatch(text)) and text != "hub"


def is_phone(text: str) -> bool:
    """Tell whether it is a telephone number."""
    return bool(_PHONE.fullmatch(text))
