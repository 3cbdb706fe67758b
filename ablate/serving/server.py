"""The server: a socket that is bound before anything is promised, and uvicorn on it until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from contextlib import closing

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ablate.core.errors import UsageError
from ablate.serving.security import TOKEN, is_everywhere

__all__ = ["CannotListen", "address_of", "bound", "serve", "server_of"]

# A browser opens six, a live page keeps one; beyond them whoever asks is told to come back.
MOST_CONNECTIONS = 200
# In which a request has to be said, and the next one begun.
SECONDS_TO_ASK = 10.0
# After Ctrl-C, for answers that go on for long.
SECONDS_TO_END = 2
IN_USE, NOT_ALLOWED = errno.EADDRINUSE, (errno.EACCES, errno.EPERM)


class CannotListen(UsageError):
    """The address cannot be listened at; the message says why."""


class Patient(H11Protocol):
    """A connection that is given up when nothing is asked over it for long, be it begun: half a request that never
    ends would keep its place otherwise, and few hundred of them everybody else out."""

    seconds_to_ask = SECONDS_TO_ASK

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look_later()

    def _look_later(self) -> None:
        self.loop.call_later(self.seconds_to_ask, self._look, self.cycle)

    def _look(self, last: object) -> None:
        """Closes it where nothing was asked since `last`, which was what was answered then."""
        if self.transport.is_closing():
            return
        if self.cycle is last and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()
        else:
            self._look_later()


def bound(host: str, port: int) -> socket.socket:
    """A socket at that address, or at a free port where `port` is 0.

    Raises:
        CannotListen: when another program has it, or it is not this machine's.
    """
    if not host:
        raise CannotListen("--host is empty, which would be every address of this machine; name one.")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise CannotListen(f"--host {host} is no address of this machine ({error}).") from error
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == IN_USE:
            raise CannotListen(
                f"Port {port} is in use, perhaps by another ablate serve; --port 0 takes a free one."
            ) from error
        if error.errno in NOT_ALLOWED:
            raise CannotListen(f"Port {port} may not be taken; --port 0 takes a free one.") from error
        raise CannotListen(f"{host} cannot be listened at ({error.strerror or error}).") from error
    return listening


def address_of(listening: socket.socket, host: str, token: str | None) -> str:
    """What to open in a browser of this machine."""
    reached = "localhost" if is_everywhere(host) else host
    name = f"[{reached}]" if ":" in reached else reached
    query = "" if token is None else f"?{TOKEN}={token}"
    return f"http://{name}:{listening.getsockname()[1]}/{query}"


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Answers until the process is interrupted, which is raised at the end."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As a shell starts what runs in its background. Whoever interrupts it all the same means it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with closing(listening):
        server_of(app).run(sockets=[listening])


def server_of(app: ASGIApp, seconds_to_ask: float = SECONDS_TO_ASK) -> uvicorn.Server:
    """A server that can be run on a socket.

    Args:
        seconds_to_ask: in which a connection has to have asked something.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        http=type("Patient", (Patient,), {"seconds_to_ask": seconds_to_ask}),
        limit_concurrency=MOST_CONNECTIONS,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=SECONDS_TO_END,
        h11_max_incomplete_event_size=64 * 1024,
        proxy_headers=False,
    )
    return uvicorn.Server(config)
