"""The handlers of bench/projects/http on FastAPI, one uvicorn process: python server.py PORT."""

# mypy: ignore-errors
# It runs in an environment of its own, so FastAPI is not there where the types are checked.

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/hello")
async def hello() -> Any:
    return {"message": "hello", "from": "bench", "items": [1, 2, 3]}


@app.post("/echo")
async def echo(body: dict[str, Any]) -> Any:
    return body


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
