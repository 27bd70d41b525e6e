"""Pages of community work: rounds, projects, meetings, surveys, the scorecard."""
