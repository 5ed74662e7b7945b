"""The client's side of gRPC over HTTP/2, as far as one bidirectional call needs it."""
