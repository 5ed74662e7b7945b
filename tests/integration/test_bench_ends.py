"""A run of benchmarks leaves nothing behind, whatever ends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bench.harness.usage import usage
from tests.integration.project import PATIENCE, REPOSITORY, eventually, is_alive

pytestmark = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")

DRIVER = """
import sys
from pathlib import Path
from bench import __main__ as driver

driver.BENCH = Path(sys.argv[1])
sys.exit(driver.main(["small", sys.argv[1]]))
"""
SMALL = f"""
import sys
from contextlib import ExitStack
from pathlib import Path

sys.path[0] = {str(REPOSITORY)!r}
from bench.harness import servers
from bench.harness.command import Measured, carry_out
from bench.harness.contenders import start_ours
from bench.harness.load import load

folder = Path(sys.argv[1])
servers.SCRATCH = folder

def measure():
    with ExitStack() as running:
        url = start_ours(running, "ours", folder).url
        load(url + "/hello", 4, 50)

sys.exit(carry_out("small", measure))
"""
STEP = """
config = {"type": "api", "name": "Hello", "method": "GET", "path": "/hello", "emits": []}

async def handler(req, ctx):
    return {"status": 200, "body": {}}
"""


@contextmanager
def loading(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """The driver of a benchmark of ours that is under load, and the ids of all processes of it."""
    (folder / "steps").mkdir()
    (folder / "steps" / "hello_step.py").write_text(STEP)
    (folder / "small.py").write_text(SMALL)
    everybody: list[int] = []
    with (folder / "printed").open("wb") as printed:
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(folder)], cwd=REPOSITORY, stdout=printed, stderr=printed
        )

        def is_loaded() -> bool:
            processes = usage(driver.pid).processes
            everybody[:] = [each.pid for each in processes]
            return any(each.name == "wrk" for each in processes)

        try:
            assert eventually(is_loaded, PATIENCE), (folder / "printed").read_text()
            yield driver, everybody
        finally:
            for pid in filter(is_alive, [driver.pid, *everybody]):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            driver.wait(PATIENCE)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_driver_that_is_killed_takes_everything_along(tmp_path: Path) -> None:
    with loading(tmp_path) as (driver, everybody):
        driver.kill()
        driver.wait(PATIENCE)
        assert eventually(lambda: not any(map(is_alive, everybody)), PATIENCE)
