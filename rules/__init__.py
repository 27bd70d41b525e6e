"""Rules: conditions that raise alarms, as data and pure functions."""
