"""The pulse tells a reader which devices have changed since it last looked."""

from __future__ import annotations

from hub.intake.pulse import CommitPulse


def test_a_reader_far_behind_is_told_what_changed_since_and_nothing_else() -> None:
    pulse = CommitPulse(0)
    pulse.beat(1, frozenset({"gate-1", "gate-2"}))
    mark, _ = pulse.changed_devices(0)
    for number in range(10_000):
        pulse.beat(number, frozenset({"gate-2", f"door-{number % 3}"}))
    assert pulse.changed_devices(mark)[1] == {"gate-2", "door-0", "door-1", "door-2"}
    assert pulse.changed_devices(mark + 10_000) == (mark + 10_000, set())
    assert pulse.changed_devices(mark + 9_999)[1] == {"gate-2", "door-0"}


def test_a_commit_without_devices_moves_no_mark() -> None:
    pulse = CommitPulse(0)
    pulse.beat(7, frozenset())
    assert pulse.last_seq() == 7
    assert pulse.changed_devices(0) == (0, set())
