"""Codecs: bytes and registers to values, and back."""
