"""The page of a dialect as Markdown, made from its datasheet, its topics and its models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from device_drivers.family import Topics
from hub.commands.driver_quality import NONE, Proof, confidence_of
from hub.model.catalogue import DeviceModel, PointSpec
from hub.model.kinds import HUB_MADE_EVENTS, HUB_MADE_POINTS

WRITTEN = "This page is written by `lingdang drivers --pages docs/dialects`; change its sources."
SCALE = (
    "- bronze: a datasheet, samples with their facts, a unit test",
    "- silver: also what silence means, and tests of it; a simulator; and tests of the way over",
    "  real sockets, through a hub, to a reading, an event and a ticket",
    "- gold: also two firmwares, and a real device that was tried",
    "",
    "A model's own quality is how far its source is believed; its dialect's counts as well.",
)
OPERATING, VIDEO = "docs/operating.md", "docs/video.md"
WITHOUT_TOPICS = {
    "lingdang": ("[mqtt]", OPERATING),
    "modbus": ("[[modbus]]", OPERATING),
    "isapi": ("[[stream]]", VIDEO),
    "dahua": ("[[stream]]", VIDEO),
    "vzenith-push": ("[[push]]", VIDEO),
    "rtsp": ("[[rtsp]]", VIDEO),
    "gb28181": ("[[gb28181]]", VIDEO),
}
"""Dialect → where its link is set, and the page about that, for those that are no `[[family]]`.

