"""Configuration against store, vendors and reality: what is wrong, and what to do about it."""
