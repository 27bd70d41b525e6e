"""Laws of the feed's cursor: where it starts, how it goes on, and what it refuses."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from hub.errors import InvalidRequestError
from hub.feeds.conformance.bench import WHOLE, Bench, era_of, number_of, show
from hub.feeds.conformance.law import FEED, Law, UntriedError, demand
from hub.feeds.cursor import Mark, read_mark, write_cursor, write_mark

PAGE = f"{FEED}#the-cursor"
TRIES = 5
GONE = 410
AHEAD = 10**12
UNKNOWN = "f" * 8
"""An era that no restore has begun; the kit cannot restore anything itself."""


async def starts_at_the_oldest(bench: Bench) -> str:
    """Ask twice without `after`: the same first item, and nothing else before it."""
    items = bench.some()
    for limit in (1, 7):
        page = await bench.page("", limit)
        demand(
            page["items"][:1] == items[:1],
            f"without `after` it starts with {show(page['items'], 0)}, and {show(items, 0)} before",
        )
    return f"it starts with {items[0]['id']}"


async def goes_on_from_any_cursor(bench: Bench) -> str:
    """Go on from cursors that were given before, in any order and more than once."""
    items = bench.some()
    marks = bench.chance.choices(bench.marks, k=8)
    for after, at in marks * 2:
        page = await bench.page(after, 5)
        due = list(items[at : at + 5])
        demand(
            page["items"][: len(due)] == due,
            f"behind item {at} it goes on with {show(page['items'], 0)}, not {show(due, 0)}",
        )
    return f"{len(marks)} cursors, twice each"


async def gives_next_at_the_end(bench: Bench) -> str:
    """Read to the end: an empty page has `next`, and that can be used."""
    after = bench.end
    for _ in range(TRIES):
        page = await bench.page(after, WHOLE)
        after = page["next"]
        demand(after, "`next` is empty")
        if not page["items"]:
            await bench.page(after, WHOLE)
            return "an empty page has `next`"
    raise UntriedError("the feed does not come to rest")


async def refuses_a_mangled_cursor(bench: Bench) -> str:
    """Change letters of a cursor, cut it, lengthen it: none may be read as a place."""
    after = bench.marks[-1][0] or bench.end
    middle = len(after) // 2
    other = "A" if after[middle] != "A" else "B"
    changed = (
        f"{after[:middle]}{other}{after[middle + 1 :]}",
        after[: middle or 1],
        after[:-4],
        f"{after}{after}",
        after.swapcase(),
        "0",
        "%00",
    )
    for cursor in changed:
        if cursor in {"", after}:
            continue
        told = await bench.probe.get("feed", after=cursor)
        demand(told.is_refused, f"the mangled cursor {cursor!r} is taken: {told}")
    return f"{len(changed)} mangled cursors refused"


async def refuses_a_foreign_cursor(bench: Bench) -> str:
    """Send the cursor of another community."""
    told = await bench.probe.get("feed", after=write_cursor("elsewhere-of-the-kit", 1, ""))
    demand(told.is_refused, f"another community's cursor is taken: {told}")
    return str(told)


async def says_what_is_gone(bench: Bench) -> str:
    """Send a cursor that retention has passed, or one that lies ahead: 410, and where to begin."""
    cursor = bench.wish.old or _ahead(bench)
    told = await bench.probe.get("feed", after=cursor)
    demand(told.status == GONE, f"what is gone is not 410: {told}")
    oldest = told.data.get("oldest")
    demand(isinstance(oldest, str) and oldest, f"410 without `oldest`: {told}")
    page = await bench.page(str(oldest), 1)
    demand(page["items"] == bench.items[:1], f"`oldest` begins with {show(page['items'], 0)}")
    return "410 with `oldest`, from which the feed begins"


async def knows_what_was_given_up(bench: Bench) -> str:
    """Send cursors of another era: 410, but for one that lies in what both have."""
    end = _mark(bench)
    items = bench.some()
    strange = [msgspec.structs.replace(end, era=UNKNOWN, seq=number_of(items[0]))]
    shared = []
    for one, other in pairwise(items):
        if era_of(one) != era_of(other):
            old = msgspec.structs.replace(end, era=era_of(one), seq=number_of(one))
            shared.append((old, other))
            strange.append(msgspec.structs.replace(old, seq=number_of(other)))
    for mark in strange:
        told = await bench.probe.get("feed", after=write_mark(mark))
        demand(told.status == GONE, f"a cursor of the era {mark.era!r} is not 410: {told}")
        demand(told.data.get("oldest"), f"410 without `oldest`: {told}")
        demand(told.data.get("restored") is True, f"410 without `restored`: {told}")
    for mark, due in shared:
        page = await bench.page(write_mark(mark), 1)
        demand(page["items"] == [due], f"behind item {mark.seq} of before comes another one")
    return f"{len(strange)} cursors of what was given up refused, {len(shared)} go on"


def _ahead(bench: Bench) -> str:
    return write_mark(msgspec.structs.replace(_mark(bench), seq=AHEAD))


def _mark(bench: Bench) -> Mark:
    """Read the last cursor, where it has a form that is known here."""
    bench.some()
    try:
        return read_mark(bench.end)
    except InvalidRequestError as error:
        raise UntriedError("name an old cursor (--old): this one's form is not known") from error


LAWS: tuple[Law[Bench], ...] = (
    Law(
        id="cursor-oldest",
        zh="不带 after 从最早一条开始",
        en="Without `after` the feed starts at its oldest item.",
        page=PAGE,
        check=starts_at_the_oldest,
    ),
    Law(
        id="cursor-resume",
        zh="任一游标可重复使用，续读一致",
        en="Every cursor goes on at the same place, however often it is used.",
        page=PAGE,
        check=goes_on_from_any_cursor,
    ),
    Law(
        id="cursor-next",
        zh="空页也给出 next",
        en="`next` is there also when the page is empty, and can be used.",
        page=PAGE,
        check=gives_next_at_the_end,
    ),
    Law(
        id="cursor-mangled",
        zh="被改动的游标须拒绝",
        en="A cursor that was changed on the way is refused.",
        page=PAGE,
        check=refuses_a_mangled_cursor,
    ),
    Law(
        id="cursor-foreign",
        zh="其他社区的游标须拒绝",
        en="Another community's cursor is refused.",
        page=PAGE,
        check=refuses_a_foreign_cursor,
    ),
    Law(
        id="cursor-gone",
        zh="已清理的位置答 410 并给出 oldest",
        en="What is gone is 410 with the oldest cursor, never skipped in silence.",
        page=PAGE,
        check=says_what_is_gone,
    ),
    Law(
        id="cursor-era",
        zh="从备份恢复后，作废时段的游标答 410，共有时段的可续读",
        en="After a restore a cursor of the time that was given up is 410, any other goes on.",
        page=PAGE,
        check=knows_what_was_given_up,
    ),
)
