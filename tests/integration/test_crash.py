"""Whatever is killed: what was acknowledged is done or a dead letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.crash import CONCURRENCY, QUEUES, CrashRun


@pytest.mark.parametrize(
    ("kills", "events"),
    [
        pytest.param(25, 5_000, id="25 kills"),
        pytest.param(300, 100_000, id="300 kills", marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
)
@pytest.mark.timeout(180)
async def test_nothing_acknowledged_is_lost(tmp_path: Path, kills: int, events: int) -> None:
    account = await CrashRun(tmp_path, seed=kills).run(kills, events)
    print(
        f"\n{kills} kills {dict(account.kills)}, {len(account.acknowledged)} events acknowledged, "
        f"{len(account.lost())} lost, {account.duplicates()} duplicates, {len(account.dead)} dead letters"
    )
    assert len(account.acknowledged) >= events
    assert account.lost() == set()
    assert account.waiting == 0
    assert account.duplicates() <= kills * QUEUES * CONCURRENCY
    assert account.dead, "some events were meant to fail"
