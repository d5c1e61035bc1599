"""What is missing on either side is found, told and mended where it can be."""
