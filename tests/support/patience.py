"""How long a test waits for what has to come: for ever, as long as somebody looks at the result."""

PATIENCE = 60.0
"""Seconds. No measure of anything: a machine that is shared by many may be ten times slower."""
