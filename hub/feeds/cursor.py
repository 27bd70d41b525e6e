"""The feed's cursor: opaque text that says whose feed, how far, of which era, with which rights.

Base64url of `community|seq|scope tag|check`, with the era behind the tag in all but the first. A
cursor of another community, of other rights, or with a letter lost on the way is refused: read
from a wrong place, it would skip items in silence.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

import msgspec

from hub.errors import InvalidRequestError
from hub.model.era import FIRST

TAG_LENGTH = 8
_SEQ = re.compile(r"[0-9]{1,19}")
_ERA = re.compile(r"[0-9a-f]{8,12}")


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What a cursor says: the number behind which to read on, and the era of that number.

    `scope_tag` stands for the rights of the key that it was given to.
    """

    community: str
    seq: int
    scope_tag: str
    era: str = FIRST


def write_cursor(community: str, seq: int, scope: str, era: str = FIRST) -> str:
    """Write the cursor behind item `seq` for a key that sees the place `scope`."""
    return write_mark(Mark(community=community, seq=seq, scope_tag=_tag(scope), era=era))


def write_mark(mark: Mark) -> str:
    """Write a cursor."""
    head = f"{mark.community}|{mark.seq}|{mark.scope_tag}"
    if mark.era:
        head = f"{head}|{mark.era}"
    text = f"{head}|{_tag(head)}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_cursor(cursor: str, community: str, scope: str) -> Mark:
    """Return where to read on, or raise InvalidRequestError; the era is not judged."""
    mark = read_mark(cursor)
    if mark.community != community:
        raise _refusal(f"it belongs to the feed of {mark.community!r}, this is {community!r}")
    if mark.scope_tag != _tag(scope):
        raise _refusal("it was given to a key with other rights; read again from the start")
    return mark


def read_mark(cursor: str) -> Mark:
    """Return what a cursor says, of whatever feed it is; InvalidRequestError where it is none."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        head, _, check = text.rpartition("|")
        community, seq, tag, *rest = head.split("|")
        if check == _tag(head) and _SEQ.fullmatch(seq) and _is_era(rest):
            return Mark(community=community, seq=int(seq), scope_tag=tag, era="".join(rest))
    except (binascii.Error, ValueError) as error:
        raise _refusal("it is no cursor of this hub") from error
    raise _refusal("it has been changed on the way")


def _is_era(rest: list[str]) -> bool:
    return not rest or (len(rest) == 1 and _ERA.fullmatch(rest[0]) is not None)


def _refusal(why: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"The cursor cannot be used: {why}. Send back `next` as it was, or leave out `after`.",
        problems={"after": why},
    )


def _tag(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:TAG_LENGTH]
