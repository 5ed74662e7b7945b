"""The engine on an embedded SQLite database."""
