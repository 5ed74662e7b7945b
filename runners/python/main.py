"""Starts the Python runner: `python main.py`, with the environment that proto/PROTOCOL.md §2 names."""

import sys

# The project chooses the interpreter, so this file has to be readable to older ones too.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.stderr.write(
        "the steps' Python is %d.%d (%s), and the runner needs at least 3.11\n"  # noqa: UP031
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )
    sys.exit(78)

from runtime_runner.main import main

if __name__ == "__main__":
    main()
