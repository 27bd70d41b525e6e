"""What answers about figures of work look like; see `hub/api/shape.py`."""

from __future__ import annotations

from hub.api.shape import Both, Moment, Shape


class Cell(Shape):
    """A figure; `rows` is the address of the tickets behind it, empty where there are none."""

    value: float | None
    tickets: int
    rows: str


class Group(Shape):
    """The figures of one class, team, trade, place, model, vendor or rule."""

    key: str
    cells: dict[str, Cell]


class Course(Shape, rename={"class_": "class"}):
    """A ticket's way; null where it has not come so far.

    `first_finish_by` is the limit without extensions, where one was granted.
    """

    number: str
    source: str
    subject: str
    place: str
    rule: str
    fault: str
    title: Both
    opened_at: Moment
    taken_at: Moment | None
    arrived_at: Moment | None
    completed_at: Moment | None
    verified_at: Moment | None
    closed_at: Moment | None
    finish_by: Moment | None
    first_finish_by: Moment | None
    closing_code: str
    state: str
    flags: list[str]
    reopened: int
    class_raises: int
    missed: list[str]
    satisfied: bool | None
    urgency: str
    trade: str
    team: str
    folded_into: str
    class_: str
    test: bool
    discreet: bool
