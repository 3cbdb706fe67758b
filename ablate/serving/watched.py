"""Studies that are looked at again and again while pages watch them: one who looks for all who watch, and nobody
looks where nobody watches.

    watched = site.lasting(Watched)
    watched.parts("optimizers")                           # what a page begins with
    async for text in watched.events("optimizers", last): # what a browser's EventSource reads

What is told is the whole of each part, under the digest of its content. So whoever comes back, to this server or to
the one that was started after it, is told what it has not got, and nothing needs to be kept of what was.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from anyio import CapacityLimiter, to_thread

from ablate.core.identity import Json
from ablate.operations.watch import Standing
from ablate.serving.cache import Cache
from ablate.serving.live import LiveState, Look
from ablate.serving.problems import INTERNAL, Problem, problem_of
from ablate.serving.shell import fragment
from ablate.serving.site import Site

__all__ = ["Part", "Watched", "live_parts"]

LOOK_SECONDS, BEAT_SECONDS = 1.0, 10.0
# Where a look takes long, at most a tenth of the time is spent on looking.
TIMES_AS_LONG = 9.0
# Of a study that is over, or that is not there, something may still come.
IDLE_SECONDS = 5.0
# How long a browser waits before it tries again.
RETRY_MILLISECONDS = 2000
MOST_LOOKS, MOST_THREADS = 16, 2
TEMPLATE = "live_parts.html"
FRAGMENTS = ("summary", "arms", "under_way", "failures")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """A part of what is shown, as it is sent; `digest` names its content."""

    data: str
    digest: str

    @classmethod
    def of(cls, content: Json) -> Part:
        data = json.dumps(content, allow_nan=False, separators=(",", ":"))
        return cls(data, hashlib.sha256(data.encode()).hexdigest()[:16])


Parts = Mapping[str, Part]


def live_parts(state: LiveState) -> Parts:
    """How far the study is, as fragments of the page; and the curves, as its script draws them."""
    told: dict[str, Json] = {
        "html": {name: fragment(TEMPLATE, name, state) for name in FRAGMENTS},
        "done": state.done,
        "planned": state.planned,
        "over": state.is_over,
    }
    return {"state": Part.of(told), "curves": Part.of(state.curves.data)}


def problem_parts(problem: Problem) -> Parts:
    """In place of the state; the curves stay as they are."""
    html: Json = {"summary": fragment(TEMPLATE, "problem", problem)}
    return {"state": Part.of({"html": html, "over": False})}


@dataclass
class _Poller:
    """Looks at a study for all who watch it. At each change `changed` is set, and another one takes its place."""

    look: Callable[[], tuple[Parts, bool]]
    seconds: float
    limiter: CapacityLimiter
    watchers: int = 0
    parts: Parts = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while True:
            began = time.monotonic()
            parts, is_idle = await to_thread.run_sync(self.look, limiter=self.limiter)
            took = time.monotonic() - began
            if parts != self.parts:
                self.parts = parts
                former, self.changed = self.changed, asyncio.Event()
                former.set()
            pause = self.seconds * (IDLE_SECONDS if is_idle else LOOK_SECONDS)
            await asyncio.sleep(max(pause, TIMES_AS_LONG * took))


class Watched:
    """The studies of a site that are being watched. `pace` stretches all waiting, and is given by tests."""

    def __init__(self, site: Site, pace: float = 1.0) -> None:
        self._site, self._pace = site, pace
        self._looks = Cache(MOST_LOOKS)
        self._pollers: dict[str, _Poller] = {}
        self._limiter: CapacityLimiter | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the studies that somebody watches now."""
        return tuple(self._pollers)

    def state(self, name: str) -> LiveState:
        """One look.

        Raises:
            UnknownStudy, UnreadablePlan, DamagedPlan, LeadsOut, ReadRefused: when there is nothing to see.
        """
        return self._look(name)()

    def standing(self, name: str) -> Standing:
        """The same as `ablate watch` has it."""
        return self._look(name).standing()

    def _look(self, name: str) -> Look:
        return self._looks.get(name, partial(Look, self._site, name))

    def look(self, name: str) -> tuple[Parts, bool]:
        """One look as it is told, a problem in its words; and whether nothing will change soon."""
        try:
            state = self.state(name)
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                log.exception("the study %s could not be looked at", name)
            return problem_parts(problem or INTERNAL), True
        return live_parts(state), not state.running

    async def events(self, name: str, last: str) -> AsyncIterator[str]:
        """What an EventSource reads, without end.

        Args:
            last: the id of the last event that whoever asks has got; empty where that is none.
        """
        poller = self._joined(name)
        # Part → the digest of what whoever asks has.
        has = dict(zip(("state", "curves"), last.split("-"), strict=False))
        try:
            yield f"retry: {round(RETRY_MILLISECONDS * self._pace)}\n\n"
            while True:
                parts, changed = poller.parts, poller.changed
                for kind, part in parts.items():
                    if has.get(kind) != part.digest:
                        has[kind] = part.digest
                        identity = f"{has.get('state', '')}-{has.get('curves', '')}"
                        yield f"event: {kind}\nid: {identity}\ndata: {part.data}\n\n"
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), BEAT_SECONDS * self._pace)
                    continue
                # Whoever hears nothing for long takes the server for gone.
                yield "event: beat\ndata: \n\n"
        finally:
            self._left(name, poller)

    def _joined(self, name: str) -> _Poller:
        poller = self._pollers.get(name)
        if poller is None:
            # It belongs to the event loop, and is made there.
            self._limiter = self._limiter or CapacityLimiter(MOST_THREADS)
            poller = self._pollers[name] = _Poller(partial(self.look, name), self._pace, self._limiter)
            poller.task = asyncio.create_task(poller.run())
        poller.watchers += 1
        return poller

    def _left(self, name: str, poller: _Poller) -> None:
        poller.watchers -= 1
        if not poller.watchers:
            if poller.task is not None:
                poller.task.cancel()
            del self._pollers[name]
