"""Orders to devices: who may, when not, and what is ever shown as done."""

from __future__ import annotations

import msgspec
import pytest

from hub.errors import CommandRefusedError, ConflictError, ForbiddenError, InvalidRequestError
from hub.model.access import Identity, Role
from hub.model.command import Command, CommandState
from hub.model.device import Device, Kind, Lifecycle, LinkState
from hub.model.report import Quality
from hub.ports import PointView
from hub.services.command import (
    FINAL,
    acknowledge,
    describe,
    end_after_restart,
    mark_doubtful,
    mark_sent,
    mark_unsent,
    next_timeout,
    observe,
    request,
    time_out,
)
from tests.unit.services.making import GUARD, NOW, make_device, make_view, sample

OPEN = [sample("arm.position", "open")]


def order(do: str = "open", device: Device | None = None, **view: object) -> Command:
    return request(make_view(device, **view), do, reason="ambulance", who=GUARD, now=NOW)


def sent() -> Command:
    return mark_sent(order(), NOW + 0.1)


def states(command: Command) -> list[str]:
    return [step.state.value for step in command.history]


def test_an_order_is_authorised_for_five_seconds_and_never_without_an_id() -> None:
    command = order()
    assert (command.state, command.issued, command.expires) == ("authorised", NOW, NOW + 5)
    assert (command.device, command.uid, command.actor) == ("gate-1", "d_gate-1", "zhao")
    assert states(command) == ["requested", "authorised"]
    assert command.id
    assert command.id != order().id
    chosen = request(make_view(), "open", reason="r", who=GUARD, now=NOW, command_id="c1")
    assert chosen.id == "c1"


def test_a_reason_is_required() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        request(make_view(), "open", reason=" ", who=GUARD, now=NOW)
    assert set(caught.value.problems) == {"reason"}


@pytest.mark.parametrize("role", [Role.CREW, Role.GRID_WORKER, Role.DEPARTMENT, Role.GRID])
def test_other_roles_give_no_orders(role: Role) -> None:
    with pytest.raises(ForbiddenError, match="guard"):
        request(make_view(), "open", reason="r", who=Identity(name="x", role=role), now=NOW)


def test_a_guard_of_another_part_gives_no_orders_here() -> None:
    there = Identity(name="zhao", role=Role.GUARD, scope="guanshan/b")
    with pytest.raises(ForbiddenError, match="your part"):
        request(make_view(), "open", reason="r", who=there, now=NOW)


@pytest.mark.parametrize(
    ("kind", "do", "allowed"),
    [
        (Kind.BARRIER_GATE, "open", True),
        (Kind.BARRIER_GATE, "close", True),
        (Kind.BARRIER_GATE, "hold_open", False),
        (Kind.UNIT_DOOR, "open", True),
        (Kind.UNIT_DOOR, "close", False),
        (Kind.CAMERA, "open", False),
    ],
)
def test_a_kind_takes_its_own_orders_only(kind: Kind, do: str, *, allowed: bool) -> None:
    device = make_device(kind=kind)
    if allowed:
        assert order(do, device).do == do
    else:
        with pytest.raises(CommandRefusedError, match="gate-1"):
            order(do, device)


@pytest.mark.parametrize("link", [LinkState.SILENT, LinkState.UNKNOWN])
def test_a_device_that_is_not_heard_is_not_told(link: LinkState) -> None:
    with pytest.raises(CommandRefusedError, match="cannot be heard") as caught:
        order(link=link)
    assert "请到现场" in caught.value.texts["zh"]


def test_a_device_with_a_stale_position_is_not_told() -> None:
    point = PointView(value="closed", unit="", quality=Quality.GOOD, at=NOW - 31, stale_after=30)
    with pytest.raises(CommandRefusedError, match="31 s old"):
        order(points={"arm.position": point})
    fresh = msgspec.structs.replace(point, at=NOW - 30)
    assert order(points={"arm.position": fresh}).state is CommandState.AUTHORISED


def test_a_fire_linked_or_retired_device_is_not_told() -> None:
    with pytest.raises(CommandRefusedError, match="fire release"):
        order("open", make_device(attributes={"fire_linked": True}))
    for state in (Lifecycle.PLANNED, Lifecycle.RETIRED):
        with pytest.raises(CommandRefusedError, match=state):
            order("open", make_device(state=state))


def test_two_orders_to_one_device_are_not_under_way_together() -> None:
    view = make_view()
    with pytest.raises(ConflictError, match="zhao's order to open"):
        request(view, "close", reason="r", who=GUARD, now=NOW, pending=[sent()])
    done = observe(sent(), OPEN, NOW)
    other = msgspec.structs.replace(sent(), uid="d_other")
    assert request(view, "close", reason="r", who=GUARD, now=NOW, pending=[done, other])


