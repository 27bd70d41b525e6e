"""Models and rules as they ship, read once for all tests of a process; all of it is immutable."""

from __future__ import annotations

from device_drivers.catalogue import load_models, shipped_models
from hub.assembly.loading import shipped_rules
from rules.ruleset import load_rules

MODELS = load_models(shipped_models())
RULES = load_rules(shipped_rules(), MODELS, prove=False)
