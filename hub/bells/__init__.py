"""Bells (铃): channels, and the delivery of what an escalation asks for."""