def test_the_journal_has_both_first_steps_and_then_each_next_one() -> None:
    drafts = describe(order(), "guanshan/a")
    assert [draft.type for draft in drafts] == ["command.requested", "command.authorised"]
    assert {draft.actor for draft in drafts} == {"zhao"}
    [draft] = describe(sent(), "guanshan/a")
    assert (draft.type, draft.actor, draft.at) == ("command.sent", "hub", NOW + 0.1)
    assert draft.data["device"] == "gate-1"
    assert (draft.data["reason"], draft.data["actor"]) == ("ambulance", "zhao")


def test_a_gate_counts_as_opened_only_when_it_is_seen_open() -> None:
    command = acknowledge(sent(), "received", "", NOW + 0.2)
    command = acknowledge(command, "executed", "", NOW + 0.3)
    assert command.state is CommandState.RECEIVED
    moving = observe(command, [sample("arm.position", "moving")], NOW + 1)
    assert moving.state is CommandState.RECEIVED
    command = observe(moving, OPEN, NOW + 2)
    assert command.state is CommandState.EXECUTED
    assert states(command)[2:] == ["sent", "received", "executed"]


def test_an_executed_without_a_received_is_still_only_the_devices_word() -> None:
    command = acknowledge(sent(), "executed", "", NOW + 0.3)
    assert command.state is CommandState.RECEIVED
    assert "says" in command.history[-1].why


@pytest.mark.parametrize(
    "feedback",
    [sample("lock.locked", value=False), sample("door.open", value=True)],
)
def test_a_door_counts_as_opened_when_unlocked_or_open(feedback: object) -> None:
    door = mark_sent(order("open", make_device(kind=Kind.UNIT_DOOR)), NOW)
    assert observe(door, [feedback], NOW + 1).state is CommandState.EXECUTED


def test_feedback_that_proves_nothing_is_not_taken() -> None:
    for samples in (
        [sample("arm.position", "closed")],
        [sample("arm.position", None, Quality.BAD)],
        [sample("arm.position", "open", Quality.UNCERTAIN)],
        [],
    ):
        assert observe(sent(), samples, NOW + 1).state is CommandState.SENT
    assert observe(order(), OPEN, NOW).state is CommandState.AUTHORISED


def test_feedback_before_the_acknowledgement_is_enough() -> None:
    command = observe(sent(), OPEN, NOW + 1)
    assert acknowledge(command, "received", "", NOW + 2) == command


@pytest.mark.parametrize("result", ["refused", "failed"])
def test_a_refusal_ends_it_with_its_reason(result: str) -> None:
    command = acknowledge(sent(), result, "vehicle below", NOW + 1)
    assert (command.state.value, command.history[-1].why) == (result, "vehicle below")
    assert observe(command, OPEN, NOW + 2) == command


def test_an_answer_that_is_no_word_of_ours_changes_nothing() -> None:
    command = sent()
    assert acknowledge(command, "perhaps", "", NOW) == command


def test_without_confirmation_in_time_nobody_knows() -> None:
    command = time_out(sent(), NOW + 4.9)
    assert command.state is CommandState.SENT
    command = time_out(command, NOW + 5)
    assert command.state is CommandState.UNKNOWN
    assert "look at the gate" in command.history[-1].why


def test_an_acknowledged_gate_gets_the_time_to_move() -> None:
    command = acknowledge(sent(), "received", "", NOW + 1)
    assert next_timeout(command) == NOW + 10
    assert time_out(command, NOW + 9.9).state is CommandState.RECEIVED
    assert time_out(command, NOW + 10).state is CommandState.UNKNOWN


def test_an_order_that_was_never_sent_expires() -> None:
    assert time_out(order(), NOW + 5).state is CommandState.EXPIRED


def test_a_link_that_says_no_fails_it_and_one_that_breaks_leaves_it_unknown() -> None:
    assert mark_unsent(order(), "not connected", NOW).state is CommandState.FAILED
    doubtful = mark_doubtful(order(), "connection lost", NOW)
    assert doubtful.state is CommandState.UNKNOWN
    assert "connection lost" in doubtful.history[-1].why


def test_after_a_restart_nothing_is_pending_and_nothing_is_sent() -> None:
    requested = msgspec.structs.replace(order(), state=CommandState.REQUESTED)
    assert end_after_restart(requested, NOW).state is CommandState.EXPIRED
    for command in (order(), sent(), acknowledge(sent(), "received", "", NOW)):
        assert end_after_restart(command, NOW).state is CommandState.UNKNOWN


def test_what_is_final_stays_so() -> None:
    for state in FINAL:
        command = msgspec.structs.replace(sent(), state=state)
        assert next_timeout(command) is None
        for after in (
            mark_sent(command, NOW),
            mark_unsent(command, "w", NOW),
            mark_doubtful(command, "w", NOW),
            acknowledge(command, "failed", "w", NOW),
            observe(command, OPEN, NOW),
            time_out(command, NOW + 99),
            end_after_restart(command, NOW),
        ):
            assert after == command
