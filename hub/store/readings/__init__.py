"""History: from the intake log to hours of a device, columns and roll-ups."""
