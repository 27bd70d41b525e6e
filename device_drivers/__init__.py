"""Drivers: tables and pure translations, and the links that carry them."""
