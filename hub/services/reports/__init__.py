"""What people report: whistle, hotline, labels, photos."""
