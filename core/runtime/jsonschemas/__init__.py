"""JSON Schemas: places in them, draft 2020-12 out of any other, and validators."""
