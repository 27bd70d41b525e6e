"""What other systems read: the grid platform's feed of incidents."""
