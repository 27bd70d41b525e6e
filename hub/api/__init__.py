"""HTTP for people's programs: `/api/v1`, health, metrics."""
