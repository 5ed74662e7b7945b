"""What handlers can ask of the core."""
