"""Open311 GeoReport v2: services, and requests as other cities' programs know them."""
