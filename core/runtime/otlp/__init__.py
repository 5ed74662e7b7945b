"""OTLP export of traces and log lines, where the OTEL_* variables ask for it; needs the extra `otlp`."""
