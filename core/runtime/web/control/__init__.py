"""The control API: one file a topic."""
