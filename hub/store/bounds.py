"""How much is kept of what must not grow: rows, seconds, and the names of the counters."""

from __future__ import annotations

DAY = 86_400.0
DIGEST_AGE = DAY
QUARANTINE_AGE = 7 * DAY
NEWCOMER_AGE = 90 * DAY
QUARANTINE_ROWS = 10_000
NEWCOMER_ROWS = 1_000
CLOSED_TICKET_AGE = 25 * 3600.0
"""A raise within 24 h reopens the old ticket, so a start must still know it."""
PRUNE_EVERY = 60.0

QUARANTINED = "quarantine.kept"
QUARANTINE_FULL = "quarantine.deleted_for_room"
QUARANTINE_OLD = "quarantine.deleted_by_age"
NEWCOMER_OLD = "newcomer.deleted_by_age"
NEWCOMER_REFUSED = "newcomer.refused"
HISTORY_OLD = "history.deleted_by_age"
ROLLUP_OLD = "rollup.deleted_by_age"
FEED_DELETED = "feed.deleted_through"
