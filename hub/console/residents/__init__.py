"""Pages for everybody: the whistle, how far a report has come, what is published."""
