"""The soak: faults over real processes, and at the end the votes are the decisions."""
