from typing import Any

from . import latch


async def work(ctx: Any) -> None:
    """Prints, and tries a host call, once the latch is released, and says there how it went."""
    await latch.released.wait()
    print("late")
    try:
        await ctx.state.set("late", "key", 1)
        latch.outcome.put_nowait("nothing was thrown")
    except Exception as error:
        latch.outcome.put_nowait(f"caught: {error}")
