"""Where in the feed a reader is: its cursor judged, and what it is told where that is gone."""

from __future__ import annotations

from hub.access.web_ports import WebPorts, has_reached
from hub.errors import GoneError
from hub.feeds.cursor import read_cursor, write_cursor
from hub.model.access import Identity

GIVEN_UP = (
    "The hub was restored from a backup, and what this cursor stands for was given up. Drop what"
    " you were told of that time, read again from `oldest`, and compare with /grid/v1/incidents."
)
GIVEN_UP_ZH = (
    "本系统已从备份恢复，这个游标之后的一段记录已作废。请丢弃那段时间收到的条目，"
    "从 oldest 重新读取，并与 /grid/v1/incidents 核对。"
)
DELETED = "What followed this cursor was deleted after its retention; read again from `oldest`."
DELETED_ZH = "这个游标之后的条目已超过保存期限被清理，请从 oldest 重新读取。"


def cursor_at(ports: WebPorts, who: Identity, seq: int) -> str:
    """Write the cursor behind `seq` for who asks."""
    return write_cursor(ports.community.id, seq, who.scope, ports.eras.now)


async def place_of(ports: WebPorts, who: Identity, after: str) -> int:
    """Return the number behind which a cursor reads on, where nothing behind it is missing.

    InvalidRequestError for what is none, GoneError where something was deleted by age or given
    up by a restore.
    """
    seq, oldest = await number_of(ports, who, after), await ports.books.oldest_feed()
    if seq < oldest:
        raise GoneError(DELETED, zh=DELETED_ZH, oldest=cursor_at(ports, who, oldest))
    return seq


async def number_of(ports: WebPorts, who: Identity, after: str) -> int:
    """Return a cursor's number; GoneError where a restore gave up what it stands for."""
    mark = read_cursor(after, ports.community.id, who.scope)
    if ports.eras.shares(mark.era, mark.seq) and await has_reached(ports, mark.seq):
        return mark.seq
    start = cursor_at(ports, who, await ports.books.oldest_feed())
    raise GoneError(GIVEN_UP, zh=GIVEN_UP_ZH, oldest=start, restored=True)
