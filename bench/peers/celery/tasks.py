"""The event step of bench/projects/flows as a Celery task; REDIS_URL, NOTES_FILE, CONCURRENCY are in the environment.

The broker is Redis, nobody reads results. A task is acknowledged after it has run, as ours are; the rest is what is
advised for many short tasks: as many processes as there are cores, and many tasks fetched ahead for each.
"""

# mypy: ignore-errors
# It runs in an environment of its own, so Celery is not there where the types are checked.

import json
import os
from pathlib import Path
from typing import Any

from billiard import current_process
from celery import Celery
from notes import Notes
from redis import Redis

CONCURRENCY = int(os.environ["CONCURRENCY"])

app = Celery("orders", broker=os.environ["REDIS_URL"])
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=64,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)
notes = Notes(Path(os.environ["NOTES_FILE"]), 1 + CONCURRENCY)
store = Redis.from_url(os.environ["REDIS_URL"])


@app.task(autoretry_for=(Exception,), max_retries=3, retry_backoff=True)
def fulfil(order: str, items: list[Any], at: float) -> None:
    """Stores the order; what `set` has returned for is kept as the append-only file is."""
    column = 1 + current_process().index
    notes.start(column, at)
    store.set(f"orders:{order}", json.dumps({"order": order, "items": items, "state": "fulfilled"}))
    notes.done(column)
