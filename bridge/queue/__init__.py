"""Ringing and draining on Redis and RQ: the bell, the jobs, the turns, the rate budgets."""
