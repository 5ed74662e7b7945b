"""Taking up changes of files while the project runs."""
