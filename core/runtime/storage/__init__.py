"""Storage engines, one folder each, the same file names inside."""
