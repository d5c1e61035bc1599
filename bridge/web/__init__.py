"""Hooks, pages and API: from HTTP to the corridor and back."""
