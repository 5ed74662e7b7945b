"""The Python runner: it holds the Python steps of a project and runs them for the core.

Everything sits inside this package, so that a project's own `http`, `logs` or `main` module is
never shadowed by one of ours.
"""

__version__ = "0.1.0"
