"""The memory engine: keeps nothing beyond the process; the smallest implementation of every store."""
