"""files: reading without waiting for ever."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from runtime.files import read_file


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 200_000)
    assert read_file(tmp_path / "a") == b"x" * 200_000
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "gone")
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path)


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no regular file"):
        read_file(tmp_path / "pipe")
    with pytest.raises(TimeoutError, match=r"nobody has written all of it within 0\.01 s"):
        read_file(tmp_path / "pipe", 0.01)


def test_a_named_pipe_with_a_writer_is_read_with_patience(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"A=1\n" * 100_000,))
    writer.start()
    assert read_file(tmp_path / "pipe", 30) == b"A=1\n" * 100_000
    writer.join()


def test_a_socket_is_no_file(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "s"))
        with pytest.raises(OSError, match=r"No such device|it is no regular file"):
            read_file(tmp_path / "s")
