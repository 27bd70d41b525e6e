"""What answers about the books of the site look like, for the OpenAPI document."""

from __future__ import annotations

from hub.api.shape import Both, Moment, Shape
from hub.model.device import Kind


class SheetFault(Shape):
    """A fault: `cell` as spreadsheets name it, with what is wrong and the next step."""

    sheet: str
    cell: str
    line: int
    column: int
    message: str
    hint: str
    zh: str
    zh_hint: str


class Changed(Shape):
    """Ids of devices, or paths of places."""

    added: list[str]
    changed: list[str]
    removed: list[str]


class WorkbookProof(Shape):
    """What a workbook would do; with a problem it does nothing."""

    problems: list[SheetFault]
    notes: list[Both]
    devices: Changed
    places: Changed
    areas: Changed
    people: Changed
    count: int


class Load(Shape):
    """A workbook that was loaded; `devices` and the others count what it changed."""

    number: int
    at: Moment
    actor: str
    file: str
    count: int
    devices: dict[str, int]
    places: dict[str, int]
    areas: dict[str, int]
    people: dict[str, int]
    undone_at: Moment | None
    undone_by: str


class FreshLoad(Load):
    """A workbook that was just loaded: `codes` are the one-time codes of people, shown once."""

    codes: dict[str, str]


class Pairing(Shape):
    """A window in which newcomers at a place, of one model or any, may be adopted."""

    id: str
    place: str
    model: str
    start: Moment
    end: Moment
    actor: str
    why: str
    open: bool
    closed_at: Moment | None
    closed_by: str


class Absent(Shape):
    """A device that should be heard and never was."""

    id: str
    name: str
    place: str
    link: str
    address: str


class Unlisted(Shape):
    """Who speaks and is not in the books: what it may be and why; `near` is a silent one."""

    link: str
    address: str
    first_seen: Moment
    last_seen: Moment
    count: int
    kinds: list[Kind]
    model: str
    reason: Both | None
    near: str


class RollCall(Shape):
    """How many devices were heard, who never was, and who is unlisted."""

    heard: int
    absent: list[Absent]
    strangers: list[Unlisted]
