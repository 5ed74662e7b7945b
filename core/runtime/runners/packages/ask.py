"""Asking a program something that it answers at once."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from runtime.runners.packages.commands import begin

ANSWER_SECONDS = 4.0
"""How long a program may take; a slower one counts as not working."""


class NoAnswer(Exception):
    """The program does not run, or not as it should; the message is half a sentence."""


def ask(command: Sequence[str], root: Path, environ: Mapping[str, str]) -> str:
    """What the program prints, without what it prints as errors. Raises `NoAnswer`."""
    try:
        process = begin(command, root, environ, subprocess.PIPE)
    except OSError as error:
        raise NoAnswer(f"cannot be started: {error.strerror}") from error
    with process:
        try:
            answer, words = process.communicate(timeout=ANSWER_SECONDS)
        except subprocess.TimeoutExpired as error:
            # With all that it has started, which would else keep its output open.
            os.killpg(process.pid, signal.SIGKILL)
            raise NoAnswer(f"does not answer within {ANSWER_SECONDS:g} s") from error
    if process.returncode:
        said = words.strip().rpartition("\n")[2]
        raise NoAnswer(said or f"ends with exit code {process.returncode}")
    return answer
