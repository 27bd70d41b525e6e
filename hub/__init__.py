"""The hub: one flow from a device's message to a repair ticket."""
