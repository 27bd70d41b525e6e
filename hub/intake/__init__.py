"""Intake: envelopes become facts, facts meet the rules, and one commit holds what follows."""
