"""Everything on one machine: a private Redis, made secrets, all processes under one command."""
