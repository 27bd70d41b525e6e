"""Push: the feed's items, sent to whoever has subscribed to them."""
