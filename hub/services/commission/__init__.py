"""From the day a device is planned to the day it is retired, and its acceptance in between."""
