"""Processes are counted with all that they have started, also by a thread of theirs."""

from __future__ import annotations

import subprocess
import sys

from bench.harness.usage import usage

STARTS_BY_A_THREAD = """
import subprocess, sys, threading
def start():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    print(child.pid, flush=True)
    input()
    child.communicate()
thread = threading.Thread(target=start)
thread.start()
thread.join()
"""


def test_a_child_of_a_thread_is_counted() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_BY_A_THREAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        found = [each.pid for each in usage(parent.pid).processes]
        parent.communicate("\n")
    assert found == [parent.pid, child]
