"""What step and stream files define, checked: maps from runners become frozen definitions, or faults with a key."""
