"""Renewals of clients: read from their origins, noticed in time, decided as everything else."""
