"""The server: a socket that is bound before anything is promised, and uvicorn on it until it is told to stop."""

from __future__ import annotations

import errno
import socket
from contextlib import closing

import uvicorn
from starlette.types import ASGIApp

from ablate.core.errors import UsageError
from ablate.serving.security import TOKEN

__all__ = ["CannotListen", "address_of", "bound", "serve"]

# After Ctrl-C, for answers that go on for long.
SECONDS_TO_END = 2
IN_USE, NOT_ALLOWED = errno.EADDRINUSE, (errno.EACCES, errno.EPERM)


class CannotListen(UsageError):
    """The address cannot be listened at; the message says why."""


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
    """What to open in a browser."""
    name = f"[{host}]" if ":" in host else host
    query = "" if token is None else f"?{TOKEN}={token}"
    return f"http://{name}:{listening.getsockname()[1]}/{query}"


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Answers until the process is interrupted, which is raised at the end."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=SECONDS_TO_END,
        h11_max_incomplete_event_size=64 * 1024,
        proxy_headers=False,
    )
    with closing(listening):
        uvicorn.Server(config).run(sockets=[listening])