All others are on a line.
"""


class Dialect(NamedTuple):
    """What is known of a dialect; `topics` is None where it is no further one of MQTT.

    `origin` is the package that brought it; empty for what ships with the hub.
    """

    name: str
    datasheet: str
    models: Sequence[DeviceModel]
    proof: Proof
    topics: Topics | None
    origin: str = ""

    @property
    def title(self) -> str:
        """Return the first sentence of the datasheet."""
        return self.datasheet.partition("\n")[0].rstrip(".")


def write_index(dialects: Sequence[Dialect]) -> str:
    """Return the list of all dialects."""
    tried = any(each.proof.field for each in dialects)
    lines = [
        "# Dialects and models",
        "",
        f"{WRITTEN} `lingdang drivers` prints the same.",
        "",
        *SCALE,
        "" if tried else "None was tried on a real device yet.",
        "",
        "| dialect | quality | for the next level | models, and how far they are believed |",
        "|---|---|---|---|",
        *(
            f"| [{each.name}]({each.name}.md) | {each.proof.level} | {each.proof.missing()} "
            f"| {', '.join(f'{model.id} ({confidence_of(model)})' for model in each.models)} |"
            for each in dialects
        ),
        "",
        "## Tried from the socket to a ticket",
        "",
        "By tests below `tests/`: through a hub to a reading, an event and a ticket; and what",
        "silence means, with a late will, a sleeper, and a gateway beside what is behind it.",
        "",
        "| dialect | to a reading, an event and a ticket | silence |",
        "|---|---|---|",
        *map(_tried, dialects),
    ]
    return "\n".join(lines) + "\n"


def _tried(dialect: Dialect) -> str:
    proof = dialect.proof
    way = _tests((proof.reading, proof.event, proof.ticket))
    return f"| {dialect.name} | {way} | {_tests(proof.silent)} |"


def _tests(named: Iterable[str]) -> str:
    """Return each test once: its file, and its name as a sentence."""
    return "; ".join(dict.fromkeys(map(_test, named)))


def _test(named: str) -> str:
    path, _, name = named.partition("::")
    if named.startswith(NONE):
        return named
    return f"`{path.rpartition('/')[2]}`: {name.removeprefix('test_').replace('_', ' ')}"


def write_page(dialect: Dialect) -> str:
    """Return the page of one dialect."""
    lines = [
        f"# {dialect.name}",
        "",
        WRITTEN,
        "",
        dialect.datasheet,
        *_settings(dialect),
        *_quality(dialect.proof),
    ]
    for model in dialect.models:
        lines += _model(model)
    return "\n".join(lines).rstrip("\n") + "\n"


def _settings(dialect: Dialect) -> Iterator[str]:
    topics = dialect.topics
    yield from ("", "## On the hub", "")
    if topics is None:
        where, page = WITHOUT_TOPICS.get(dialect.name, ("[[line]]` or `[[dtu]]", OPERATING))
        yield f"Its link is set in `{where}` of `lingdang.toml`; see `{page}`."
        return
    prefix = f'prefix = "{topics.prefix}"   # where it differs' if topics.prefix else ""
    table = ["[[family]]", f'name = "{dialect.name}"', f'dialect = "{dialect.name}"', prefix]
    yield from ("```toml", *filter(None, table), "```", "")
    yield "Devices have the link's `name` in their column `link`. At the broker:"
    yield from ("", "| who | may | topics |", "|---|---|---|")
    yield _row("the hub", "read", topics.fill(topics.hears, None))
    if topics.shared:
        yield _row("every device of a further dialect", "write", topics.fill(topics.hears, None))
    elif topics.says:
        yield _row("a device", "write", topics.fill(topics.says, None, "{address}"))
        yield _row("a device", "read", topics.fill(topics.reads, None, "{address}"))
    else:
        whole = topics.fill(("{p}#",), None)
        yield _row("one user, named like the link", "read and write", whole)
    if topics.alone:
        yield ""
        yield f"The device whose topics name nobody has the address `{topics.alone}`."


def _row(who: str, may: str, topics: Sequence[str]) -> str:
    return f"| {who} | {may} | {', '.join(f'`{each}`' for each in topics)} |"


def _quality(proof: Proof) -> Iterator[str]:
    yield from ("", "## How far it can be relied on", "", f"- {proof.level}")
    missing = proof.missing()
    if missing:
        yield f"- for the next level: {missing}"
    told = (
        ("silence is", proof.silence),
        ("samples", f"`{proof.samples}`" if proof.samples else ""),
        ("simulator", f"`{proof.simulator}`" if proof.simulator else ""),
        ("firmwares", ", ".join(proof.firmwares)),
        ("tried on", proof.field or "no real device yet"),
    )
    yield from (f"- {what}: {text}" for what, text in told if text)


def _model(model: DeviceModel) -> Iterator[str]:
    names = " · ".join(filter(None, (model.name.get("zh"), model.name.get("en"))))
    yield from ("", f"## {model.id}", "", names, "")
    yield f"- kind `{model.kind}`, heartbeat {model.heartbeat:g} s"
    yield f"- believed: {model.confidence or confidence_of(model)}"
    yield f"- source: {model.source}"
    if model.examples:
        yield f"- examples in its file, decoded by a test: {len(model.examples)}"
    events = [name for name in model.events if name not in HUB_MADE_EVENTS]
    if events:
        yield f"- events: {', '.join(f'`{name}`' for name in events)}"
    for relay in model.orders:
        yield f"- order `{relay.do}`: coil {relay.coil:#06x} on for {relay.pulse:g} s"
    points = [spec for name, spec in model.points.items() if name not in HUB_MADE_POINTS]
    if points:
        yield from ("", "| point | 中文 | unit | every | where |", "|---|---|---|---|---|")
        yield from (_point(model, spec) for spec in points)


def _point(model: DeviceModel, spec: PointSpec) -> str:
    every = f"{spec.period:g} s" if spec.period else "on change"
    where = ", ".join(dict.fromkeys(_places(model, spec.name)))
    return f"| `{spec.name}` | {spec.zh} | {spec.unit} | {every} | {where} |"


def _places(model: DeviceModel, point: str) -> Iterator[str]:
    yield from (f"`{each.path}`" for each in model.fields if each.point == point)
    for each in model.registers:
        if each.point == point:
            function = f"{each.function}/" if each.function else ""
            yield f"`{function}{each.address:#06x}`"
    yield from (f"`{each.di}`" for each in model.items if each.point == point)
