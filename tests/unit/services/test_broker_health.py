"""What the broker's figures mean, look by look."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.ports import BrokerFigures
from hub.services.broker_health import READ_EVERY, TELL_EVERY, Findings, Health, examine

NOW = 1_764_000_000.0


def look_on(
    *looks: tuple[float, int, float], health: Health | None = None
) -> tuple[list[Findings], Health]:
    """Judge looks of (uptime, dropped, seconds after NOW) one after the other."""
    found = []
    for uptime, dropped, after in looks:
        health, findings = examine(
            health, BrokerFigures(uptime=uptime, dropped=dropped), NOW + after
        )
        found.append(findings)
    assert health is not None
    return found, health


def test_the_first_look_of_all_is_no_loss() -> None:
    (found,), health = look_on((5000, 1234, 0))
    assert found == Findings(changed=True)
    assert health.dropped == 1234


def test_a_broker_that_drops_nothing_is_not_written_down_each_time() -> None:
    found, _ = look_on((10, 3, 0), (20, 3, 10), (30, 3, 20))
    assert found[1:] == [Findings(), Findings()]


def test_a_loss_is_told_and_read_again_once_the_broker_drops_no_more() -> None:
    found, health = look_on((10, 3, 0), (20, 8, 10), (30, 8, 20), (40, 8, 30))
    assert found[1] == Findings(dropped=5, changed=True)
    assert found[2] == Findings(read_again=True, changed=True)
    assert found[3] == Findings()
    assert not health.is_behind


def test_a_lasting_loss_is_told_once_a_minute_with_all_that_was_dropped_since() -> None:
    looks = [(10.0 * n, 7 * n, 10.0 * n) for n in range(14)]
    found, _ = look_on(*looks)
    assert [(n, each.dropped) for n, each in enumerate(found) if each.dropped] == [
        (1, 7),
        (7, 42),
        (13, 42),
    ]
    assert not any(each.read_again for each in found), "what is asked for might be dropped, too"


def test_a_queue_that_overflows_for_days_has_states_read_every_ten_minutes() -> None:
    found, _ = look_on(*((10.0 * n, n // 2, 10.0 * n) for n in range(400)))
    reads = [10.0 * n for n, each in enumerate(found) if each.read_again]
    assert len(reads) > 3
    assert all(b - a >= READ_EVERY for a, b in pairwise(reads))


def test_what_was_dropped_while_the_hub_was_away_is_told() -> None:
    (found,), _ = look_on((90_000, 250, 86_400), health=Health(uptime=3600, dropped=50))
    assert (found.restarted, found.dropped) == (False, 200)


def test_after_a_restart_of_the_broker_its_count_begins_at_nothing() -> None:
    (quiet,), _ = look_on((5, 0, 10), health=Health(uptime=3600, dropped=50))
    assert (quiet.restarted, quiet.dropped) == (True, 0)
    (lossy,), _ = look_on((5, 60, 10), health=Health(uptime=3600, dropped=50))
    assert (lossy.restarted, lossy.dropped) == (True, 60)


def test_a_clock_that_was_set_back_holds_nothing_back() -> None:
    health = Health(uptime=10, dropped=0, told_at=NOW + 9000, read_at=NOW + 9000)
    found, _ = look_on((20, 5, 0), (30, 5, 10), health=health)
    assert (found[0].dropped, found[1].read_again) == (5, True)


@given(st.lists(st.tuples(st.floats(0, 300), st.integers(0, 50)), min_size=1))
def test_every_message_that_was_dropped_is_told_once(steps: list[tuple[float, int]]) -> None:
    at, dropped, looks = 0.0, 0, [(0.0, 0, 0.0)]
    for pause, more in steps:
        at, dropped = at + pause, dropped + more
        looks.append((at, dropped, at))
    looks.append((at + TELL_EVERY, dropped, at + TELL_EVERY))
    found, _ = look_on(*looks)
    assert sum(each.dropped for each in found) == dropped
