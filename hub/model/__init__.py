"""The vocabulary: plain frozen structures that every layer shares.

Instants are seconds since the epoch, UTC, as float (`docs/adr/0002-instants-are-floats.md`);
they become RFC 3339 text only where they leave the hub. Durations are seconds.
"""
