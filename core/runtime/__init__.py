"""A polyglot backend runtime with one primitive, the step."""

import time

__version__ = "0.1.0"
IMPORTED = time.monotonic()
"""When the first module of the runtime was imported, by the monotonic clock."""
