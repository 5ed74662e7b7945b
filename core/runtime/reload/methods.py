"""Whether changes of files are told by the system, or have to be looked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from runtime.config.reload import ReloadSettings
from runtime.runners.discovery import is_utf8, printable

FORCE_POLLING = "WATCHFILES_FORCE_POLLING"
_NOT_FORCED = frozenset({"", "0", "false", "disable", "disabled"})
_SILENT = frozenset({"9p", "vboxsf", "prl_fs", "cifs", "smb3", "nfs", "nfs4", "fuse.sshfs", "drvfs"})
"""File systems that other machines change without a word to this one."""
_MOUNTS = Path("/proc/self/mountinfo")
_MOST_NAMED = 3
"""Folders that a line names; of further ones it says how many they are."""


def polling_reason(root: Path, settings: ReloadSettings, environ: Mapping[str, str]) -> str | None:
    """Why the files of a project are polled, for a line of the log; None when the system is to tell of changes."""
    if settings.watch is not None:
        return "changes are polled: runtime.yaml says reload.watch: polling" if settings.watch == "polling" else None
    if environ.get(FORCE_POLLING, "").lower() not in _NOT_FORCED:
        return f"changes are polled: {FORCE_POLLING} is set"
    if not is_utf8(str(root)):
        return f"changes are polled: the path of the project, {printable(str(root))}, is not UTF-8; rename its folder"
    if (system := _file_system(root)) in _SILENT:
        return (
            f"changes are polled: the project lies on {system}, where nobody tells of them; "
            "set reload.watch: events in runtime.yaml if all changes are made on this machine"
        )
    return None


def when_refused(error: Exception) -> str:
    """The same where the system refuses to tell."""
    return (
        f"changes are polled, for the system does not tell of them ({error}); "
        "raise its limits (on Linux fs.inotify.max_user_watches and fs.inotify.max_user_instances), "
        "or set reload.watch: polling in runtime.yaml"
    )


def when_nameless(folders: Collection[str]) -> str:
    """What it means that folders have names which are no UTF-8, for a line of the log."""
    first = [f"'{printable(folder)}'" for folder in sorted(folders)[:_MOST_NAMED]]
    more = len(folders) - len(first)
    named = ", ".join(first) + (f" and {more} more folders" if more else "")
    if len(folders) == 1:
        return f"the files in {named} are not watched, for the name of the folder is not UTF-8; rename it"
    return f"the files in {named} are not watched, for the names of the folders are not UTF-8; rename them"


def _file_system(root: Path) -> str:
    """The type of the file system that a folder lies on; empty where the system does not say."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found, name = "", ""
    for line in lines:
        mount, _, rest = line.partition(" - ")
        place = mount.split(" ")[4].replace("\\040", " ")
        if len(place) >= len(found) and root.is_relative_to(place):
            found, name = place, rest.split(" ")[0]
    return name
