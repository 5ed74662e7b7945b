"""How many files, and with them connections, this process may have open."""

from __future__ import annotations

import resource

RESERVED_FILES = 1024
"""Files beside the sockets: requests, the database, runners."""


def allow_connections(sockets: int) -> str:
    """Raises the soft limit of open files as far as so many sockets need; a warning where the system allows less.

    Systems give a process 1024 at first (systemd.exec(5), LimitNOFILE), and leave it to the process to take more.
    """
    needed = sockets + RESERVED_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return ""
    is_enough = hard == resource.RLIM_INFINITY or hard >= needed
    too_few = f"files, too few for streams.maxSockets ({sockets})"
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed if is_enough else hard, hard))
    except (OSError, ValueError) as error:  # some systems have a lower bound beside the hard limit
        return f"this process may open {soft} {too_few}, and gets no more: {error}; lower the setting"
    if is_enough:
        return ""
    return f"this process may open {hard} {too_few}; raise the hard limit (ulimit -Hn {needed}), or lower the setting"
