"""A polyglot backend runtime with one primitive, the step."""

__version__ = "0.1.0"
