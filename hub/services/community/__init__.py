"""Community work: inspections, project claims, and the agenda of the joint meeting."""
