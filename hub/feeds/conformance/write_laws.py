"""Laws of what goes back (`--write`): tried on one drill that the kit itself hands down.

Each look goes on where the one before has left the drill; at the end its case is closed. The
ticket stays, marked as a drill, for the community to void.
"""

from __future__ import annotations

import uuid

import msgspec

from hub.clock import SystemClock
from hub.feeds.conformance.bench import OK, Bench
from hub.feeds.conformance.item_laws import hold
from hub.feeds.conformance.law import FEED, Law, UntriedError, demand
from hub.feeds.conformance.probe import PROBLEM, Json, Told
from hub.feeds.shape import ActionAnswer, HandedAnswer
from hub.model.instant import to_rfc3339

ACTIONS = f"{FEED}#what-you-make-of-them"
HANDED = f"{FEED}#work-that-you-hand-down"
CREATED, CONFLICT, INVALID = 201, 409, 422
HOUR, AGO = 3600.0, 600.0
WORDS = "接口测试，请勿派人（conformance check, nobody is needed）"


class Drill(msgspec.Struct, kw_only=True):
    """The drill of one run; `at` is the kit's own instant, which each step moves on."""

    bench: Bench
    number: str
    at: float
    incident: str = ""

    async def act(self, do: str, *, ago: float = 0.0, once: str = "", **fields: object) -> Told:
        """Take a step at the kit's instant, or `ago` seconds before it."""
        if not self.incident:
            raise UntriedError("there is no drill: see write-once")
        if not ago:
            self.at += 1.0
        body = {"do": do, "at": to_rfc3339(self.at - ago), **fields}
        return await self.bench.probe.post(f"incidents/{self.incident}/actions", body, once=once)

    async def told(self) -> list[Json]:
        """Return what the feed says of the drill."""
        await self.bench.read_on()
        return [item for item in self.bench.items if item["subject"] == self.incident]


def begin(bench: Bench) -> Drill:
    """Plan a drill: its steps lie in the last minutes, so that no clock is ahead."""
    return Drill(bench=bench, number=f"CHECK-{uuid.uuid4().hex[:12]}", at=SystemClock().now() - AGO)


async def hands_down_once(drill: Drill) -> str:
    """Hand work down three times: with one Idempotency-Key twice, and with another."""
    place = drill.bench.some()[-1]["data"]["place"]
    body = {"number": drill.number, "at": to_rfc3339(drill.at), "place": place}
    body |= {"text": WORDS, "test": True}
    probe, once = drill.bench.probe, uuid.uuid4().hex
    first = await probe.post("incidents", body, once=once)
    demand(first.status == CREATED, f"work handed down: {first}")
    hold(first.data, HandedAnswer, "the answer")
    drill.incident = first.data["incident"]
    again = await probe.post("incidents", body, once=once)
    demand((again.status, again.text) == (CREATED, first.text), f"same key, other answer: {again}")
    other = await probe.post("incidents", body, once=uuid.uuid4().hex)
    demand(other.status == OK, f"the same number again is not 200: {other}")
    demand(other.data["incident"] == drill.incident, f"the same number is another: {other}")
    opened = [item for item in await drill.told() if item["type"].endswith(".opened.v1")]
    demand(len(opened) == 1, f"{drill.incident} was opened {len(opened)} times")
    demand(opened[0]["data"]["test"] is True, f"{drill.incident} is not marked as a test")
    return f"{drill.number} is {drill.incident}, once"


async def keeps_a_key_to_one_request(drill: Drill) -> str:
    """Use one Idempotency-Key for two requests."""
    once = uuid.uuid4().hex
    first = await drill.act("comment", once=once, text="first")
    demand(first.status == OK, f"comment: {first}")
    other = await drill.act("comment", once=once, text="second")
    demand(other.is_refused, f"the key of another request is taken: {other}")
    return str(other.status)


