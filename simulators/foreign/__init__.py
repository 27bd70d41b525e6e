"""Devices that speak other makers' dialects of MQTT, on real brokers."""
