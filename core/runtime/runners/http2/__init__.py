"""The server's side of gRPC over HTTP/2, as far as one bidirectional stream needs it."""
