"""The corridor: receive, process, deliver, and what they share."""
