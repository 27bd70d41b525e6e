"""The conformance kit: looks from outside whether a feed, or a receiver, keeps the contract."""
