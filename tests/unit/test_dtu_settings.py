"""`[[dtu]]`: what counts, and what is told and left out."""

from __future__ import annotations

import pytest

from hub.settings import parse_settings

HOME = '[community]\nid = "gs"\n'
BROKER = HOME + '[mqtt]\nhost = "127.0.0.1"\n'
ONE = '[[dtu]]\nname = "r1"\ndown = "a/down"\nup = "a/up"\n'


def test_a_dtu_has_two_topics_and_the_patience_of_a_mobile_network() -> None:
    settings, problems = parse_settings(BROKER + ONE, "f", {})
    assert problems == ()
    [dtu] = settings.dtu
    assert (dtu.down, dtu.up, dtu.payload, dtu.timeout) == ("a/down", "a/up", "raw", 3.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HOME + ONE, "it needs a broker; write [mqtt]"),
        (BROKER + ONE + ONE.replace('"r1"', '"r2"'), "its topics are another's, or one"),
        (BROKER + ONE.replace("a/up", "a/down"), "its topics are another's, or one"),
        (BROKER + ONE.replace("a/up", "ld/x/y"), "below ld/ the hub's own dialect is spoken"),
        (BROKER + ONE.replace("a/up", "a/#"), "a topic: words of A-Z"),
        (BROKER + ONE + 'payload = "json"\n', "payload"),
        (BROKER + '[[line]]\nname = "r1"\nhost = "h"\nport = 1\n' + ONE, "'r1' is taken"),
        (BROKER + "[dtu]\n", "each gateway has a table of its own"),
    ],
)
def test_what_cannot_be_is_told_and_left_out(text: str, said: str) -> None:
    settings, problems = parse_settings(text, "f", {})
    assert any(said in str(each) for each in problems), [str(each) for each in problems]
    assert len(settings.dtu) <= 1
