config = {
    "type": "noop",
    "name": "STEP_NAME",
    "description": "Something that happens outside of the project",
}
