"""What a bell says: how bad, what, where, since when, which ticket, until when.

What goes to an outside cloud has no name of a person and no number of a phone in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence

import msgspec

from hub.bells.wording import WORDINGS, ZH, Wording
from hub.model.alarm import Severity
from hub.model.instant import to_local_text
from hub.model.place import Place
from hub.model.ring import Concern, Ring
from hub.model.ticket import Ticket, TicketState

ACTS = {Concern.RESPONSIBLE}
"""A message that asks somebody to act says so, whatever else it tells."""
LONGEST = 120
"""Letters of a title or reason."""
_PHONE = re.compile(
    r"(?<!\d)(\+?86[- ]?)?1[3-9]\d([- ]?\d{4}){2}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"
)
_LIMITS = (
    (frozenset({TicketState.NEW, TicketState.DISPATCHED}), "take_by"),
    (frozenset({TicketState.TAKEN}), "arrive_by"),
    (frozenset({TicketState.ARRIVED}), "finish_by"),
)
"""States in which a limit runs."""


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
    language: str = "zh"
    test: bool = False

    @property
    def text(self) -> str:
        """Return it as plain text."""
        return "\n".join(part for part in (self.title, *self.lines, self.link) if part)

    @property
    def level(self) -> str:
        """Return the severity as a word, marked where it is a drill."""
        words = WORDINGS[self.language]
        return (words.drill if self.test else "") + words.severity[self.severity]

    @property
    def due(self) -> str:
        """Return until when something has to be done, or that it is to be soon."""
        return self.until or WORDINGS[self.language].soon


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What a message is made with: names of places and people, where pages are (empty: nowhere).

    `language` is the site's, for whoever has none of their own.
    """

    places: Mapping[str, Place]
    people: Collection[str] = ()
    pages: str = ""
    language: str = "zh"
    test: bool = False


def compose(
    rings: Sequence[Ring],
    ticket: Ticket | None,
    scene: Scene,
    *,
    bell: str,
    outside: bool,
    language: str = "",
) -> Message:
    """Write one message of the rings of one person about one ticket, oldest first.

    Where it leaves the house, names of `scene.people` and phones are taken out.
    """
    language = language if language in WORDINGS else scene.language
    words = WORDINGS[language]
    hide = Hidden(scene.people, words) if outside else None
    last = next((ring for ring in reversed(rings) if ring.concern in ACTS), rings[-1])
    severity = min((ring.severity for ring in rings), key=list(Severity).index)
    test = scene.test or last.test
    what = tidy(pick(last.title, language), hide)
    where = name_place(last.place, scene.places)
    head = words.head.format(severity=words.severity[severity], title=what)
    until = _until(ticket, words)
    lines = (
        words.where.format(place=where),
        words.since.format(at=to_local_text(ticket.opened_at)) if ticket else "",
        "" if last.page else words.ticket.format(number=last.ticket),
        words.informed if last.concern is Concern.INFORMED else until,
        *dict.fromkeys(tidy(_reason(ring, language, words, outside), hide) for ring in rings),
        "" if outside else words.person.format(name=last.person),
    )
    return Message(
        id=identify(bell, [ring.id for ring in rings]),
        ticket=last.ticket,
        severity=severity,
        title=(words.drill if test else "") + head,
        lines=tuple(line for line in lines if line),
        link=scene.pages and f"{scene.pages}{last.page or f'/tickets/{last.ticket}'}",
        what=what,
        where=where,
        until=until,
        language=language,
        test=test,
    )


def identify(bell: str, rings: Sequence[str]) -> str:
    """Return the id of a message: of its bell, and of the rings that it tells."""
    text = "\n".join([bell, *sorted(rings)])
    return "bell-" + hashlib.sha256(text.encode()).hexdigest()[:32]


class Hidden:
    """Takes phones and the names of people out of a text."""

    def __init__(self, people: Collection[str], words: Wording = ZH) -> None:
        self._words = words
        names = sorted((re.escape(name) for name in people if name), key=len, reverse=True)
        # A Latin name is a word of its own; Chinese has no spaces between words.
        edged = (rf"(?<![\w]){name}(?![\w])" if name.isascii() else name for name in names)
        self._people = re.compile("|".join(edged)) if names else None

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        text = _PHONE.sub(self._words.phone_hidden, text)
        return self._people.sub(self._words.name_hidden, text) if self._people else text


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


def pick(texts: Mapping[str, str], language: str) -> str:
    """Return the text of a language, or any other that there is."""
    return texts.get(language) or next(iter(texts.values()), "")


def _reason(ring: Ring, language: str, words: Wording, outside: bool) -> str:
    """Return why somebody is rung; details, such as who is not there, stay in the house."""
    reason = pick(ring.reason, language)
    return words.without_details(reason) if outside else reason


def _until(ticket: Ticket | None, words: Wording) -> str:
    for states, field in _LIMITS:
        by = getattr(ticket, field) if ticket and ticket.state in states else None
        if by is not None:
            return words.by[field].format(at=to_local_text(by))
    return ""
