"""Settings, policy, logging and the web server's configuration."""
