"""web/server: what holds for every connection."""

from __future__ import annotations

import socket

import pytest

from runtime.config import HttpSettings
from runtime.web.server import listen


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system has no such option")
def test_the_system_finds_out_when_a_client_has_vanished() -> None:
    with listen(HttpSettings(port=0, probe_after=90)) as listener, socket.create_connection(listener.getsockname()):
        listener.setblocking(True)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            asked = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT]
            assert [accepted.getsockopt(socket.IPPROTO_TCP, option) for option in asked] == [90, 15, 6]
