"""Pages of tickets: the list, one ticket with its steps, who has reported it, calls."""
