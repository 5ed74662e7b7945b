"""What `dev` and `start` have in common: settings, signals, exit codes."""

from __future__ import annotations

import signal
from pathlib import Path

import anyio
import typer

from runtime.allocator import collect_less_often, keep_freed_memory
from runtime.app import App
from runtime.cli.console import JsonLog, TextLog, print_fault, print_started
from runtime.cli.options import EXIT_FAULT, EXIT_INTERRUPTED
from runtime.config import Settings
from runtime.configfile import load_settings
from runtime.errors import RuntimeFault


def serve(port: int | None, host: str | None, debug: bool, *, development: bool) -> None:
    """Runs the project in the working directory until a signal stops it."""
    root = Path.cwd()
    keep_freed_memory()
    collect_less_often()
    try:
        settings = _settings(root, port, host, debug)
        format = settings.log.format or ("text" if development else "json")
        app = App(root, settings, JsonLog() if format == "json" else TextLog(), development=development)
        finished = _run_to_end(app)
    except RuntimeFault as fault:
        print_fault(fault)
        raise typer.Exit(EXIT_FAULT) from fault
    except KeyboardInterrupt as interrupt:  # before the signals are watched
        raise typer.Exit(EXIT_INTERRUPTED) from interrupt
    if not finished:
        raise typer.Exit(EXIT_INTERRUPTED)


def _settings(root: Path, port: int | None, host: str | None, debug: bool) -> Settings:
    """The project's settings with the command line's words on top."""
    settings = load_settings(root)
    http = {name: value for name, value in (("port", port), ("host", host)) if value is not None}
    log = {"level": "debug"} if debug else {}
    return settings.model_copy(
        update={"http": settings.http.model_copy(update=http), "log": settings.log.model_copy(update=log)}
    )


def _run_to_end(app: App) -> bool:
    """Runs the event loop. Raises the first `RuntimeFault` bare, however many task groups it came through."""
    try:
        return anyio.run(_run, app, backend="asyncio", backend_options={"use_uvloop": True})
    except BaseExceptionGroup as group:  # not except*: Python 3.11.2 would wrap what is raised in it
        faults, others = group.split(RuntimeFault)
        if faults is None or others is not None:
            raise
        raise _first(faults) from None


async def _run(app: App) -> bool:
    """True after an orderly end; false when a second signal cut it short."""
    stop = anyio.Event()
    with anyio.CancelScope() as everything:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_watch_signals, stop, everything)
            await app.run(stop, print_started)
            tasks.cancel_scope.cancel()
    return not everything.cancelled_caught


def _first(group: BaseExceptionGroup[RuntimeFault]) -> RuntimeFault:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, RuntimeFault)
    return error


async def _watch_signals(stop: anyio.Event, everything: anyio.CancelScope) -> None:
    """The first signal asks for an orderly end, the second ends at once."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            if stop.is_set():
                everything.cancel()
                return
            stop.set()
