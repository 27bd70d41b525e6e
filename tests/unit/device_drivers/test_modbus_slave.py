"""A slave's patience, and what it learns about the registers that it has refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from device_drivers.codecs.blocks import Block
from device_drivers.links.modbus_slave import HOLE_REST, Slave
from device_drivers.links.patience import Patience
from hub.model.catalogue import DeviceModel, PointSpec, PointType, Register
from hub.model.device import Device, DeviceUid, Kind

NOW = 1_764_000_000.0


def make_slave(*addresses: int) -> Slave:
    registers = tuple(Register(point=f"p{a}", address=a, type="uint16") for a in addresses)
    model = DeviceModel(
        id="m",
        kind=Kind.ELECTRICITY_METER,
        driver="modbus",
        name={},
        points={row.point: PointSpec(name=row.point, type=PointType.NUMBER) for row in registers},
        function=3,
        registers=registers,
    )
    device = Device(
        uid=DeviceUid("d_1"), id="m-1", address="1", kind=model.kind, model="m", place="gs"
    )
    return Slave(device, model, 1.0)


def block(start: int, count: int = 1) -> Block:
    return Block(start=start, count=count)


def test_a_slave_that_was_never_heard_gets_all_the_time_there_is() -> None:
    assert Patience(1.0).seconds == 1.0


def test_a_fast_slave_is_waited_for_a_fifth_of_the_setting() -> None:
    patience = Patience(1.0)
    for _ in range(20):
        patience.answered(0.01)
    assert patience.seconds == 0.2


def test_an_unsteady_slave_gets_more_time_than_a_steady_one() -> None:
    steady, unsteady = Patience(2.0), Patience(2.0)
    for n in range(40):
        steady.answered(0.3)
        unsteady.answered(0.1 if n % 2 else 0.5)
    assert steady.seconds == 0.4
    assert unsteady.seconds > 0.9


def test_a_silence_doubles_the_wait_up_to_the_setting() -> None:
    patience = Patience(1.0)
    for _ in range(20):
        patience.answered(0.01)
    waits = []
    for _ in range(4):
        patience.missed()
        waits.append(patience.seconds)
    assert waits == [0.4, 0.8, 1.0, 1.0]


def probe_waits(patience: Patience, count: int) -> list[float]:
    """Give a slave up, and return how long each probe waits that it does not answer."""
    patience.give_up()
    waits = []
    for _ in range(count):
        waits.append(patience.seconds)
        patience.missed()
    return waits


def test_probes_of_a_slave_that_was_given_up_do_not_climb_and_each_fifth_waits_long() -> None:
    patience = Patience(1.0)
    for _ in range(20):
        patience.answered(0.01)
    for _ in range(3):
        patience.missed()
    assert patience.seconds == 1.0
    assert probe_waits(patience, 10) == 2 * [0.2, 0.2, 0.2, 0.2, 1.0]


def test_a_slave_that_answers_a_probe_is_doubted_anew_before_it_is_given_up() -> None:
    patience = Patience(1.0)
    patience.answered(0.01)
    probe_waits(patience, 3)
    patience.answered(0.01)
    patience.missed()
    assert patience.seconds == 0.4


def test_probes_of_a_slave_that_was_never_heard_wait_as_long_as_they_may() -> None:
    assert probe_waits(Patience(1.0), 6) == 6 * [1.0]


@given(
    base=st.floats(0.001, 0.9),
    jitter=st.lists(st.floats(-0.1, 0.1), min_size=1, max_size=200),
)
def test_answers_that_vary_by_a_tenth_are_never_cut_off(base: float, jitter: list[float]) -> None:
    patience = Patience(1.0)
    for part in jitter:
        took = base * (1 + part)
        assert took <= patience.seconds
        patience.answered(took)


def test_a_hole_is_left_out_for_an_hour_and_belongs_again_once_it_answers() -> None:
    slave = make_slave(0, 1, 2)
    assert slave.blocks(NOW) == (block(0, 3),)
    slave.learn(block(0, 3), [block(1)], NOW)
    assert slave.blocks(NOW) == (block(0), block(2))
    assert slave.blocks(NOW + HOLE_REST) == (block(0), block(2), block(1))
    slave.learn_answer(block(1))
    assert slave.blocks(NOW + 1) == (block(0), block(2), block(1))


def test_a_hole_that_is_still_one_rests_for_another_hour() -> None:
    slave = make_slave(0, 1, 2)
    slave.learn(block(0, 3), [block(1)], NOW)
    slave.learn(block(1), [block(1)], NOW + HOLE_REST)
    assert block(1) not in slave.blocks(NOW + HOLE_REST + 1)


def test_a_slave_that_refuses_everything_is_still_asked_whether_it_lives() -> None:
    slave = make_slave(0, 1)
    slave.learn(block(0, 2), [block(0), block(1)], NOW)
    assert slave.blocks(NOW) == (block(0, 2),)
