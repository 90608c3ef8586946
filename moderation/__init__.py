"""The rules: what may happen to entries, content, hits and decisions, and who may do it."""
