"""What a bell says: how bad, what, where, since when, which ticket, until when.

What goes to an outside cloud has no name of a person and no number of a phone in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence

import msgspec

from hub.model.alarm import Severity
from hub.model.instant import to_local_text
from hub.model.place import Place
from hub.model.ring import Concern, Ring
from hub.model.ticket import Ticket, TicketState

SEVERITY = {
    Severity.CRITICAL: "紧急",
    Severity.MAJOR: "严重",
    Severity.MINOR: "一般",
    Severity.WARNING: "提示",
}
ACTS = {Concern.RESPONSIBLE}
"""A message that asks somebody to act says so, whatever else it tells."""
DRILL = "【演练】"
LONGEST = 120
"""Letters of a title or reason."""
_PHONE = re.compile(
    r"(?<!\d)(\+?86[- ]?)?1[3-9]\d([- ]?\d{4}){2}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"
)
_LIMITS = (
    (frozenset({TicketState.NEW, TicketState.DISPATCHED}), "take_by", "接单"),
    (frozenset({TicketState.TAKEN}), "arrive_by", "到场"),
    (frozenset({TicketState.ARRIVED}), "finish_by", "完工"),
)
"""States in which a limit runs, and what has to be done by then."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message about one ticket; `id` is the same whenever the same rings are told.

    `what`, `where` and `until` are the pieces that a registered template is filled with.
    """

    id: str
    ticket: str
    severity: Severity
    title: str
    lines: tuple[str, ...] = ()
    link: str = ""
    what: str = ""
    where: str = ""
    until: str = ""
    test: bool = False

    @property
    def text(self) -> str:
        """Return it as plain text."""
        return "\n".join(part for part in (self.title, *self.lines, self.link) if part)

    @property
    def level(self) -> str:
        """Return the severity as a word, marked where it is a drill."""
        return (DRILL if self.test else "") + SEVERITY[self.severity]


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What a message is made with: names of places and people, where pages are (empty: nowhere)."""

    places: Mapping[str, Place]
    people: Collection[str] = ()
    pages: str = ""
    test: bool = False


def compose(
    rings: Sequence[Ring], ticket: Ticket | None, scene: Scene, *, bell: str, outside: bool
) -> Message:
    """Write one message of the rings of one person about one ticket, oldest first.

    Where it leaves the house, names of `scene.people` and phones are taken out.
    """
    hide = Hidden(scene.people) if outside else None
    last = next((ring for ring in reversed(rings) if ring.concern in ACTS), rings[-1])
    severity = min((ring.severity for ring in rings), key=list(Severity).index)
    test = scene.test or last.test
    what, where = tidy(last.title.get("zh", ""), hide), name_place(last.place, scene.places)
    head = f"{DRILL if test else ''}【{SEVERITY[severity]}】"
    until = _until(ticket)
    told = "知会，无需处理" if last.concern is Concern.INFORMED else until
    why = dict.fromkeys(tidy(_reason(ring, outside), hide) for ring in rings)
    person = "" if outside else f"通知 {last.person}"
    since = f"自 {to_local_text(ticket.opened_at)} 起" if ticket else ""
    lines = (f"位置：{where}", since, f"工单 {last.ticket}", told, *why, person)
    return Message(
        id=identify(bell, [ring.id for ring in rings]),
        ticket=last.ticket,
        severity=severity,
        title=f"{head}{what}",
        lines=tuple(line for line in lines if line),
        link=f"{scene.pages}/tickets/{last.ticket}" if scene.pages else "",
        what=what,
        where=where,
        until=until,
        test=test,
    )


def identify(bell: str, rings: Sequence[str]) -> str:
    """Return the id of a message: of its bell, and of the rings that it tells."""
    text = "\n".join([bell, *sorted(rings)])
    return "bell-" + hashlib.sha256(text.encode()).hexdigest()[:32]


class Hidden:
    """Takes phones and the names of people out of a text."""

    def __init__(self, people: Collection[str]) -> None:
        names = sorted((re.escape(name) for name in people if name), key=len, reverse=True)
        # A Latin name is a word of its own; Chinese has no spaces between words.
        edged = (rf"(?<![\w]){name}(?![\w])" if name.isascii() else name for name in names)
        self._people = re.compile("|".join(edged)) if names else None

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        text = _PHONE.sub("（电话略）", text)
        return self._people.sub("（人名略）", text) if self._people else text


def tidy(text: str, hide: Hidden | None = None) -> str:
    """Put a text on one line, not too long, and without what is to be hidden."""
    line = " ".join(text.split())
    line = hide(line) if hide else line
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def name_place(path: str, places: Mapping[str, Place]) -> str:
    """Write where it is by the names from the compound down; the path where nobody knows it."""
    words = path.split("/")
    above = ["/".join(words[:count]) for count in range(2, len(words) + 1)] or [path]
    names = [places[each].name for each in above if each in places]
    return " ".join(names) or path


def _reason(ring: Ring, outside: bool) -> str:
    """Return why somebody is rung; details, such as who is not there, stay in the house."""
    reason = ring.reason.get("zh", "")
    return reason.partition(": ")[0] if outside else reason


def _until(ticket: Ticket | None) -> str:
    for states, field, word in _LIMITS:
        by = getattr(ticket, field) if ticket and ticket.state in states else None
        if by is not None:
            return f"请在 {to_local_text(by)} 前{word}"
    return ""
