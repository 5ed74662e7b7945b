from typing import Any

from motia import NonRetriableError

config = {"type": "event", "name": "PythonHopeless", "subscribes": ["python.hopeless"]}


def handler(input: Any, ctx: Any) -> None:
    try:
        raise ValueError("the reason")
    except ValueError as error:
        raise NonRetriableError("no use") from error
