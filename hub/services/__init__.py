"""What follows from a decision or a wish: alarms, tickets, limits, commands, the books."""
