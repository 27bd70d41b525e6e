"""Jinja templates: autoescaped, strict about names, with the words of the page's language."""

from __future__ import annotations

from importlib.resources import files
from zlib import crc32

from jinja2 import Environment, PackageLoader, StrictUndefined

from hub.console.frame import span
from hub.console.frame.language import Words
from hub.console.frame.story import actor_name

OWN_FILES = (
    "console.css",
    "dark.css",
    "wall.css",
    "whistle.css",
    "labels.css",
    "acceptance.css",
    "people.css",
    "week.css",
    "rules.css",
    "live.js",
    "hold.js",
    "speak.js",
    "pocket.js",
    "errand.js",
    "keep.js",
    "tray.js",
    "crew.js",
    "worker.js",
)


def dom_id(kind: str, name: str) -> str:
    """Make an element's id of a place path or device id, one to one."""
    safe = "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in name)
    return f"{kind}-{safe}"


def static_stamp() -> str:
    """Return a mark of our static files' contents, so that browsers fetch changed ones anew."""
    folder = files("hub.console") / "static"
    return f"{crc32(b''.join((folder / name).read_bytes() for name in OWN_FILES)):08x}"


def paint(template: str, words: Words, /, **context: object) -> str:
    """Fill a template in; a name that is not given is an error."""
    return ENVIRONMENT.get_template(template).render(words=words, **context)


ENVIRONMENT = Environment(
    loader=PackageLoader("hub.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.globals |= {
    "actor_name": actor_name,
    "ago": span.ago,
    "clock_face": span.clock_face,
    "calendar_day": span.calendar_day,
    "coarse_ago": span.coarse_ago,
    "day_and_time": span.day_and_time,
    "dom_id": dom_id,
    "lasting": span.lasting,
    "left": span.left,
    "stamp": static_stamp(),
}
