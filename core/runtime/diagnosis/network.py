"""The ports: that of the project, and those of the debuggers."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from runtime.config import DEV_PORTS, HttpSettings
from runtime.diagnosis.findings import Finding, as_root, fault, warning, well
from runtime.diagnosis.running import project_of, serving
from runtime.diagnosis.subject import Subject
from runtime.errors import RuntimeFault
from runtime.web.control.announcement import Announcement
from runtime.web.portholders import Holder, holder_of

_LOOPBACK = "127.0.0.1"
_UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def look_at_port(subject: Subject) -> Finding:
    """Whether the project can listen where it is to."""
    host, port = subject.settings.http.host, subject.settings.http.port
    place = subject.settings.http.shown("port", port)
    error = _try(host, port)
    if error is None:
        return well(f"port {place} is free" if port else "the system chooses the port")
    if error.errno == errno.EADDRINUSE:
        return _in_use(subject, place)
    if error.errno == errno.EACCES:
        command = as_root(f"sysctl net.ipv4.ip_unprivileged_port_start={port}") if _UNPRIVILEGED.exists() else ""
        return fault(f"port {place} is kept from this user", "choose one from 1024 on, or open it to all", command)
    fix = "correct http.host in runtime.yaml: 127.0.0.1 for this machine alone, 0.0.0.0 for the network"
    return fault(f"{subject.settings.http.shown('host', host)} cannot be listened at: {error.strerror or error}", fix)


def look_at_debuggers(subject: Subject) -> Finding:
    """The ports at which `runtime dev --inspect` offers debuggers; what holds one matters only then."""
    ports = {language: runner.manifest.inspect_port for language, runner in subject.runners.items()}
    said = [_debugger(language, port) for language, port in ports.items() if port]
    return well(", ".join(said) or "no runner has a debugger")


def _debugger(language: str, port: int) -> str:
    if _try(_LOOPBACK, port) is None:
        return f"{port} ({language}) is free"
    holder = holder_of(_LOOPBACK, port)
    return f"{port} ({language}) is in use{f' by {holder}' if holder else ''}"


def _in_use(subject: Subject, place: str) -> Finding:
    http = subject.settings.http
    holder, running = holder_of(http.host, http.port), _running(subject)
    if holder is not None and running is not None and holder.pid == running.pid:
        return well(f"port {place} is that of the runtime which runs in this folder")
    found = f"port {place} is in use{_by(holder)}"
    if running is not None:
        return well(f"this project runs at {running.url}; {found}")
    command = "" if holder else as_root(f"ss -ltnp 'sport = :{http.port}'")
    if _is_one_free_after(http):
        fix = "`runtime dev` takes the next free port, `runtime start` needs another: --port or http.port"
        return warning(found, fix, command)
    further = len(http.ports(DEV_PORTS)) - 1
    others = f", and none of the next {further} can be had" if further else ""
    return fault(f"{found}{others}", "choose another port with --port or http.port", command)


def _by(holder: Holder | None) -> str:
    """Who holds a port, as the end of a sentence; empty where the system does not tell."""
    if holder is None:
        return ""
    project = project_of(holder.pid)
    return f" by the runtime of {project} (pid {holder.pid})" if project is not None else f" by {holder}"


def _is_one_free_after(http: HttpSettings) -> bool:
    """Whether `dev` finds a port, its own being in use."""
    for port in http.ports(DEV_PORTS)[1:]:
        error = _try(http.host, port)
        if error is None or error.errno != errno.EADDRINUSE:
            return error is None
    return False


def _running(subject: Subject) -> Announcement | None:
    """The runtime of this folder; None as well where its file is damaged, which another check tells."""
    try:
        return serving(subject.root)
    except RuntimeFault:
        return None


def _try(host: str, port: int) -> OSError | None:
    """Why the address cannot be listened at; None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            return error
    return None
