"""The rules: pure functions on frozen values; no clock, no network, no store."""
