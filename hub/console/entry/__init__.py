"""The way in: sign-in, password, second factor."""
