"""Nothing of a picture stays (invariant 1), and fingerprints stay where they belong (2)."""
