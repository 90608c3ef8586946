"""Who sees and presses what: access, sessions, headers, views and forms per noun, the API."""
