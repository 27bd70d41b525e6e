"""Pages with which the site is run: rosters, bells, hand-over, figures, books."""
