"""Simulators: a community's devices that speak the real dialects on real sockets."""
