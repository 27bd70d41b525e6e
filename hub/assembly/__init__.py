"""The parts that only the composition root puts together, and what they need of the system."""
