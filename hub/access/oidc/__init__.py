"""Signing in with an organisation's account: OpenID Connect, code flow (docs/adr/0056)."""
