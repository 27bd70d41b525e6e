"""`python -m hub` is the command `lingdang`."""

from hub.cli import main

if __name__ == "__main__":
    main()
