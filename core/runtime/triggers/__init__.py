"""What makes steps run: each trigger turns its cause into an Invocation."""
