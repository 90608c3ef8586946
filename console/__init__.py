"""Who sees and presses what: access, pages and forms per noun, the platform-facing API."""
