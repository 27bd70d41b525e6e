"""Pages of devices: one device, its orders, its acceptance, its labels, its windows."""
