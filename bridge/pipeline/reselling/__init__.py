"""What a unit of work and the clock do for resellers and their clients."""
