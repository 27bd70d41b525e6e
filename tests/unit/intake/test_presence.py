"""Online, silent, back; wills that come too late; a hub that hears nothing judges nobody."""

from __future__ import annotations

import msgspec

from hub.intake.presence import Presence
from hub.model.device import DeviceUid, LinkState
from hub.model.report import Report, Topic
from hub.ports import HeardRow

RHYTHMS = {"d_1": ("mqtt", 60.0)}


def report(received: float, *, boot: str = "b1", online: bool | None = None) -> Report:
    topic = Topic.STATE if online is None else Topic.AVAIL
    return Report(
        address="gate-1",
        uid=DeviceUid("d_1"),
        topic=topic,
        at=received,
        received=received,
        boot=boot,
        online=online,
    )


def seeing(now: float = 0.0) -> Presence:
    presence = Presence([])
    presence.see("mqtt", now)
    return presence


def test_a_late_will_does_not_take_the_gate_offline() -> None:
    presence = seeing()
    presence.hear(report(1.0, boot="b2"))
    assert presence.is_late_will(report(2.0, boot="b1", online=False))
    assert not presence.is_late_will(report(2.0, boot="b2", online=False))


def test_a_measurement_of_an_old_boot_that_waited_shows_no_reboot() -> None:
    presence = seeing()
    presence.hear(report(1.0, boot="b2"))
    assert presence.hear(report(2.0, boot="b1"), apart=True) == (False, False)
    assert presence.hear(report(3.0, boot="b2")) == (False, False)


def test_silence_is_told_once_and_so_is_the_return() -> None:
    presence = seeing()
    presence.hear(report(0.0))
    assert presence.overdue(181.0, RHYTHMS) == ["d_1"]
    assert presence.lose("d_1")
    assert not presence.lose("d_1")
    assert presence.overdue(500.0, RHYTHMS) == []
    assert presence.hear(report(501.0)) == (True, False)
    assert presence.hear(report(502.0)) == (False, False)


def test_a_new_boot_is_a_reboot_and_the_first_contact_is_not() -> None:
    presence = seeing()
    assert presence.hear(report(0.0)) == (False, False)
    assert presence.hear(report(1.0, boot="b2")) == (False, True)


def test_nobody_is_silent_while_the_hub_hears_nothing() -> None:
    presence = seeing()
    presence.hear(report(0.0))
    presence.blind("mqtt")
    assert presence.overdue(10_000.0, RHYTHMS) == []


def test_silence_counts_from_the_moment_that_the_hub_hears_again() -> None:
    presence = seeing()
    presence.hear(report(0.0))
    presence.blind("mqtt")
    presence.see("mqtt", 10_000.0)
    assert presence.overdue(10_100.0, RHYTHMS) == []
    assert presence.overdue(10_181.0, RHYTHMS) == ["d_1"]


def test_a_start_judges_nobody_until_the_link_has_caught_up() -> None:
    row = HeardRow(uid="d_1", at=0.0, state=LinkState.ONLINE, boot="b1")
    presence = Presence([row])
    assert presence.overdue(9_999.0, RHYTHMS) == []


def test_only_those_are_looked_at_that_may_be_overdue() -> None:
    looked: list[str] = []

    class Rhythms(dict[str, tuple[str, float]]):
        def __getitem__(self, uid: str) -> tuple[str, float]:
            looked.append(uid)
            return super().__getitem__(uid)

    presence = seeing()
    rhythms = Rhythms(d_1=("mqtt", 60.0), d_2=("mqtt", 600.0))
    presence.hear(report(0.0))
    presence.hear(msgspec.structs.replace(report(0.0), uid=DeviceUid("d_2")))
    for now in range(5, 181, 5):
        assert presence.overdue(float(now), rhythms) == []
    assert sorted(looked) == ["d_1", "d_2"], "once each, although it was asked for 36 times"
    presence.hear(report(170.0))
    assert presence.overdue(185.0, rhythms) == []
    assert presence.overdue(351.0, rhythms) == ["d_1"]
    assert presence.overdue(356.0, rhythms) == ["d_1"], "until it is called silent"
    presence.lose("d_1")
    assert presence.overdue(1801.0, rhythms) == ["d_2"]


def test_a_device_that_was_never_heard_is_unknown_and_cannot_be_lost() -> None:
    presence = seeing()
    assert not presence.lose("d_9")
    assert presence.take_rows() == []


def test_rows_hold_what_has_changed_once() -> None:
    presence = seeing()
    presence.hear(report(1.0))
    presence.hear(report(2.0))
    assert presence.take_rows() == [HeardRow(uid="d_1", at=2.0, state=LinkState.ONLINE, boot="b1")]
    assert presence.take_rows() == []


def will(received: float, grace: float = 45.0) -> Report:
    return msgspec.structs.replace(report(received, boot="", online=False), grace=grace)


def test_a_will_without_a_boot_counts_when_the_device_was_quiet_before() -> None:
    presence = seeing()
    presence.hear(report(1.0, boot=""))
    assert not presence.is_late_will(will(46.0))
    assert presence.is_late_will(will(45.9))


def test_a_doubted_will_counts_once_nothing_has_come_for_a_heartbeat() -> None:
    presence = seeing()
    presence.hear(report(0.0, boot=""))
    assert presence.is_late_will(will(10.0))
    assert presence.overdue(70.0, RHYTHMS) == []
    assert presence.overdue(70.1, RHYTHMS) == ["d_1"]
    assert presence.lose("d_1")


def test_whoever_speaks_after_a_will_has_refuted_it() -> None:
    presence = seeing()
    presence.hear(report(0.0, boot=""))
    assert presence.is_late_will(will(10.0))
    presence.hear(report(20.0, boot=""))
    assert presence.overdue(200.0, RHYTHMS) == []
    assert presence.overdue(200.1, RHYTHMS) == ["d_1"]


def test_many_doubted_wills_leave_one_look_behind() -> None:
    presence = seeing()
    for second in range(50):
        presence.hear(report(float(second), boot=""))
        assert presence.is_late_will(will(second + 0.5))
    presence.overdue(60.0, RHYTHMS)
    assert len(presence._looks) == 1


def test_a_will_of_a_device_that_is_silent_already_is_not_doubted() -> None:
    presence = seeing()
    presence.hear(report(0.0, boot=""))
    presence.lose("d_1")
    assert not presence.is_late_will(will(1.0))
