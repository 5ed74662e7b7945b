"""The project's folder: whether the steps can be read, and what the runtime writes be written."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from itertools import islice
from pathlib import Path

from runtime.diagnosis.findings import Finding, as_root, fault, warning, well
from runtime.diagnosis.subject import Subject
from runtime.model import Severity
from runtime.runners.discovery import SOURCE_FOLDERS

OURS = ".runtime"
MAX_FOLDERS = 20_000
"""Folders of sources that are looked into; more tell nothing new."""
MAX_SHOWN = 5
"""Of files that cannot be used, as many as are named."""
NEEDED_BYTES = 100 * 1024 * 1024
"""What the database's log and the caches may need at times."""
AMPLE_BYTES = 1024 * 1024 * 1024


def look_at_sources(subject: Subject) -> Finding:
    """Whether steps are where they are looked for, and can be read."""
    folders = [name for name in SOURCE_FOLDERS if (subject.root / name).is_dir()]
    blocking = next((name for name in SOURCE_FOLDERS if (subject.root / name).is_file()), None)
    if not folders and blocking is not None:
        command = f"mv {blocking} {blocking}.old && mkdir {blocking}"
        return fault(f"{blocking} is a file, where steps are looked for", "put a folder in its place", command)
    if not folders:
        found = f"{subject.root} has no folder {' or '.join(SOURCE_FOLDERS)}"
        return fault(found, "go to the project's folder, or begin a project in this one", f"mkdir {SOURCE_FOLDERS[0]}")
    closed = next(filter(None, (_closed(subject.root / name) for name in folders)), None)
    if closed is not None:
        command = _as_owner(subject.root / folders[0], f"chmod -R u+rX {' '.join(folders)}")
        return fault(f"{closed.relative_to(subject.root)} cannot be read", "make the sources readable", command)
    if unusable := subject.discovery.unusable:
        found = "\n".join(f"{problem.file}: {problem.message}" for problem in unusable[:MAX_SHOWN])
        is_fault = any(problem.severity is Severity.ERROR for problem in unusable)
        return (fault if is_fault else warning)(found, unusable[0].fix)
    count = subject.discovery.count
    files = "1 step or stream file" if count == 1 else f"{count} step and stream files"
    # Here nothing is loaded, for that would run what steps do while they are imported.
    loading = f"; `runtime generate-types --check` tells whether {'it loads' if count == 1 else 'they load'}"
    return well(f"{' and '.join(folders)} with {files}{loading if count else ''}")


def look_at_writing(subject: Subject) -> Finding:
    """Whether the runtime can keep its files in `.runtime`."""
    folder = subject.root / OURS
    if folder.exists() and not folder.is_dir():
        return fault(f"{OURS} is no folder", "remove it", f"rm {OURS}")
    if not folder.exists():
        if os.access(subject.root, os.W_OK | os.X_OK):
            return well(f"{OURS} can be made")
        return fault(f"{subject.root} cannot be written", "make it writable", _writable(subject.root, "."))
    try:
        with tempfile.TemporaryFile(dir=folder):
            return well(f"{OURS} can be written")
    except OSError as error:
        return fault(f"{OURS} cannot be written: {error.strerror}", "make it writable", _writable(folder, OURS))


def look_at_disk(subject: Subject) -> Finding:
    """Whether there is room to write."""
    free = shutil.disk_usage(subject.root).free
    found = f"{free / 1024 / 1024:,.0f} MiB are free"
    if free >= AMPLE_BYTES:
        return well(found)
    fix, command = "free some space; the runtime's caches can go", f"rm -rf {OURS}/cache"
    return (fault if free < NEEDED_BYTES else warning)(found, fix, command)


def _closed(folder: Path) -> Path | None:
    """A file or folder in it, or itself, that this user may not read; links that lead nowhere are told of elsewhere."""
    errors: list[OSError] = []
    for place, _, names in islice(os.walk(folder, onerror=errors.append), MAX_FOLDERS):
        closed = (path for name in names if not os.access(path := Path(place, name), os.R_OK) and path.exists())
        if (found := next(closed, None)) is not None:
            return found
    return Path(errors[0].filename) if errors else None


def _writable(folder: Path, name: str) -> str:
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        mount = next(place for place in (folder, *folder.parents) if os.path.ismount(place))
        return as_root(f"mount -o remount,rw {shlex.quote(str(mount))}")
    return _as_owner(folder, f"chmod -R u+rwX {name}")


def _as_owner(folder: Path, command: str) -> str:
    """The command, after the folder has become this user's where it is not."""
    if folder.stat().st_uid == os.geteuid():
        return command
    return f"{as_root(f'chown -R {os.geteuid()} {shlex.quote(str(folder))}')} && {command}"
