"""Rows: the engine and the unit of work (the only commit), column types, one file per noun."""
