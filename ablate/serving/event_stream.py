"""An answer that goes on for as long as somebody reads it: server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

__all__ = ["EventStream"]


class EventStream(Response):
    """Sends each text of `events` when it comes, and closes them at once when the browser has gone."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[str]) -> None:
        self.status_code, self.background = 200, None
        # A proxy on the way would collect what is to be seen now.
        self.init_headers({"x-accel-buffering": "no"})
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return

        async def until_gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(until_gone)
            async with aclosing(self._events) as events:  # type: ignore[type-var]
                with suppress(OSError):  # gone, and nobody has said so yet
                    async for text in events:
                        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            group.cancel_scope.cancel()
