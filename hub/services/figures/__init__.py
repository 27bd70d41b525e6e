"""Figures of work, folded from the journal."""
