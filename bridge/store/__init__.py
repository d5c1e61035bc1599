"""Tables and queries: functions that take a connection first and never commit."""
