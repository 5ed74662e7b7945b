"""Ties a process to the one that starts it: when that one is killed, and can stop nothing any more, Linux kills it.

The parent-death signal survives exec (prctl(2), PR_SET_PDEATHSIG); elsewhere than on Linux there is none, and nothing
is tied. The core starts its runners by a program that does the same (runtime/runners/launch.py); here the child does it
itself, for the start of another Python would count in what is timed. `python lifeline.py PROGRAM [ARGUMENT ...]` is for
what a program that is not ours starts for us.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def tied_to(parent: int) -> Callable[[], None] | None:
    """What a child of the process `parent` has to do (`preexec_fn`); None where the system cannot.

    The thread that starts the child has to live as long as the child: it is the end of that thread that kills.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def tie() -> None:
        # Only calls of the system, for locks that other threads hold stay locked in a child.
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the call, so no signal will come
            os._exit(1)

    return tie


if __name__ == "__main__":
    if tie := tied_to(os.getppid()):
        tie()
    os.execvp(sys.argv[1], sys.argv[1:])
