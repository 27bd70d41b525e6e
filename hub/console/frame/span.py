"""Instants and durations as people read them on a screen."""

from __future__ import annotations

from datetime import datetime

from hub.console.frame.language import Words
from hub.model.instant import COMMUNITY_TIME

MINUTE, HOUR, DAY = 60, 3600, 86400


def span(seconds: float, words: Words) -> str:
    """Write a duration with two units at most: `8 分钟`, `3 时 12 分`."""
    total = max(0, int(seconds))
    if total < MINUTE:
        return words("span.seconds", n=total)
    if total < HOUR:
        return words("span.minutes", n=total // MINUTE)
    if total < DAY:
        return words("span.hours", h=total // HOUR, m=total % HOUR // MINUTE)
    return words("span.days", d=total // DAY, h=total % DAY // HOUR)


def ago(at: float | None, now: float, words: Words) -> str:
    """Write how long ago an instant was; None is never."""
    if at is None:
        return words("span.never")
    if now - at < 1:
        return words("span.just_now")
    return words("span.ago", span=span(now - at, words))


def coarse_ago(at: float | None, now: float, words: Words) -> str:
    """Write how long ago in whole minutes, so that a wall is not redrawn each second."""
    if at is None or now - at >= MINUTE:
        return ago(at, now, words)
    return words("span.just_now")


def lasting(since: float, now: float, words: Words) -> str:
    """Write how long something has lasted, in whole minutes."""
    if now - since < MINUTE:
        return words("span.just_now")
    return words("span.lasting", span=span(now - since, words))


def left(until: float, now: float, words: Words) -> str:
    """Write what is left of a limit, or how far it has passed."""
    if until >= now:
        return words("span.left", span=span(until - now, words))
    return words("span.over", span=span(now - until, words))


def clock_face(at: float) -> str:
    """Write the time of day in the community: `03:12:40`."""
    return datetime.fromtimestamp(at, COMMUNITY_TIME).strftime("%H:%M:%S")


def day_and_time(at: float) -> str:
    """Write an instant shortly: `11-24 03:12`."""
    return datetime.fromtimestamp(at, COMMUNITY_TIME).strftime("%m-%d %H:%M")


def hour_and_minute(at: float) -> str:
    """Write the minute of an instant: `03:12`."""
    return datetime.fromtimestamp(at, COMMUNITY_TIME).strftime("%H:%M")


def calendar_day(at: float) -> str:
    """Write the day in the community: `2026-11-25`."""
    return datetime.fromtimestamp(at, COMMUNITY_TIME).strftime("%Y-%m-%d")
