"""What the subcommands of `lingdang` do; each is imported only when it runs."""
