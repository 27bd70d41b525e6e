"""The hub's devices as Home Assistant's discovery has them (opt-in)."""
