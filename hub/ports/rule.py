"""What people see and do of the rules: which are in force, their versions, trials on history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from hub.model.access import Identity
from hub.model.report import Value
from hub.model.rule_version import RuleMode, RuleVersion


class RuleCard(msgspec.Struct, frozen=True, kw_only=True):
    """A rule at a glance.

    `source` is `library`, a file of the site's, or `site` for one that was written here; `version`
    is 0 where nobody has changed it here. `closings` counts the closing codes of its tickets, and
    `false_alarm_share` is the part of them that were no fault or a false alarm; None without any.
    """

    id: str
    fault: str
    name: dict[str, str]
    kinds: tuple[str, ...]
    severity: str
    source: str
    mode: RuleMode
    version: int
    closings: dict[str, int] = {}
    false_alarm_share: float | None = None


class RuleWords(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in plain words: facts as (name, text), and its examples, each with its outcome."""

    facts: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]


class RuleSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A rule with its text as it counts now, and every version that was made here.

    `words` says it by language.
    """

    card: RuleCard
    text: str
    versions: tuple[RuleVersion, ...]
    words: dict[str, RuleWords] = {}


class RuleFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a text; line and column count from 1, 0 is unknown."""

    line: int
    column: int
    message: str
    hint: str = ""


class RuleProof(msgspec.Struct, frozen=True, kw_only=True):
    """What a text is: its rules by id, and every fault in it or in what it would break."""

    rules: tuple[str, ...]
    faults: tuple[RuleFault, ...]


class BacktestWish(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to try rules on history: those in force, one of them, or those of a `text`."""

    days: float = 7.0
    rule: str = ""
    text: str = ""


class ScheduleCard(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule that rules ask; `days` such as `mon`, `times` such as `07:00-09:00`.

    `source` is `library`, a file of the site's, or `site`; `version` is 0 where nobody has changed
    it here. `rules` are the ids of those that ask it.
    """

    name: str
    days: tuple[str, ...]
    times: tuple[str, ...]
    source: str
    version: int
    rules: tuple[str, ...]
    versions: tuple[RuleVersion, ...] = ()


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Other values of a rule's parameters for one device, a place, a model, or everywhere.

    `source` is `site`, or the file that says so; it is not read where somebody sets it.
    """

    values: dict[str, Value] = msgspec.field(name="set")
    device: str = ""
    place: str = ""
    model: str = ""
    source: str = ""


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter's value on a device; `by` is device, place PATH, model, all or rule."""

    value: Value
    by: str
    source: str


class DeviceParameters(msgspec.Struct, frozen=True, kw_only=True):
    """What counts on one device."""

    device: str
    values: dict[str, InForce]


class ParameterCard(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's parameters: its own, what is set otherwise, and what counts on which device.

    `settings` are those of the files and of this site, in the order in which they were said;
    `version` is 0 where nobody has set any here. `devices` are those that were asked for, or those
    on which something is not as the rule says, as many as are shown; `left_out` counts the others.
    """

    rule: str
    params: dict[str, Value]
    settings: tuple[Setting, ...]
    version: int
    devices: tuple[DeviceParameters, ...]
    left_out: int = 0
    versions: tuple[RuleVersion, ...] = ()


class ParameterOffice(Protocol):
    """Where rules' parameters are read and set; every change is a version with a why."""

    async def card(self, rule: str, device: str = "") -> ParameterCard:
        """Return a rule's parameters, of one device or of those that differ; or NotFoundError."""
        ...

    async def write(
        self, rule: str, settings: Sequence[Setting], why: str, who: Identity, *, on: int = -1
    ) -> ParameterCard:
        """Set a rule's parameters; these take the place of all that were set here before.

        `on` is the version that was edited (-1: any). Raises ConfigError or InvalidRequestError
        with every fault, and ConflictError when somebody was faster.
        """
        ...

    async def go_back(
        self, rule: str, number: int, why: str, who: Identity, *, on: int = -1
    ) -> ParameterCard:
        """Have an older version count again, as a new one; 0 is what the files say."""
        ...


class ScheduleOffice(Protocol):
    """Where the schedules of rules are read and changed; every change is a version with a why."""

    async def cards(self) -> Sequence[ScheduleCard]:
        """Return every schedule, by name."""
        ...

    async def write(
        self,
        name: str,
        days: Sequence[str],
        times: Sequence[str],
        why: str,
        who: Identity,
        *,
        on: int = -1,
    ) -> ScheduleCard:
        """Make a version, or a new schedule; `on` is the version that was edited (-1: any).

        Raises ConfigError with every fault, and ConflictError when somebody was faster.
        """
        ...

    async def go_back(
        self, name: str, number: int, why: str, who: Identity, *, on: int = -1
    ) -> ScheduleCard:
        """Have an older version count again, as a new one; 0 is the schedule of the files."""
        ...


class RuleOffice(Protocol):
    """Where rules are read, tried, changed and put back; every change is a version with a why."""

    async def cards(self) -> Sequence[RuleCard]:
        """Return every rule, those that are off as well, by id."""
        ...

    async def sheet(self, rule: str) -> RuleSheet:
        """Return one rule, or raise NotFoundError."""
        ...

    async def check(self, text: str) -> RuleProof:
        """Check a text as it would be checked before it counts; changes nothing."""
        ...

    async def write(
        self, text: str, mode: RuleMode, why: str, who: Identity, *, rule: str = "", on: int = -1
    ) -> Sequence[RuleCard]:
        """Make a version of each rule in the text.

        With `rule` the text has to be of that one; `on` is the version that was edited (-1: any).
        Raises ConfigError with every fault, and ConflictError when somebody was faster.
        """
        ...

    async def switch(
        self, rule: str, mode: RuleMode, why: str, who: Identity, *, on: int = -1
    ) -> RuleCard:
        """Have a rule count in another mode, with the text that it has."""
        ...

    async def go_back(
        self, rule: str, number: int, why: str, who: Identity, *, on: int = -1
    ) -> RuleCard:
        """Have an older version count again, as a new one; 0 is the rule of the files."""
        ...

    async def export(self) -> str:
        """Return all texts that were written here and count, as one rule file."""
        ...

    def backtest(self, wish: BacktestWish) -> AsyncIterator[bytes]:
        """Try rules on history: yields lines of JSON while it runs; closing it ends the test."""
        ...
