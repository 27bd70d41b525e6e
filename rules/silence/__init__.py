"""The parts of `rules.topology`: trees, cases, explanations, and what follows when they end."""
