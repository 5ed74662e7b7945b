"""Streams and texts over plain HTTP."""
