"""The scan command: what the platform holds is fingerprinted here, and only fingerprints leave."""
