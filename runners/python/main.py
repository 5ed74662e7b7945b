"""Starts the Python runner: `python main.py`, with the environment that proto/PROTOCOL.md §2 names."""

from runtime_runner.main import main

if __name__ == "__main__":
    main()
