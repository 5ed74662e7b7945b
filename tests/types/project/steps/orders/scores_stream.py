config = {
    "name": "scores",
    "schema": {
        "type": "object",
        "properties": {"score": {"type": "number"}, "first-name": {"type": "string"}},
        "required": ["score"],
    },
}
