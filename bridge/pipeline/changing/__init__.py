"""Changing the configuration: proposed, tried on what happened, saved, and taken back."""
