"""Lengths of time as people write them."""

import pytest

from rules.duration import parse_duration, write_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("3m", 180),
        ("2m30s", 150),
        ("1h", 3600),
        ("7d", 604_800),
        ("0.5s", 0.5),
        ("0s", 0),
    ],
)
def test_a_length_of_time_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "3", "m", "3 m", "3m2h", "-3m", "3M", "3m3m", "401d", "1e3s", "３m"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"length of time|longer"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (150, "2m30s"),
        (3600, "1h"),
        (90_061.5, "1d1h1m1.5s"),
        (-60, "-1m"),
        (59.9999, "1m"),
    ],
)
def test_a_length_of_time_is_written(seconds: float, text: str) -> None:
    assert write_duration(seconds) == text
