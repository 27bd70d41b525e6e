"""A receiver's profile: how one platform speaks, as data. Each class is a section of its file.

Times are seconds. Paths into an answer or a record are keys with dots (`data.list`).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Key = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x20\x7f&=#?]+$")]
Path = Annotated[
    str,
    Meta(max_length=300, pattern=r"^(/[^\s?#\\]*)?$", description="a path such as /api/case"),
]
Seconds = Annotated[float, Meta(ge=1, le=86_400)]
Method = Literal["POST", "GET", "PUT"]
Timing = Annotated[
    str,
    Meta(
        pattern=r"^(rfc3339|epoch_s|epoch_ms|[^%]*(%[YmdHMS][^%]*)+)$",
        description="rfc3339, epoch_s, epoch_ms, or a form such as %Y-%m-%d %H:%M:%S",
    ),
]
Algorithm = Literal["md5", "sha256", "sm3", "hmac-md5", "hmac-sha256", "hmac-sm3"]
Crs = Literal["wgs84", "cgcs2000", "gcj02"]
Use = Literal["create", "update", "query", "poll", "pull"]

CREATE, UPDATE, QUERY, POLL, PULL = "create", "update", "query", "poll", "pull"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """`[profile]`: what it is; `tried` says against which real platform, empty: against none."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="a-z 0-9 -")]
    name: dict[str, str]
    version: Annotated[int, Meta(ge=1)] = 1
    source: str = ""
    tried: str = ""
    codes: Key = ""
    test: Literal["skip", "send"] = "skip"


class Transport(msgspec.Struct, frozen=True, kw_only=True):
    """`[transport]`: how bodies are written; the last five are for SOAP alone.

    With an `argument` the fields stand as JSON text in that one element, and `result` names the
    element of the answer that holds JSON.
    """

    format: Literal["json", "form", "xml", "soap"] = "json"
    root: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")] = "request"
    namespace: Key = ""
    operation: Key = ""
    action: Key = ""
    argument: Key = ""
    result: Key = ""


class Auth(msgspec.Struct, frozen=True, kw_only=True):
    """`[auth]`: how who asks proves it. Keys and secrets stand at the site's `[[receiver]]`.

    `canonical` is the text that is signed: {params} are all pairs, by name or as `order` has
    them, {body} is the body as it is sent.
    """

    scheme: Literal["none", "bearer", "token", "sign"] = "none"
    header: Name = "Authorization"
    algorithm: Algorithm = "md5"
    where: Literal["query", "header", "body"] = "query"
    app_key: Key = "appKey"
    timestamp: Name = "timestamp"
    nonce: Name = "nonce"
    sign: Name = "sign"
    time: Timing = "epoch_ms"
    window: Seconds = 300.0
    order: tuple[str, ...] = ()
    pair: Key = "{name}={value}"
    join: Annotated[str, Meta(max_length=10)] = "&"
    empty: Literal["skip", "keep"] = "skip"
    body: Literal["none", "fields"] = "none"
    canonical: Key = "{params}&key={secret}"
    letters: Literal["upper", "lower"] = "upper"
    encoding: Literal["hex", "base64"] = "hex"
    addresses: bool = False


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """`[envelope]`: what stands around an answer, and when it is a good one inside HTTP 200.

    Codes in `fatal` say that this item will never be taken; all others are tried again.
    `errors` has their code for each of our reasons where they ask us.
    """

    code: Key = ""
    ok: tuple[str, ...] = ()
    message: Key = ""
    list: Key = ""
    total: Key = ""
    as_of: Key = ""
    fatal: tuple[str, ...] = ()
    status: Literal["200", "real"] = "200"
    errors: dict[str, str] = {}


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """`[time]`: how instants are written, in which zone."""

    format: Timing = "rfc3339"
    zone: Literal["+08:00", "UTC"] = "+08:00"


class Coordinates(msgspec.Struct, frozen=True, kw_only=True):
    """`[coordinates]`: which systems they take, by which `names`; others are left out."""

    accepts: tuple[Crs, ...] = ()
    names: dict[str, str] = {}
    digits: Annotated[int, Meta(ge=0, le=9)] = 6


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """`[grid]`: digits of a grid code; `attribute` is the column of places.csv that has it."""

    digits: Literal[14, 15] | None = None
    attribute: Key = ""


class Personal(msgspec.Struct, frozen=True, kw_only=True):
    """`[personal]`: what of people may leave at all; nothing where it is not listed."""

    fields: tuple[str, ...] = ()


