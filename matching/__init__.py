"""Pure: media to fingerprints, and exact search among fingerprints. No database, no Flask."""
