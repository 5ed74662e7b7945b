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

from bench.harness.command import EXIT_UNREAD
from bench.harness.usage import usage
from tests.integration.project import PATIENCE, REPOSITORY, eventually, is_alive

pytestmark = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")

DRIVER = """
import sys
from pathlib import Path
from bench import __main__ as driver

driver.BENCH = Path(sys.argv[1])
sys.exit(driver.main(["small", *sys.argv[1:]]))
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
        while True:
            load(url + "/hello", 4, int(sys.argv[2]))
            print("loaded", flush=True)

sys.exit(carry_out("small", measure))
"""
STEP = """
config = {"type": "api", "name": "Hello", "method": "GET", "path": "/hello", "emits": []}

async def handler(req, ctx):
    return {"status": 200, "body": {}}
"""


@contextmanager
def loading(folder: Path, seconds: int) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """The driver of a benchmark that loads us for so long, prints, and does it again; and the ids of all processes."""
    (folder / "steps").mkdir()
    (folder / "steps" / "hello_step.py").write_text(STEP)
    (folder / "small.py").write_text(SMALL)
    everybody: list[int] = []
    command = [sys.executable, "-c", DRIVER, str(folder), str(seconds)]
    with (
        (folder / "errors").open("wb") as errors,
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=errors) as driver,
    ):

        def is_loaded() -> bool:
            processes = usage(driver.pid).processes
            everybody[:] = [each.pid for each in processes]
            return any(each.name == "wrk" for each in processes)

        try:
            assert eventually(is_loaded, PATIENCE), (folder / "errors").read_text()
            yield driver, everybody
        finally:
            for pid in filter(is_alive, [driver.pid, *everybody]):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_driver_that_is_killed_takes_everything_along(tmp_path: Path) -> None:
    with loading(tmp_path, seconds=50) as (driver, everybody):
        driver.kill()
        driver.wait(PATIENCE)
        assert eventually(lambda: not any(map(is_alive, everybody)), PATIENCE)


def test_a_reader_that_is_gone_ends_it_quietly(tmp_path: Path) -> None:
    with loading(tmp_path, seconds=1) as (driver, everybody):
        assert driver.stdout is not None
        driver.stdout.close()
        assert driver.wait(PATIENCE) == EXIT_UNREAD
        assert eventually(lambda: not any(map(is_alive, everybody)), PATIENCE)
    assert (tmp_path / "errors").read_text() == ""
