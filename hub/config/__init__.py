"""Tables and files that people write: how each is read, and every fault with its place."""
