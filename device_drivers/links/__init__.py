"""Links: the only connections to the outside world of devices."""
