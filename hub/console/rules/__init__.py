"""Pages of rules: one in plain words, its parameters, a back-test that fills while it runs."""
