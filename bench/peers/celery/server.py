"""The requests of bench/projects/flows on FastAPI, one uvicorn process, and Celery behind it: python server.py PORT."""

# mypy: ignore-errors
# It runs in an environment of its own, so FastAPI is not there where the types are checked.

import sys
from itertools import count
from typing import Any

import uvicorn
from fastapi import FastAPI
from notes import now
from tasks import fulfil, notes

app = FastAPI()
numbers = count(1)


# On the event loop's thread, although sending blocks: in FastAPI's threads it handled a quarter less.
@app.post("/orders", status_code=202)
async def take_order(body: dict[str, Any]) -> Any:
    notes.request()
    order = f"order-{next(numbers)}"
    fulfil.apply_async((order, body["items"], now()))
    notes.accepted()
    return {"order": order}


@app.get("/figures")
async def figures() -> Any:
    return notes.figures()


@app.post("/figures")
async def reset() -> Any:
    notes.reset()
    return notes.figures()


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
