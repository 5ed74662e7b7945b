"""web/control/runners: what the runners' processes are doing, over HTTP."""

from __future__ import annotations

from runtime.model import RunnerStatus
from tests.unit.web.control.controlled import World


async def test_processes_are_listed_with_their_load() -> None:
    world = World()
    world.processes = [RunnerStatus("node", 2, 4711, 3, "serving", 7, 1_048_576, 0.51234, 1, 1_700_000_000.5)]
    answer = await world.client.get("runners")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "runners": [
                {
                    "language": "node",
                    "process": 2,
                    "pid": 4711,
                    "state": "serving",
                    "generation": 3,
                    "inFlight": 7,
                    "memoryBytes": 1_048_576,
                    "cpu": 0.512,
                    "restarts": 1,
                    "since": "2023-11-14T22:13:20.500+00:00",
                }
            ]
        },
    )


async def test_what_is_not_known_is_null_and_nothing_is_an_empty_list() -> None:
    world = World()
    assert (await world.client.get("runners")).json() == {"runners": []}
    world.processes = [RunnerStatus("python", 1, None, 1, "waiting", 0, None, None, 4, 1_700_000_000)]
    (shown,) = (await world.client.get("runners")).json()["runners"]
    assert (shown["pid"], shown["memoryBytes"], shown["cpu"], shown["state"]) == (None, None, None, "waiting")
