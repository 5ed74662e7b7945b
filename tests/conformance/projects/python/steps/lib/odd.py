from typing import Any

VALUES: dict[str, Any] = {
    "function": lambda: None,
    "surrogate": "\ud800",
    "integer": 2**64,
}


def unsendable(name: str) -> Any:
    return {"items": [{}, {"run": VALUES[name]}]}


def nested(depth: Any) -> Any:
    """A value that contains itself, or so many lists, one in the other."""
    value: list[Any] = []
    if depth == "cycle":
        value.append({"self": value})
        return {"loop": value}
    for _ in range(depth - 1):
        value = [value]
    return value
