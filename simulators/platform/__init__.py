"""A city's grid platform: the reference receiver, for whoever builds one and for our own tests."""
