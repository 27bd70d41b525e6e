"""What every page stands on: its head, its words, its templates, names and instants."""
