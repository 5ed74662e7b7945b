"""What a catalog holds, in a few words."""

from __future__ import annotations

from pathlib import Path

from runtime.catalog import Catalog
from runtime.cli.words import counted, listed
from runtime.facts import Held, Started
from runtime.model import ApiTrigger, Step
from runtime.runners.discovery import SOURCE_FOLDERS

GOES_ON = "The code before goes on serving"


def labels(catalog: Catalog) -> dict[str, str]:
    """What each file of the catalog is, such as `Step (API)`: steps, then streams, then the config."""
    found = {step.file: f"Step ({', '.join(kinds(step))})" for step in catalog.steps}
    found |= {stream.file: "Stream" for stream in catalog.streams.values()}
    return found if catalog.config is None else {**found, catalog.config.file: "Config"}


def kinds(step: Step) -> list[str]:
    """What makes the step run, each kind once."""
    found = dict.fromkeys(trigger.kind.value for trigger in step.triggers) or {step.type: None}
    return ["API" if kind == "api" else kind.capitalize() for kind in found]


def routes(step: Step) -> str:
    """What the step answers, such as `POST /orders`; empty where it answers nothing."""
    return ", ".join(f"{each.method} {each.path}" for each in step.triggers if isinstance(each, ApiTrigger))


def goes_on(fact: Held) -> str:
    """That a change has put nothing out of service."""
    return f"{listed(fact.languages)}: the code before goes on serving" if fact.languages else GOES_ON


def address(fact: Started) -> str:
    """Where the project answers."""
    host = f"[{fact.host}]" if ":" in fact.host else fact.host
    return f"{fact.scheme}://{host}:{fact.port}"


def left_out(fact: Started) -> int:
    """How many step and stream files were found and do not serve."""
    serving = {step.file for step in fact.catalog.steps} | {each.file for each in fact.catalog.streams.values()}
    return fact.files - len(serving)


def summary(fact: Started, root: Path) -> str:
    """How many steps and streams serve and how many files do not; for none at all, what was looked for and where."""
    if not fact.files:
        folders = [name for name in SOURCE_FOLDERS if (root / name).is_dir()]
        missing = f"it has no folder {' or '.join(SOURCE_FOLDERS)}; is it the project's root?"
        offer = "`runtime generate step` writes one." if folders else "`runtime create .` makes a project here."
        found = f"nothing in {' and '.join(folders)} is called like a step." if folders else missing
        return (
            f"No steps in {root}: {found}\n"
            "A step is a file such as steps/hello.step.ts, steps/hello.step.js or steps/hello_step.py.\n"
            f"{offer}"
        )
    counts = counted(len(fact.catalog.steps), "step")
    counts += f" and {counted(len(fact.catalog.streams), 'stream')}" if fact.catalog.streams else ""
    lost = left_out(fact)
    return f"{counts} loaded, {counted(lost, 'file')} left out: see above" if lost else f"{counts} loaded"


def duration(seconds: float) -> str:
    """A span of time in at most seven characters: `3.2 ms`, `412 ms`, `1.24 s`, `2m 03s`, `1h 02m`."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.995:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02}m"
