"""The language of rules: a checked subset of Python's expressions, compiled to closures."""
