"""What step and stream files define, checked: maps from runners become frozen definitions, or faults that name a key."""
