"""What answers about the joint meeting look like; see `hub/api/shape.py`."""

from __future__ import annotations

from hub.api.shape import Both, Moment, Shape
from hub.model.agenda import MatterKind


class Matter(Shape):
    """One matter, and the tickets or the project behind it."""

    id: str
    kind: MatterKind
    title: Both
    why: Both
    place: str
    subject: str
    since: Moment
    tickets: list[str]
    project: str


class Decision(Shape):
    """What was decided; `late` says that its time is over and it was not carried out."""

    id: str
    matter: str
    text: str
    body: str
    by: Moment
    late: bool
    actor: str
    at: Moment
    done_at: Moment | None
    done_by: str
    result: str


class Meeting(Shape):
    """A meeting with its agenda and its decisions."""

    id: str
    held_at: Moment
    place: str
    matters: list[Matter]
    decisions: list[Decision]
    actor: str
    at: Moment
