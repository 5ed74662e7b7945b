"""`.runtime/control.json`: where the runtime of a project answers, for the command line of the same user."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from runtime.errors import RuntimeFault
from runtime.privatefiles import write_private

CONTROL_FILE = Path(".runtime", "control.json")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Announcement(NamedTuple):
    """Where a runtime answers; `token` is None when only its user has it."""

    url: str
    token: str | None
    pid: int


@contextmanager
def announced(root: Path, host: str, port: int, token: str | None, scheme: str = "http") -> Iterator[None]:
    """Keeps the file, readable for this user alone, for the time of the context. Raises `RuntimeFault`."""
    path = root / CONTROL_FILE
    host = _EVERYWHERE.get(host, host)
    url = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
    announcement = Announcement(url, token, os.getpid())
    try:
        write_private(path, json.dumps(announcement._asdict()).encode())
    except OSError as error:
        raise RuntimeFault(f"{path} cannot be written: {error.strerror}", "make the folder writable") from error
    try:
        yield
    finally:
        if read_announcement(root) == announcement:  # another runtime of the project may have come later
            path.unlink(missing_ok=True)


def read_announcement(root: Path) -> Announcement | None:
    """What the project's runtime says of itself, None when there is no file. Raises `RuntimeFault` for a bad one."""
    path = root / CONTROL_FILE
    try:
        document = json.loads(path.read_bytes())
        return Announcement(str(document["url"]), document["token"], int(document["pid"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        fix = "use the user that runs the runtime"
        raise RuntimeFault(f"{path} cannot be read: {error.strerror}", fix) from error
    except (ValueError, TypeError, KeyError) as error:
        raise RuntimeFault(f"{path} is damaged", "start the runtime anew, which writes it anew") from error
