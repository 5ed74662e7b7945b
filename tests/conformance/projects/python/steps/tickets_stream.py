config = {
    "name": "tickets",
    "schema": {"type": "object", "properties": {"title": {"type": "string"}}},
    "baseConfig": {"storageType": "default"},
}
