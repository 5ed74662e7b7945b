"""What the processes of a server use: memory and processor time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.harness import BenchFault

_KIB = 1024
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process, in bytes and in seconds since it began.

    `proportional` counts a page that n processes share as an n-th of it (PSS), so that it can be summed; where the
    system does not tell, it is the same as `resident` (RSS), which counts it in each.
    """

    pid: int
    name: str
    proportional: int
    resident: int
    processor: float


@dataclass(frozen=True, slots=True)
class Moment:
    """The processes of a server, its first one in front, at a time of `time.monotonic`."""

    at: float
    processes: Sequence[Usage]

    @property
    def proportional(self) -> int:
        """Bytes of all together."""
        return sum(each.proportional for each in self.processes)

    @property
    def resident(self) -> int:
        """Bytes of all together, shared ones more than once."""
        return sum(each.resident for each in self.processes)

    def processor_shares(self, earlier: Moment) -> dict[int, float]:
        """Percent of one core that each process used since then, by its id; of those that were there at both times."""
        before = {each.pid: each.processor for each in earlier.processes}
        share = 100 / (self.at - earlier.at)
        return {each.pid: share * (each.processor - before[each.pid]) for each in self.processes if each.pid in before}


def usage(pid: int) -> Moment:
    """Of the process and all its descendants. Raises `BenchFault` when the process is gone."""
    if not Path(f"/proc/{pid}").is_dir():
        raise BenchFault(f"the server (process {pid}) has ended while it was measured")
    found = (_use(each) for each in _family(pid))
    return Moment(time.monotonic(), [each for each in found if each is not None])


def _family(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").glob("*"):  # each has its own: esbuild is started by a thread of Node's
        try:
            children = (thread / "children").read_text().split()
        except OSError:  # it has ended meanwhile
            continue
        for child in children:
            yield from _family(int(child))


def _use(pid: int) -> Usage | None:
    """None when the process has ended meanwhile."""
    folder = Path(f"/proc/{pid}")
    try:
        sizes = _sizes(folder)
        program = (folder / "cmdline").read_bytes().split(b"\0")[0].decode()
        # The name, in parentheses, may hold spaces; user and system time are the 12th and 13th after it.
        times = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
    except (OSError, ProcessLookupError):
        return None
    return Usage(pid, Path(program).name or "ended", *sizes, sum(map(int, times)) / _TICKS)


def _sizes(folder: Path) -> tuple[int, int]:
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()
    except PermissionError:
        resident = int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return resident, resident
    sizes = {name: int(rest.split()[0]) * _KIB for name, _, rest in (line.partition(":") for line in lines[1:])}
    return sizes["Pss"], sizes["Rss"]
