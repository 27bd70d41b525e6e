"""What a platform's answer means: taken, to be tried again, or never like this.

HTTP 200 says nothing here: the code in the answer does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hub.courier.answer import DELIVERED, Answer, Reply, judge_status, later, refused
from hub.feeds.profiles.wire import find, plain, read_body
from hub.model.profile import Profile

LONGEST = 200
"""Letters of their message that are kept."""


class Judged(msgspec.Struct, frozen=True):
    """The verdict, what the answer holds, and its code."""

    answer: Answer
    data: dict[str, Any] = {}
    code: str = ""

    @property
    def is_good(self) -> bool:
        """Tell whether it is a yes."""
        return self.answer is DELIVERED


def judge(profile: Profile, reply: Reply, also: Sequence[str] = ()) -> Judged:
    """Judge an answer; codes in `also` are as good as a yes.

    A code that the profile calls fatal is about this item alone (`theirs`): it is dead at once.
    """
    envelope = profile.envelope
    if bad := judge_status(reply):
        return Judged(bad)
    try:
        data = read_body(profile.transport, reply.body)
    except ValueError as error:
        return Judged(later(f"HTTP {reply.status}, but the answer cannot be read: {error}"))
    found = find(data, envelope.code)
    if found is None:
        return Judged(later(f"HTTP {reply.status}, but the answer has no {envelope.code!r}"), data)
    code = plain(found)
    if code in envelope.ok or code in also:
        return Judged(DELIVERED, data, code)
    said = plain(find(data, envelope.message) or "") if envelope.message else ""
    why = f"HTTP {reply.status}, but {envelope.code} is {code}: {said[:LONGEST]}".rstrip(": ")
    bad = refused(why, theirs=True) if code in envelope.fatal else later(why, reply.retry_after)
    return Judged(bad, data, code)
