"""How long what is kept, what is deleted, and that no byte of it is left."""
