"""Starts a runner so that it cannot outlive the core: `python launch.py CORE_PID PROGRAM [ARGUMENT ...]`.

A runner leaves by itself when its stream ends, but one whose handler spins cannot see that. On Linux the
kernel kills it for us: the parent-death signal survives exec (prctl(2), PR_SET_PDEATHSIG). Elsewhere this
only executes the program. It imports little, because it stands before every start of a runner.
"""

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_EXIT_UNFIT = 78


def _die_with_parent(parent: int) -> None:
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the core died before the call, so no signal will come
        sys.exit(1)


if __name__ == "__main__":
    if sys.platform == "linux":
        _die_with_parent(int(sys.argv[1]))
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    except OSError as error:
        sys.stderr.write(f"{sys.argv[2]} cannot be started: {error.strerror}\n")
        sys.exit(_EXIT_UNFIT)
