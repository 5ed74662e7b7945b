"""A language that does not come up any more: what waits for it is kept, and holds up nothing."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.integration.project import PATIENCE, running, write_project

FILES = {
    "runtime.yaml": "shutdownGrace: 20\nlink:\n  restartBackoff: 0.01\n  maxLoadDeaths: 2\n",
    "steps/begin.step.ts": """
export const config = { type: 'api', name: 'Begin', method: 'POST', path: '/begin', emits: ['job'] }
export const handler = async (req, { emit }) => {
  await emit({ topic: 'job', data: {} })
  return { status: 202 }
}
""",
    "steps/job_step.py": """
import os
if os.path.exists("gone"):
    os._exit(3)
config = {"type": "event", "name": "Job", "subscribes": ["job"], "infrastructure": {"queue": {"maxRetries": 0}}}
async def handler(input, ctx):
    ctx.logger.info("job done")
""",
}


def test_what_waits_for_a_language_that_is_given_up_is_kept_and_holds_up_no_stop(tmp_path: Path) -> None:
    write_project(tmp_path, FILES)
    with running(tmp_path) as project:
        (tmp_path / "gone").write_text("")
        os.kill(project.runner_pids()["python"], signal.SIGKILL)
        project.wait_for("died 2 times before it had loaded")
        assert project.client.post("/begin").status_code == 202
        began = time.monotonic()
        assert project.stop() == 0
        assert time.monotonic() - began < 10
    (tmp_path / "gone").unlink()
    with running(tmp_path) as project:
        assert project.wait_for("job done", PATIENCE)


def test_what_is_emitted_where_a_language_never_came_up_is_kept_for_its_steps(tmp_path: Path) -> None:
    with running(write_project(tmp_path, FILES)) as project:
        assert project.stop() == 0
    (tmp_path / "gone").write_text("")
    with running(tmp_path) as project:
        project.wait_for("died 2 times before it had loaded")
        assert project.client.post("/begin").status_code == 202
    (tmp_path / "gone").unlink()
    with running(tmp_path) as project:
        assert project.wait_for("job done")
