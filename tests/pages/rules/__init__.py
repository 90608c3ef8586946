"""What holds on every page: each rule yields what is wrong and what to do about it."""
