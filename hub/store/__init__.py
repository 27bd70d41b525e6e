"""The store: one writer, many readers, one journal."""
