"""Backups, their proof, and the way back."""
