"""What every driver is held to, shipped or of another package: `lingdang driver test`."""
