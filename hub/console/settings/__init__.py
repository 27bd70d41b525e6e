"""Settings: people, keys, receivers."""
