"""Rounds counted by team: what was walked, what was missed, what was found. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hub.model.inspection import Round, RoundState


class RoundCount(msgspec.Struct, frozen=True, kw_only=True):
    """The rounds of one team whose time was over in a span, and the tickets of what they found.

    Rounds are told by their ids and findings by their tickets, so that each figure has its rows.
    """

    team: str
    done: tuple[str, ...]
    missed: tuple[str, ...]
    stops: int
    findings: tuple[str, ...]


def count_rounds(rounds: Iterable[Round], start: float, end: float) -> list[RoundCount]:
    """Count the rounds that ended with `start` <= instant < `end`, by team."""
    ended = [each for each in rounds if each.ended_at and start <= each.ended_at < end]
    teams: dict[str, list[Round]] = {}
    for walk in sorted(ended, key=lambda each: (each.due_from, each.id)):
        teams.setdefault(walk.team, []).append(walk)
    return [_count(team, found) for team, found in sorted(teams.items())]


def _count(team: str, rounds: list[Round]) -> RoundCount:
    tickets = (answer.ticket for walk in rounds for answer in walk.findings)
    return RoundCount(
        team=team,
        done=tuple(each.id for each in rounds if each.state is RoundState.DONE),
        missed=tuple(each.id for each in rounds if each.state is RoundState.MISSED),
        stops=sum(len(each.stops) - len(each.left) for each in rounds),
        findings=tuple(dict.fromkeys(tickets)),
    )
