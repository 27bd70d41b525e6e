"""Rules in plain words, for people who do not read the language of rules."""
