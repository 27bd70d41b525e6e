"""Who may do what: people, keys, sessions, and the policy that every route declares."""
