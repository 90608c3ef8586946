"""A registry of one's own: takes fingerprints in cases, shares them by NCMEC's protocol.

Runs as its own process with its own database. It shares `matching` and the plain words of
`exchange.records` with the rest of this project and nothing else, so that it can be lifted out.
"""
