"""Changes of a project's files, each set of them when it is complete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping
from contextlib import aclosing, asynccontextmanager, closing
from pathlib import Path

from anyio import to_thread

from runtime.config.reload import ReloadSettings
from runtime.reload.methods import polling_reason, when_nameless, when_refused
from runtime.reload.notices import Notices, Refused
from runtime.reload.tree import Tree

_LONGEST_SET = 100
"""How many times `reload.settle` a set may be waited for while changes go on."""
_MANY = 1000
"""Of more paths at once some may have been lost, so everything is looked at."""
_ATTEMPTS = 20
"""To listen to folders that come and go meanwhile."""
_POLLED_SHARE = 10
"""Looking takes at most one part in so many of the time."""


@asynccontextmanager
async def watching(
    root: Path,
    settings: ReloadSettings,
    environ: Mapping[str, str],
    named: Collection[str],
    is_watched: Callable[[str], bool],
    report: Callable[[str], None],
) -> AsyncGenerator[AsyncIterator[frozenset[str]]]:
    """Watches from entering on and gives the sets of changed paths, relative to the root with "/" between.

    A set is given when it has been quiet for `reload.settle`; what changes while nobody asks is in the next one.
    `named` are files that count though they lie in folders that are not watched. `is_watched` says which paths count;
    it is asked anew each time, in other threads than that of the event loop. `report` hears why files are polled, and
    which folders cannot be watched.
    With `reload.watch: off` there is no set.
    """
    if settings.watch == "off":
        yield _nothing()
        return
    root = await to_thread.run_sync(root.resolve)
    tree = Tree(root, named)
    watch = _Watch(settings, tree, is_watched, report)
    reason = polling_reason(root, settings, environ)
    with closing(Notices(root, watch.counts, watch.hear)) as notices:
        await watch.begin()
        try:
            if not reason:
                await watch.listen(notices)
        except Refused as refused:
            reason = when_refused(refused)
        async with aclosing(watch.sets(notices, reason)) as sets:
            yield sets


async def _nothing() -> AsyncGenerator[frozenset[str]]:
    none: tuple[frozenset[str], ...] = ()
    for paths in none:
        yield paths


class _Watch:
    def __init__(
        self, settings: ReloadSettings, tree: Tree, is_watched: Callable[[str], bool], report: Callable[[str], None]
    ) -> None:
        self._tree = tree
        self._report = report
        self._settings = settings
        self._is_watched = is_watched
        self._heard: set[str] | None = set()
        """Paths that something was said of; None when all are to be looked at."""
        self._hearing = asyncio.Event()
        self._last = 0.0
        self._changed: set[str] = set()
        """What was found and not given yet."""
        self._pause = settings.poll_interval
        self._nameless: frozenset[str] = frozenset()
        """Folders that were said not to be watched, as far as they are still there."""

    async def begin(self) -> None:
        """Looks at what there is; what differs from it later has changed."""
        await to_thread.run_sync(self._tree.look)
        self._tell_nameless()

    def counts(self, path: str) -> bool:
        """Whether a change there has to be looked at."""
        return self._is_watched(path) or self._tree.is_folder(path)

    def hear(self, paths: Collection[str] | None) -> None:
        """Notes where to look; None is everywhere."""
        if paths is None or self._heard is None or len(self._heard) + len(paths) > _MANY:
            self._heard = None
        else:
            self._heard.update(paths)
        self._last = asyncio.get_running_loop().time()
        self._hearing.set()

    async def listen(self, notices: Notices) -> None:
        """Listens to all folders there are, and looks at them. Raises `Refused`."""
        for _ in range(_ATTEMPTS):
            await self._look_at_all()
            folders = self._tree.folders
            try:
                await to_thread.run_sync(notices.listen, folders)
            except FileNotFoundError:
                continue
            await self._look_at_all()  # at what was made before there was anybody to hear it
            if self._tree.folders == folders:
                return
        raise Refused("folders come and go all the time")

    async def sets(self, notices: Notices, reason: str | None) -> AsyncGenerator[frozenset[str]]:
        """The sets: as the system tells, and by polling for a reason or from the moment that it refuses."""
        if changed := self._taken():  # made while the watching began
            yield changed
        while reason is None:
            await self._quiet(notices)
            try:
                await self._look_at_heard(notices)
            except Refused as refused:
                reason = when_refused(refused)
            if changed := self._taken():
                yield changed
        notices.close()
        self._report(reason)
        while True:
            await self._poll()
            if changed := self._taken():
                yield changed

    async def _quiet(self, notices: Notices) -> None:
        """Until something was said, and then nothing for `reload.settle`."""
        await self._hearing.wait()
        loop, settle = asyncio.get_running_loop(), self._settings.settle
        latest = self._last + _LONGEST_SET * settle
        while True:
            left = min(self._last + settle - notices.lag, latest) - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(left)

    async def _look_at_heard(self, notices: Notices) -> None:
        heard, self._heard = self._heard, set()
        self._hearing.clear()
        changed = None if heard is None else await to_thread.run_sync(self._watched, self._tree.look_at, heard)
        if changed is None:
            await self.listen(notices)
        else:
            self._changed |= changed
            self._tell_nameless()

    async def _look_at_all(self) -> bool:
        """Whether anything that counts has changed."""
        changed = await to_thread.run_sync(self._watched, self._tree.look) or frozenset()
        self._changed |= changed
        self._tell_nameless()
        return bool(changed)

    def _tell_nameless(self) -> None:
        known, self._nameless = self._nameless, self._tree.nameless
        if fresh := self._nameless - known:
            self._report(when_nameless(fresh))

    def _watched(self, look: Callable[..., frozenset[str] | None], *paths: Collection[str]) -> frozenset[str] | None:
        """What a look has found that counts, sorted out where it may take its time."""
        found = look(*paths)
        return found if found is None else frozenset(filter(self._is_watched, found))

    async def _poll(self) -> None:
        """Waits a while, looks, and then looks again until nothing changes any more."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._pause)
        begun = loop.time()
        is_changing = await self._look_at_all()
        self._pause = max(self._settings.poll_interval, _POLLED_SHARE * (loop.time() - begun))
        latest = loop.time() + _LONGEST_SET * self._settings.settle
        while is_changing and loop.time() < latest:
            await asyncio.sleep(self._settings.settle)
            is_changing = await self._look_at_all()

    def _taken(self) -> frozenset[str]:
        found, self._changed = self._changed, set()
        return frozenset(found)
