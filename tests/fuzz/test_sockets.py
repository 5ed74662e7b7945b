"""Whatever a client of a socket sends: it closes that socket at most, and nothing of it stays."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import struct
import tracemalloc
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.frames import Opcode

from tests.integration.sockets import SHAKE, Site, close_code, event_of, masked, said, site
from tests.streaming import STREAM

ROUNDS = 150
CLIENTS = 20
MAX_GROWTH = 4 * 1024 * 1024

_WORDS = [
    "join",
    "leave",
    "",
    "type",
    "data",
    STREAM,
    "streamName",
    "groupId",
    "id",
    "subscriptionId",
    "__proto__",
    "\0",
]
_CODES = {1002, 1007, 1009}


def value(random: random.Random, depth: int = 3) -> object:
    """Any JSON, made of words that mean something."""
    kind = random.randrange(7 if depth else 5)
    if kind < 3:
        return random.choice(_WORDS)
    if kind < 5:
        return random.choice([None, True, 0, -1, 1e300, 2**70, "ü" * random.randrange(200)])
    if kind == 5:
        return [value(random, depth - 1) for _ in range(random.randrange(4))]
    return {random.choice(_WORDS): value(random, depth - 1) for _ in range(random.randrange(6))}


def text(random: random.Random) -> bytes:
    """A message: a good one, one of the wrong shape, or one that is torn."""
    good = said(random.choice(["join", "leave"]), random.choice(["g", "h"]), random.choice([None, "1"]))
    made = random.choice([good, good, json.dumps(value(random)), json.dumps({"type": "join", "data": value(random)})])
    data = bytearray(made.encode())
    for _ in range(random.choice([0, 0, 0, 1, 3])):
        if data:
            data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


def frame(random: random.Random) -> bytes:
    """A frame: mostly one that a client may send, else one with a head of chance."""
    kind = random.randrange(12)
    if kind < 6:
        return masked(Opcode.TEXT, text(random))
    if kind == 6:
        data = text(random)
        cut = random.randrange(len(data) + 1)
        parts = [masked(Opcode.TEXT, data[:cut], fin=False), masked(Opcode.CONT, b"", fin=False)]
        return b"".join([*parts, masked(Opcode.CONT, data[cut:])])
    if kind == 7:
        return masked(random.choice([Opcode.PING, Opcode.PONG]), random.randbytes(random.randrange(126))) * 20
    if kind == 8:
        return masked(Opcode.CLOSE, random.choice([b"", b"\x03", b"\x03\xed", b"\x03\xe8\xff"]))
    if kind == 9:
        return masked(Opcode.BINARY, random.randbytes(random.randrange(300)))
    if kind == 10:
        size = random.choice([2**16, 2**31, 2**63, 2**64 - 1])
        return bytes([0x81, 0xFF]) + struct.pack("!Q", size) + random.randbytes(random.randrange(5000))
    return random.randbytes(random.randrange(1, 40))


async def attack(place: Site, random: random.Random) -> None:
    """One socket's life: some frames, in pieces of any size, and an end of any kind."""
    data = b"".join(frame(random) for _ in range(random.randrange(1, 8)))
    async with place.raw(*SHAKE) as client:
        assert await client.status() == 101
        cut = random.randrange(len(data) + 1)
        client.writer.write(data[:cut])
        await asyncio.sleep(0)
        client.writer.write(data[cut:])
        if random.randrange(4) == 0:
            client.writer.transport.abort()
            return
        client.writer.write(masked(Opcode.CLOSE))
        client.writer.write_eof()  # the close may have become a part of something that is never whole
        try:
            frames = await client.frames(answers=False)
        except OSError:  # the server was faster with its end
            return
        assert all(each.opcode is not Opcode.CLOSE for each in frames[:-1])
        assert all(close_code(each) in _CODES for each in frames[-1:] if each.opcode is Opcode.CLOSE and each.data)
        for each in frames:
            if each.opcode is Opcode.TEXT:
                json.loads(bytes(each.data))


async def follows(place: Site, client: ClientConnection, n: int) -> None:
    """The socket of another client is what it was."""
    await place.board.set("g", "witness", n=n)
    event = await event_of(client)
    assert (event["type"], event["data"]["n"]) == ("update" if n else "create", n)


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_no_client_harms_another(kind: str, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    async with site(kind, tmp_path, max_frame_bytes=4096, max_messages_per_second=10_000) as place:
        async with place.connect() as witness:
            await witness.send(said("join"))
            assert (await event_of(witness))["type"] == "sync"
            for n in range(ROUNDS // CLIENTS):
                await asyncio.gather(*(attack(place, chance) for _ in range(CLIENTS)))
                await follows(place, witness, n)
                await place.connections_ended((n + 1) * CLIENTS)
        assert all("no client may" in line[1] for line in place.reports.lines)
        assert len(place.reports.lines) <= place.board.settings.max_malformed_reports


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn"])
@pytest.mark.parametrize(
    "flood",
    [
        masked(Opcode.CONT, b"", fin=False) * 2000,
        masked(Opcode.PONG, b"x" * 125) * 1000,
        masked(Opcode.CONT, b"x", fin=False) * 100,
    ],
    ids=["empty parts", "pongs", "small parts"],
)
async def test_what_one_client_makes_the_server_keep_is_bounded(kind: str, flood: bytes, tmp_path: Path) -> None:
    async with site(kind, tmp_path, max_frame_bytes=64 * 1024) as place, place.raw(*SHAKE) as client:
        assert await client.status() == 101
        client.writer.write(masked(Opcode.TEXT, b"{", fin=False))
        tracemalloc.start()
        try:
            for _ in range(50):
                client.writer.write(flood)
                await client.writer.drain()
            client.writer.write(masked(Opcode.PING, b"end"))
            pong = await client.reader.readexactly(5)
            gc.collect()
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert pong == b"\x8a\x03end"
        assert kept < MAX_GROWTH


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn"])
async def test_messages_that_wait_their_turn_are_not_read(kind: str, tmp_path: Path) -> None:
    async with site(kind, tmp_path) as place, place.raw(*SHAKE, small=True) as client:
        assert await client.status() == 101
        flood = masked(Opcode.TEXT, said("leave").encode()) * 1000  # less than what is read in one turn
        writing = client.writer.transport
        tracemalloc.start()
        try:
            while writing.get_write_buffer_size() < 20 * len(flood):  # for ever, were all of it read
                client.writer.write(flood)
                await asyncio.sleep(0)
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert kept - writing.get_write_buffer_size() < MAX_GROWTH
