"""The whole product over real processes and in a real browser, on SQLite and on PostgreSQL."""
