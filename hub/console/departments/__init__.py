"""Pages of departments, and of what receivers make of a ticket."""