async def takes_each_step(drill: Drill) -> str:
    """Take the steps of a case in order, and see each in the feed."""
    before = len(await drill.told())
    steps: tuple[tuple[str, str, Json], ...] = (
        ("dispatch", "dispatched", {"to": "check"}),
        ("sign", "signed", {}),
        ("arrive", "signed", {}),
        ("feed_back", "handled", {"text": WORDS}),
    )
    for do, state, fields in steps:
        told = await drill.act(do, **fields)
        demand(told.status == OK, f"{do}: {told}")
        hold(told.data, ActionAnswer, do)
        shown = (told.data["applied"], told.data["case"]["state"])
        demand(shown == (True, state), f"{do}: applied, state are {shown}, not {(True, state)}")
    items = (await drill.told())[before:]
    says = [item["type"].split(".")[-2] for item in items]
    due = ["dispatched", "accepted", "updated", "completed"]
    demand(says == due, f"the feed says {says}, not {due}")
    own = {item.get("receiver") for item in items}
    demand(own == {drill.bench.receiver or own.pop()}, f"the items name the receivers {own}")
    return f"{', '.join(do for do, _, _ in steps)}"


async def leaves_newer_states_alone(drill: Drill) -> str:
    """Send a step that is older than the newest, and the newest once more."""
    before = len(await drill.told())
    for name, told in (
        ("an older step", await drill.act("dispatch", ago=2.5, to="late")),
        ("the same step again", await drill.act("feed_back", ago=1e-9, text=WORDS)),
    ):
        demand(told.status == OK, f"{name}: {told}")
        shown = (told.data["applied"], told.data["case"]["state"], told.data["case"]["to"])
        demand(shown == (False, "handled", "check"), f"{name} has an effect: {told}")
    after = len(await drill.told())
    demand(after == before, f"the feed tells {after - before} times of what changed nothing")
    return "answered with the case in force"


async def refuses_what_cannot_be(drill: Drill) -> str:
    """Take a step that there is not, one that is not possible, one without its field, one ahead."""
    wishes: tuple[tuple[str, Json, int, str], ...] = (
        ("explode", {}, INVALID, "errors"),
        ("arrive", {}, CONFLICT, "possible"),
        ("return", {}, INVALID, "errors"),
        ("check", {"ago": -HOUR}, INVALID, "errors"),
        ("check", {"colour": "red"}, INVALID, "errors"),
    )
    for do, fields, status, names in wishes:
        told = await drill.act(do, **fields)
        demand(told.status == status, f"{do} {fields}: not {status}: {told}")
        demand(told.type == PROBLEM and told.data.get(names), f"{do}: `{names}` is missing: {told}")
    return f"{len(wishes)} wishes refused, each with its reason"


async def closes_the_drill(drill: Drill) -> str:
    """Check and close: the case ends, and the ticket goes on."""
    for do, state in (("check", "checked"), ("close", "closed")):
        told = await drill.act(do)
        demand(told.status == OK and told.data["case"]["state"] == state, f"{do}: {told}")
    data = (await drill.told())[-1]["data"]
    demand(data["state"] != "closed", "closing the case has closed the ticket")
    return f"the case is closed; {drill.incident} is {data['state']}: have it voided there"


LAWS: tuple[Law[Drill], ...] = (
    Law(
        id="write-once",
        zh="同一编号下派多次，只有一个案件",
        en="Work with one number is one incident, however often it is sent.",
        page=HANDED,
        check=hands_down_once,
    ),
    Law(
        id="write-key",
        zh="同一 Idempotency-Key 只用于一个请求",
        en="An Idempotency-Key belongs to one request.",
        page=ACTIONS,
        check=keeps_a_key_to_one_request,
    ),
    Law(
        id="write-steps",
        zh="案件各步骤生效并在推送流中体现",
        en="Each step of a case takes effect, and the feed tells it.",
        page=ACTIONS,
        check=takes_each_step,
    ),
    Law(
        id="write-late",
        zh="迟到或重复的步骤不改变新状态",
        en="An older step, or the same again, never undoes a newer state.",
        page=ACTIONS,
        check=leaves_newer_states_alone,
    ),
    Law(
        id="write-refused",
        zh="不可行的步骤须拒绝并说明可行项",
        en="What cannot be is refused, with what is possible or wrong.",
        page=ACTIONS,
        check=refuses_what_cannot_be,
    ),
    Law(
        id="write-close",
        zh="案件结案不影响工单",
        en="Closing a case ends the case, and never the ticket.",
        page=ACTIONS,
        check=closes_the_drill,
    ),
)
