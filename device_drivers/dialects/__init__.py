"""Dialects: one pure translation each."""
