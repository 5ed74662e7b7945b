"""The command line: one file each, no logic."""
