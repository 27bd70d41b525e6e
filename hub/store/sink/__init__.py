"""The way of stored readings to a time-series store: an outbox, a cursor, and who follows it."""
