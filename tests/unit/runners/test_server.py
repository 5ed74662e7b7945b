"""runners/server: its end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import anyio
import pytest

from runtime.runners.server import RunnerServer


@pytest.mark.parametrize("is_stopping", [True, False])
async def test_a_server_that_is_cancelled_ends_as_it_would(tmp_path: Path, *, is_stopping: bool) -> None:
    server = RunnerServer(tmp_path)
    with anyio.CancelScope() as everything:
        async with server.open():
            if is_stopping:
                asyncio.get_running_loop().call_soon(everything.cancel)
            else:
                everything.cancel()
                await anyio.sleep_forever()
    assert everything.cancel_called
