"""What the system allows: watching files, open files; and its clock."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from tzlocal import get_localzone

from runtime.diagnosis.findings import Finding, as_root, fault, warning, well
from runtime.diagnosis.subject import Subject
from runtime.openfiles import RESERVED_FILES, allow_connections
from runtime.reload.methods import polling_reason
from runtime.runners.discovery import is_foreign

MAX_FOLDERS = 50_000
"""Folders of a project that are tried to be watched; more tell nothing new."""
_INSTALLED = Path(__file__)
_LIMITS = Path("/proc/sys/fs/inotify")
_ANY_CHANGE = 0x00000FC6  # inotify(7): what is written, moved, made and deleted
_RAISED = {"max_user_watches": 524_288, "max_user_instances": 1024}


def look_at_watching(subject: Subject) -> Finding:
    """Whether the system tells of changes in all folders of the project."""
    if subject.settings.reload.watch == "off":
        return well("reload.watch is off, so changes are not taken up")
    reason = polling_reason(subject.root, subject.settings.reload, subject.variables)
    if reason or sys.platform != "linux":
        return well(reason or "the system tells of changes")
    libc = ctypes.CDLL(None, use_errno=True)
    watcher = libc.inotify_init1(os.O_CLOEXEC)
    if watcher < 0:
        return _limited("max_user_instances", "no folder can be watched")
    try:
        count, refused = _watch(libc, watcher, subject.root)
    finally:
        os.close(watcher)
    if refused == errno.ENOSPC:
        return _limited("max_user_watches", f"only {count} folders of the project can be watched")
    return well(f"the system tells of changes in {count} {'folder' if count == 1 else 'folders'}")


def look_at_open_files(subject: Subject) -> Finding:
    """Whether as many sockets may be open as the settings promise."""
    sockets = subject.settings.streams.max_sockets
    complaint = allow_connections(sockets)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not complaint:
        count = "any number of" if soft == resource.RLIM_INFINITY else soft
        return well(f"{count} files may be open, enough for {sockets} sockets")
    needed = sockets + RESERVED_FILES
    fix = f"raise the limit for what this shell starts, or lower streams.maxSockets to {max(1, hard - RESERVED_FILES)}"
    return warning(complaint.partition(";")[0], fix, as_root(f"prlimit --pid $$ --nofile={needed}:{needed}"))


def look_at_clock(subject: Subject) -> Finding:
    """Whether schedules can know what time it is."""
    now = datetime.now().astimezone()
    if now.timestamp() < _INSTALLED.stat().st_mtime:
        found = f"it is {now:%Y-%m-%d %H:%M}, which is before this runtime was installed"
        return fault(found, "set the clock", as_root("timedatectl set-ntp true"))
    configured = subject.settings.cron.timezone
    if configured:
        return well(f"{now:%Y-%m-%d %H:%M %Z}; schedules go by {subject.settings.cron.shown('timezone', configured)}")
    try:
        zone = get_localzone()
    except (LookupError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a LookupError
        if subject.process.get("TZ"):
            return fault("the time zone in TZ is not known", "give an IANA name, such as Europe/Berlin", "unset TZ")
        fix = "set cron.timezone in runtime.yaml, or the machine's zone"
        return fault(f"the machine's time zone is not known: {error}", fix, as_root("timedatectl set-timezone UTC"))
    return well(f"{now:%Y-%m-%d %H:%M} in {zone}")


def _watch(libc: ctypes.CDLL, watcher: int, root: Path) -> tuple[int, int]:
    """How many folders could be watched, and the error of the first that could not; 0 without one."""
    count = 0
    for folder in islice(_folders(root), MAX_FOLDERS):
        if libc.inotify_add_watch(watcher, os.fsencode(folder), _ANY_CHANGE) >= 0:
            count += 1
        elif ctypes.get_errno() == errno.ENOSPC:
            return count, errno.ENOSPC
    return count, 0


def _folders(root: Path) -> Iterator[str]:
    """The folders that `runtime dev` watches, as far as that matters for their number."""
    for place, folders, _ in os.walk(root):
        folders[:] = [name for name in folders if not is_foreign(Path(place, name))]
        yield place


def _limited(limit: str, found: str) -> Finding:
    now = int((_LIMITS / limit).read_text(encoding="ascii"))
    why = f"{found}, for all that this user runs may have {now} (fs.inotify.{limit}); so changes are polled"
    return warning(why, "raise the limit", as_root(f"sysctl fs.inotify.{limit}={max(2 * now, _RAISED[limit])}"))