class Attachments(msgspec.Struct, frozen=True, kw_only=True):
    """`[attachments]`: how many photos go along, and how many bytes in all, before base64."""

    most: Annotated[int, Meta(ge=0, le=20)] = 3
    most_bytes: Annotated[int, Meta(ge=0, le=5_000_000)] = 1_000_000


class Create(msgspec.Struct, frozen=True, kw_only=True):
    """`[create]`: how an incident gets there; `number` is where theirs stands in the answer.

    Codes in `duplicate` say that it was there before. `accepted` is what their yes means for
    the case: only a number (`comment`), or that it is filed (`file`, 立案).
    """

    method: Method = "POST"
    path: Path = ""
    number: Key
    duplicate: tuple[str, ...] = ()
    accepted: Literal["comment", "file"] = "comment"


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """`[update]`: how a change gets there; which changes go stands in `[actions]`."""

    method: Method = "POST"
    path: Path = ""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """`[query]`: asks for the number of an incident, before it is created (perhaps again)."""

    method: Method = "GET"
    path: Path = ""
    number: Key
    absent: tuple[str, ...] = ()


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """`[poll]`: how their work and their steps are fetched, page by page, by update time."""

    method: Method = "GET"
    path: Path = ""
    period: Seconds = 60.0
    start: Name = "startTime"
    end: Name = "endTime"
    page: Name = "pageNo"
    size: Name = "pageSize"
    page_size: Annotated[int, Meta(ge=1, le=1000)] = 100
    overlap: Seconds = 600.0


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """`[pull]`: how they fetch from us: the feed by cursor, or pages by update time."""

    style: Literal["cursor", "page"] = "page"
    start: Name = "startTime"
    end: Name = "endTime"
    page: Name = "pageNo"
    size: Name = "pageSize"
    page_size: Annotated[int, Meta(ge=1, le=1000)] = 100
    overlap: Seconds = 600.0


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """`[steps]`: where in one of their records what stands that they did, and to which incident.

    The step is named by an `action` or by the `state` that it led to. With `hand_down` a record
    of an unknown number is new work, at the place that `[maps.place]` has for their `place`.
    """

    id: Key = ""
    incident: Key = ""
    number: Key = ""
    action: Key = ""
    state: Key = ""
    at: Key
    reason: Key = ""
    text: Key = ""
    to: Key = ""
    until: Key = ""
    granted: Key = ""
    yes: tuple[str, ...] = ("true", "1")
    hand_down: bool = False
    place: Key = ""


class BothWays(msgspec.Struct, frozen=True, kw_only=True, rename={"in_": "in"}):
    """`[actions]` and `[states]`: our words to theirs (`out`), and theirs to ours (`in`)."""

    out: dict[str, str] = {}
    in_: dict[str, str] = {}


class Field(msgspec.Struct, frozen=True, kw_only=True, rename={"source": "from", "use": "in"}):
    """`[[field]]`: one of theirs, `from` one of our facts or with a fixed `value`.

    What is longer than `length` letters is cut where `cut` says so, else it is not sent.
    """

    name: Name
    source: str = ""
    value: str | int | float | bool | None = None
    use: tuple[Use, ...] = ("create", "update", "pull")
    length: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    cut: bool = False
    required: bool = False
    map: str = ""


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a code table: which faults it is for, and what the city calls them.

    `file_when` 立案条件, `limit_hours` 处置时限, `close_when` 结案条件.
    """

    faults: tuple[str, ...]
    kind: Literal["component", "event"]
    major: str
    minor: str
    name: str
    file_when: str = ""
    limit_hours: float | None = None
    close_when: str = ""


class CodeTable(msgspec.Struct, frozen=True, kw_only=True):
    """A city's codes of 部件 and 事件; `sample` says that they are no city's."""

    sample: bool = True
    source: str = ""
    rows: tuple[Code, ...] = ()


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole profile; a direction that has no section is not spoken."""

    head: Head
    transport: Transport = Transport()
    auth: Auth = Auth()
    envelope: Envelope = Envelope()
    time: Times = Times()
    coordinates: Coordinates = Coordinates()
    grid: Grid = Grid()
    personal: Personal = Personal()
    attachments: Attachments = Attachments()
    create: Create | None = None
    update: Update | None = None
    query: Query | None = None
    poll: Poll | None = None
    pull: Pull | None = None
    steps: Steps | None = None
    actions: BothWays = BothWays()
    states: BothWays = BothWays()
    maps: dict[str, dict[str, str]] = {}
    fields: tuple[Field, ...] = ()
    codes: CodeTable = CodeTable()
    file: str = ""

    def fields_of(self, use: str) -> list[Field]:
        """Return the fields of one kind of request, in the order of the file."""
        return [field for field in self.fields if use in field.use]
