"""Folders that this user may not enter, also where root runs the tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 54_321


@contextmanager
def closed_folder(name: str) -> Iterator[Path]:
    """A project that can be read, with a folder of this name in it that cannot be entered."""
    root = Path(tempfile.mkdtemp(prefix="closed-"))
    root.chmod(0o755)
    (root / name).mkdir(parents=True)
    (root / name).chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield root
    finally:
        if is_root:
            os.seteuid(0)
        (root / name).chmod(0o755)
        shutil.rmtree(root)
