"""What `dev` and `start` have in common: settings, signals, exit codes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import typer

from runtime.allocator import collect_less_often, keep_freed_memory
from runtime.app import App, Started
from runtime.catalog import Catalog
from runtime.cli.console import JsonLog, TextLog, print_fault, print_started
from runtime.cli.loop import run
from runtime.cli.options import EXIT_FAULT, EXIT_INTERRUPTED
from runtime.cli.typefiles import write_missing, write_types
from runtime.config import Settings
from runtime.configfile import load_settings
from runtime.environment import project_environment
from runtime.errors import RuntimeFault


def serve(port: int | None, host: str | None, debug: bool, *, development: bool) -> None:
    """Runs the project in the working directory until a signal stops it."""
    root = Path.cwd()
    keep_freed_memory()
    collect_less_often()
    try:
        environment = project_environment(root, os.environ, development=development)
        settings = _settings(root, environment.variables, port, host, debug)
        format = settings.log.format or ("text" if development else "json")
        sink = JsonLog() if format == "json" else TextLog()
        app = App(root, settings, sink, environment=environment, development=development)
        if development:
            write_missing(root)
        finished = run(_run, (app, partial(_write_types, root, settings) if development else None))
    except RuntimeFault as fault:
        print_fault(fault)
        raise typer.Exit(EXIT_FAULT) from fault
    except KeyboardInterrupt as interrupt:  # before the signals are watched
        raise typer.Exit(EXIT_INTERRUPTED) from interrupt
    if not finished:
        raise typer.Exit(EXIT_INTERRUPTED)


def _settings(root: Path, environ: Mapping[str, str], port: int | None, host: str | None, debug: bool) -> Settings:
    """The project's settings with the command line's words on top."""
    settings = load_settings(root, environ)
    http = {name: value for name, value in (("port", port), ("host", host)) if value is not None}
    log = {"level": "debug"} if debug else {}
    return settings.model_copy(
        update={"http": settings.http.model_copy(update=http), "log": settings.log.model_copy(update=log)}
    )


def _write_types(root: Path, settings: Settings, catalog: Catalog) -> None:
    try:
        write_types(root, catalog, settings)
    except RuntimeFault as fault:  # such as a folder that cannot be written
        print_fault(fault)


async def _run(given: tuple[App, Callable[[Catalog], None] | None]) -> bool:
    """True after an orderly end; false when a second signal cut it short.

    The function, if there is one, gets the catalog in a thread, while requests are served already.
    """
    app, write = given
    stop = anyio.Event()
    with anyio.CancelScope() as everything:
        async with anyio.create_task_group() as tasks:

            def on_started(started: Started) -> None:
                print_started(started)
                if write is not None:
                    tasks.start_soon(anyio.to_thread.run_sync, write, started.catalog)

            tasks.start_soon(_watch_signals, stop, everything)
            await app.run(stop, on_started)
            tasks.cancel_scope.cancel()
    return not everything.cancelled_caught


async def _watch_signals(stop: anyio.Event, everything: anyio.CancelScope) -> None:
    """The first signal asks for an orderly end, the second ends at once."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            if stop.is_set():
                everything.cancel()
                return
            stop.set()
