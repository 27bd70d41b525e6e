"""Stories that nobody wrote: against a second-by-second model, and with restarts anywhere."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.rule import Example, Rule
from rules.ruleset import load_rules
from rules.story import run_examples

START = 1_764_000_000.0
LAST = 60
Story = list[tuple[int, bool | None]]

readings = st.lists(
    st.tuples(st.integers(0, LAST - 1), st.sampled_from([True, False, None])),
    max_size=25,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: sorted(pairs, key=lambda pair: pair[0]))


def load(text: str) -> Rule:
    head = '[[rule]]\nid = "r"\nname = "R"\nkind = "barrier_gate"\n'
    (rule,) = load_rules({"t.toml": head + text}, {}, prove=False)
    return rule


def tell(rule: Rule, lines: list[str]) -> list[str]:
    example = Example(name="e", story=tuple(lines), expect=(f"{LAST}s raise",), start=START)
    (result,) = run_examples(msgspec.structs.replace(rule, examples=(example,)))
    return list(result.got)


def write(story: Story, point: str = "boom.broken") -> list[str]:
    words = {True: "true", False: "false", None: "bad"}
    return [f"{at}s {point}={words[value]}" for at, value in story]


class Model:
    """Hold, gap and release, told second by second straight from the sentences of the design."""

    def __init__(self, *, hold: int, gap: int, release: int) -> None:
        self.hold, self.gap, self.release = hold, gap, release
        self.raised = False
        self.since: int | None = None
        self.dark = 0
        self.good = 0
        self.out: list[str] = []

    def tick(self, now: int, value: bool | None, before: bool | None) -> None:
        """Take the value from `now` on; `before` is what held in the second that has passed."""
        if self.raised:
            self._fall(now, value, before)
        else:
            self._climb(now, value, before)

    def _climb(self, now: int, value: bool | None, before: bool | None) -> None:
        self.dark = self.dark + 1 if before is None else 0
        if before is None and self.dark > self.gap:
            self.since = None
        if value is False:
            self.since = None
        elif value is True:
            self.since = now if self.since is None else self.since
            if now - self.since >= self.hold:
                self.raised, self.since, self.good = True, None, 0
                self.out.append(f"{now}s raise")

    def _fall(self, now: int, value: bool | None, before: bool | None) -> None:
        self.good += before is False
        if value is True:
            self.good = 0
        elif value is False and self.good >= self.release:
            self.raised = False
            self.dark = 0
            self.out.append(f"{now}s clear")


def expected(story: Story, model: Model) -> list[str]:
    by_second = dict(story)
    value: bool | None = None
    for now in range(LAST + 1):
        before, value = value, by_second.get(now, value)
        model.tick(now, value, before)
    return model.out


@given(story=readings, hold=st.integers(1, 15), gap=st.integers(1, 10), release=st.integers(1, 15))
def test_the_engine_does_what_a_look_at_every_second_does(
    story: Story, hold: int, gap: int, release: int
) -> None:
    rule = load(f'when = "boom.broken"\nhold = "{hold}s"\ngap = "{gap}s"\nrelease = "{release}s"\n')
    got = [line.replace("1m", "60s") for line in tell(rule, write(story))]
    assert got == expected(story, Model(hold=hold, gap=gap, release=release))


CONDITIONS = (
    "boom.broken",
    "avg(motor.temperature,'10s') > 5",
    "max(motor.temperature,'8s',before='5s') < motor.temperature",
    "streak(motor.temperature > 5, 2)",
    "duration(boom.broken) >= '6s'",
    "age(motor.temperature) > '7s'",
    "motor.temperature > previous(motor.temperature)",
    "count_events('rebooted','20s') >= 2",
    "slots(boom.broken,'10s','30s') >= 2",
    "changes(boom.broken,'15s') >= 2 or delta(motor.temperature,'9s') > 3",
)
words = st.one_of(
    st.sampled_from(["boom.broken=true", "boom.broken=false", "event('rebooted')"]),
    st.integers(0, 10).map(lambda number: f"motor.temperature={number}"),
)
days = st.lists(st.tuples(st.integers(0, LAST - 1), words), min_size=1, max_size=20).map(
    lambda pairs: sorted(pairs, key=lambda pair: pair[0])
)


@pytest.mark.parametrize("condition", CONDITIONS)
@given(day=days, pause=st.integers(0, LAST - 1), hold=st.sampled_from(["", 'hold = "4s"\n']))
def test_a_restart_at_any_moment_changes_nothing(
    condition: str, day: list[tuple[int, str]], pause: int, hold: str
) -> None:
    rule = load(f'when = "{condition}"\n{hold}release = "3s"\n')
    lines = [f"{at}s {word}" for at, word in day]
    before = sum(1 for at, _ in day if at <= pause)
    restarted = [*lines[:before], f"{pause}s restart", *lines[before:]]
    assert tell(rule, restarted) == tell(rule, lines)
