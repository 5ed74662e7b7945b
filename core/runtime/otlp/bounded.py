"""HTTP requests that are over when their time is, whatever the collector does, and that say why without a secret."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from io import BytesIO
from typing import Any, Self

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import Timeout, TooManyRedirects
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

MOST_ANSWERED = 64 * 1024
"""Bytes of an answer's body that are read; its status is all that matters."""
_REDIRECT = range(300, 400)
_AHEAD = 0.05
"""Seconds that a socket's own timeout is ahead of the end."""


class BoundedAdapter(HTTPAdapter):
    """Takes the timeout of a request for all of it: connecting, sending and the whole answer."""

    outcome = ""
    """Why the last request did not succeed, empty when it did; never a text of the library: it quotes URLs."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """Has its connections watched."""
        super().init_poolmanager(connections, maxsize, block, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """The same for those to a proxy, but for SOCKS, whose connections are of a kind of their own."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        """The answer, read. Raises `requests.RequestException`, for a redirect too: what is sent has one address."""
        self.outcome = ""
        with _Deadline(timeout) as deadline:
            try:
                answer = super().send(request, True, timeout, verify, cert, proxies)
                _read(answer, deadline)
            except Exception as error:
                if deadline.left <= _AHEAD:
                    self.outcome = "it did not answer in time"
                    raise Timeout(self.outcome, request=request) from error
                self.outcome = _why(error)
                raise
        if answer.status_code >= _REDIRECT.start:
            self.outcome = f"it answers {answer.status_code}"
        if answer.status_code in _REDIRECT:
            raise TooManyRedirects(self.outcome, request=request, response=answer)
        return answer


def _read(answer: Response, deadline: _Deadline) -> None:
    """Reads as much as there may be, as it comes: what is packed is not unpacked. Raises `TimeoutError` and others."""
    raw, is_whole = answer.raw, False
    try:
        body = raw.read(MOST_ANSWERED, decode_content=False)
        deadline.check()  # a connection that was shut down looks like one at its end
        is_whole = len(body) < MOST_ANSWERED
    finally:
        if not is_whole:
            raw.close()  # with its connection: there may be more
    answer.raw = BytesIO(body)


def _why(error: BaseException) -> str:
    """In the words of the system, else the name of the error."""
    causes = list(_causes(error))
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, ssl.SSLError):
            return cause.reason or "TLS fails"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno) if cause.errno > 0 else "its name is not known"
    return type(causes[-1]).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


# ---------------------------------------------------------------- the end of its time


class _Deadline:
    """Shuts down the connections of a request when its time is over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - time.monotonic()

    def check(self) -> None:
        """Raises `TimeoutError` when there is none left."""
        if self.left <= 0:
            raise TimeoutError

    def hold(self, connection: int) -> None:
        """Takes a descriptor of its own of a connection: this one stays valid until the end, whoever closes his."""
        handle = socket.socket(fileno=os.dup(connection))
        with self._lock:
            self._held.append(handle)

    def connect(self, host: str, port: int, options: Any) -> socket.socket:
        """Connects to the first address that answers. Raises `OSError`."""
        failed: OSError = OSError("no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host.strip("[]"), port, 0, socket.SOCK_STREAM):
            self.check()
            connection = socket.socket(family, kind, protocol)
            try:
                for option in options or ():
                    connection.setsockopt(*option)
                connection.settimeout(self.left)
                connection.connect(address)
            except OSError as error:
                connection.close()
                failed = error
            else:
                return connection
        raise failed

    def _shut(self) -> None:
        with self._lock:
            for handle in self._held:
                try:
                    handle.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the other end was faster

    def __enter__(self) -> Self:
        self._before = _CURRENT.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        _CURRENT.reset(self._before)
        self._timer.cancel()
        with self._lock:
            while self._held:
                self._held.pop().close()


_CURRENT: ContextVar[_Deadline] = ContextVar("deadline of the request")


class _Watched(HTTPConnection):
    """A connection that belongs to the deadline of whatever request uses it."""

    def _new_conn(self) -> socket.socket:
        deadline = _CURRENT.get()
        connection = deadline.connect(self.host, self.port, self.socket_options)
        deadline.hold(connection.fileno())
        left = deadline.left
        if left <= _AHEAD:
            connection.close()
            raise TimeoutError
        connection.settimeout(left - _AHEAD)
        return connection

    def _tunnel(self) -> None:
        super()._tunnel()
        _CURRENT.get().check()  # a proxy's answer that was cut off looks like a whole one

    def request(self, *arguments: Any, **options: Any) -> None:
        """Sends a request, maybe over a connection that an earlier one has made."""
        if self.sock is not None:
            _CURRENT.get().hold(self.sock.fileno())
        _CURRENT.get().check()
        super().request(*arguments, **options)


class _WatchedTls(_Watched, HTTPSConnection):
    """The same with TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


_POOLS: dict[str, type] = {"http": _Pool, "https": _TlsPool}
