"""How an application tells its server that a client does not take what it is sent."""

from __future__ import annotations


class CutOff(Exception):
    """The client's connection is to end at once: what waits to be sent would wait for ever."""
