"""WebSockets of streams' clients."""
