"""What a runtime needs of the machine to run here, and whether one does."""

from __future__ import annotations

import os
import secrets
import socket
import stat
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from runtime.diagnosis.findings import Finding, fault, raised, warning, well
from runtime.diagnosis.folder import OURS
from runtime.diagnosis.subject import Subject
from runtime.errors import RuntimeFault, StorageFault
from runtime.storage.sqlite.checkup import check_up
from runtime.web.control.announcement import CONTROL_FILE, Announcement, read_announcement

DATABASE = Path(OURS, "runtime.db")
SOCKETS = Path(OURS, "run")
CHECKUP_SECONDS = 3.0
CONNECT_SECONDS = 1.0
_OF_OTHERS = 0o077
_IDLE = "this project does not run"


def look_at_socket(subject: Subject) -> Finding:
    """Whether runners can be given a socket that is this user's alone."""
    folder = subject.root / SOCKETS
    if folder.exists():
        if folder.stat().st_uid != os.geteuid():
            return fault(f"{SOCKETS} is another user's", "remove it; a start makes it anew", f"rm -rf {SOCKETS}")
        if stat.S_IMODE(folder.stat().st_mode) & _OF_OTHERS:
            return warning(f"other users may enter {SOCKETS} until the next start", "close it", f"chmod 700 {SOCKETS}")
    places = [folder if folder.is_dir() else subject.root, Path(tempfile.gettempdir())]
    reasons = [reason for place in places if (reason := _no_socket(place))]
    if len(reasons) == len(places):
        fix = "put the project, or TMPDIR, on a disk that has Unix sockets"
        return fault(f"no socket can be made in {places[0]}: {reasons[0]}; nor in {places[1]}: {reasons[1]}", fix)
    return well(f"sockets can be made in {places[1] if reasons else SOCKETS}")


def look_at_database(subject: Subject) -> Finding:
    """Whether what is stored is whole, and of a version that is known here."""
    path = subject.root / DATABASE
    if subject.settings.storage.engine != "sqlite":
        return well(f"there is none, as storage.engine is {subject.settings.storage.engine}")
    if not path.exists():
        return well(f"{DATABASE} is made at the first start")
    size = f"{path.stat().st_size / 1024 / 1024:.1f} MiB"
    try:
        is_whole = check_up(path, CHECKUP_SECONDS)
    except StorageFault as error:
        return raised(error, f"mkdir -p {OURS}/damaged && mv {DATABASE}* {OURS}/damaged/")
    return well(f"{DATABASE} is whole ({size})" if is_whole else f"{DATABASE} ({size}) is too large to look through")


def look_at_announced(subject: Subject) -> Finding:
    """Whether the project runs already, and where."""
    if not (subject.root / OURS).is_dir():
        return well(_IDLE)
    try:
        running = serving(subject.root)
    except RuntimeFault as error:
        return warning(str(error), error.fix, f"rm {CONTROL_FILE}")
    if running is None:
        return well(_IDLE)
    return well(f"this project runs at {running.url} (pid {running.pid})")


def serving(root: Path) -> Announcement | None:
    """The runtime that answers in the folder, None without one. Raises `RuntimeFault` for a damaged file of it."""
    known = read_announcement(root)
    if known is None:
        return None
    place = urlsplit(known.url)
    try:
        os.kill(known.pid, 0)
        socket.create_connection((place.hostname or "", place.port or 0), CONNECT_SECONDS).close()
    except PermissionError:  # it lives, and is another user's
        return known
    except OSError:  # a killed one has left its file
        return None
    return known


def project_of(pid: int) -> Path | None:
    """The folder of the project that this process serves; None for another program, or another user's."""
    try:
        folder = Path(os.readlink(f"/proc/{pid}/cwd"))
        known = read_announcement(folder)
    except (OSError, RuntimeFault):
        return None
    return folder if known is not None and known.pid == pid else None


def _no_socket(folder: Path) -> str:
    """Why a socket cannot be made in the folder; empty when it can."""
    path = folder / f".doctor-{os.getpid()}-{secrets.token_hex(2)}.sock"
    with socket.socket(socket.AF_UNIX) as tried:
        try:
            tried.bind(str(path))
        except OSError as error:
            return error.strerror or str(error)  # a path that is too long has no errno
        finally:
            path.unlink(missing_ok=True)
    return ""
