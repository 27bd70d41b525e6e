"""A ticket's life: steps, limits, detours, and what alarms do to it."""
