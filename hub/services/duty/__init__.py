"""Whom a ticket calls, and when: rosters, rungs, climbs."""
