"""What a telephone tells later: believed where it can be, and never instead of the hub's time."""

from __future__ import annotations

import pytest

from hub.services.tickets.told_time import believe

OPENED, NOW = 1000.0, 9000.0


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        (5000.0, 5000.0),
        (950.0, 950.0),  # the telephone's clock is a little behind
        (900.0, None),  # before there was a ticket
        (8990.0, None),  # just now: that is what the hub's own time says
        (9050.0, None),
        (9100.0, None),  # in the future
        (None, None),
    ],
)
def test_only_what_can_be_is_believed(told: float | None, believed: float | None) -> None:
    assert believe(told, since=OPENED, now=NOW) == believed
