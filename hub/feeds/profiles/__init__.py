"""Profiles: platforms that speak another way than `/grid/v1`, each described by a file of data."""
