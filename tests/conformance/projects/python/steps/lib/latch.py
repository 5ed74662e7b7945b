import asyncio

released = asyncio.Event()
outcome: asyncio.Queue[str] = asyncio.Queue()
