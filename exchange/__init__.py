"""The outside's formats: plain records, one client per kind of registry, the platform's webhook."""
