"""The HTTP servers that carry our ASGI applications."""
