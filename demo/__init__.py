"""A small demo, loaded through the same interfaces as real work: drawn pictures, made-up people."""
