config = {
    "name": "STEP_STREAM",
    "schema": {"type": "object"},
}
