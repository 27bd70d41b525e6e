"""Keys, and what they seal: the chain of the journal, and data about people."""
