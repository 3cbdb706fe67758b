"""Who may ask, and how much: the part of the application that every request goes through first.

On a shared machine every user reaches 127.0.0.1, and every page of the internet can send a browser there. So whoever
asks shows a token, once in the address and then in a cookie that no script reads and no other site sends; the name
in the Host header is one that the server was told of, which another name that was made to lead here (DNS rebinding)
is not; and what changes something, or goes on for long, is asked by a page of this very server.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ablate.serving.problems import Problem, Refuse

__all__ = [
    "HEADERS",
    "METHODS",
    "MOST_BODY_BYTES",
    "TOKEN",
    "Gate",
    "Security",
    "TooLong",
    "is_everywhere",
    "is_loopback",
    "names_of",
]

TOKEN = "token"
METHODS = ("GET", "HEAD", "POST")
# Of a request: a photograph fits, a film does not.
MOST_BODY_BYTES = 32 * 2**20
# Of an address: so much a form of hundreds of columns may have, and no page asks for more.
MOST_ADDRESS_BYTES = 32 * 2**10
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# With every answer.
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
NEVER_KEPT = "no-store"


@dataclass(frozen=True)
class Security:
    """
    Attributes:
        names: what the Host header may call the server, without the port.
        token: what whoever asks has to show; None where nobody has to.
        any_address: whether an address will do as well, as for a server that is bound to all of them: who rebinds a
            name has a name.
    """

    names: frozenset[str]
    token: str | None = None
    any_address: bool = False

    @property
    def cookie(self) -> str:
        """Its name. A browser sends cookies to all ports of a machine, so each server has one of its own."""
        assert self.token is not None
        return f"ablate_{hashlib.sha256(self.token.encode()).hexdigest()[:12]}"

    def is_called(self, name: str) -> bool:
        """Whether a name in a Host header is one of this server's."""
        return name in self.names or (self.any_address and _is_address(name))

    def is_shown(self, given: str | None) -> bool:
        """Whether what was given is the token. How long it takes tells nothing."""
        return self.token is None or (
            given is not None and secrets.compare_digest(given.encode(errors="replace"), self.token.encode())
        )


def names_of(host: str, allowed: Iterable[str] = ()) -> frozenset[str]:
    """What a server that is bound to `host` may be called, `allowed` besides."""
    own = {host, "localhost"}
    if is_loopback(host) or is_everywhere(host):
        own |= {"127.0.0.1", "[::1]"}
    if is_everywhere(host):
        own |= {socket.gethostname(), socket.getfqdn()}
    return frozenset(_bracketed(name.lower().rstrip(".")) for name in (*own, *allowed))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_everywhere(host: str) -> bool:
    """Whether it stands for every address of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


class Gate:
    """The ASGI application that lets through to `app` what may be asked.

    Args:
        is_stream: of a path, whether its answer goes on for long: only a page of this server may ask for it.
        is_open: of a path, whether everybody may see it, as the style of the page that refuses.
    """

    def __init__(
        self,
        app: ASGIApp,
        security: Security,
        refuse: Refuse,
        is_stream: Callable[[str], bool],
        is_open: Callable[[str], bool],
        most_body_bytes: int = MOST_BODY_BYTES,
    ) -> None:
        self._app, self._security, self._refuse = app, security, refuse
        self._is_stream, self._is_open, self._most_body_bytes = is_stream, is_open, most_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nobody here speaks by web sockets
            await send({"type": "websocket.close", "code": 1008})
            return
        asked = _Asked.of(scope)
        send_on = _with_headers(send, asked.sends_something)
        answer = self._answer(asked)
        if answer is not None:
            await answer(scope, receive, send_on)
            return
        await self._pass(scope, receive, send_on, asked)

    def _answer(self, asked: _Asked) -> Response | None:
        """What is said in place of the answer; None where it may be asked for."""
        problem = (
            self._unknown_host(asked) or self._other_method(asked) or self._too_long(asked) or self._foreign(asked)
        )
        if problem is not None:
            return self._refuse(asked.path, problem)
        if self._security.token is None or self._is_open(asked.path):
            return None
        in_address = asked.value(TOKEN)
        if in_address is not None and self._security.is_shown(in_address):
            return self._welcome(asked)
        shown = asked.bearer if asked.bearer is not None else asked.cookie(self._security.cookie)
        if shown is not None and self._security.is_shown(shown):
            return None
        return self._refuse(asked.path, NO_TOKEN)

    def _welcome(self, asked: _Asked) -> Response:
        """The same address without the token, which is in a cookie from now on."""
        assert self._security.token is not None
        response = RedirectResponse(asked.address_without(TOKEN), status_code=303)
        response.set_cookie(self._security.cookie, self._security.token, httponly=True, samesite="strict", path="/")
        return response

    def _unknown_host(self, asked: _Asked) -> Problem | None:
        name = _name_in(asked.header("host") or "")
        return None if len(asked.headers.get("host", ())) == 1 and self._security.is_called(name) else OTHER_HOST

    def _other_method(self, asked: _Asked) -> Problem | None:
        return None if asked.method in METHODS else Problem(405, f"Only {', '.join(METHODS)} are understood here.")

    def _too_long(self, asked: _Asked) -> Problem | None:
        if len(asked.path) + len(asked.query) > MOST_ADDRESS_BYTES:
            return Problem(414, "The address is longer than any that leads to something here.")
        length = asked.header("content-length")
        if length is None:
            return None
        if not (length.isascii() and length.isdigit()):
            return Problem(400, "The length of what was sent is no number.")
        return TOO_LONG if len(length) > 18 or int(length) > self._most_body_bytes else None

    def _foreign(self, asked: _Asked) -> Problem | None:
        """A request that another site has had a browser make. Browsers say so themselves; what else asks shows the
        token, which no browser adds by itself, or comes from no page at all."""
        is_change, is_stream = asked.method == "POST", self._is_stream(asked.path)
        if not (is_change or is_stream) or (asked.bearer is not None and self._security.token is not None):
            return None
        site, origin = asked.header("sec-fetch-site"), asked.header("origin")
        if site is not None and site != "same-origin":
            return FOREIGN
        # Of a form on a page without a referrer, as ours are, a browser says nothing else; no script can say "same".
        if site is not None and origin == "null":
            return None
        if origin is not None:
            return None if _is_origin_of(origin, asked.header("host") or "") else FOREIGN
        # Of a stream a browser says where it was asked from wherever that is another site.
        return None if site is not None or is_stream else FOREIGN

    async def _pass(self, scope: Scope, receive: Receive, send: Send, asked: _Asked) -> None:
        """To the application, which reads no more than it may and learns of no token."""
        begun, read = False, 0

        async def receive_bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most_body_bytes:
                raise TooLong
            return message

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive_bounded, send_noting)
        except TooLong:
            if begun:
                raise
            await self._refuse(asked.path, TOO_LONG)(scope, receive, send)


class TooLong(Exception):
    """More was sent than is read."""


NO_TOKEN = Problem(
    401,
    "This needs the address that ablate serve has printed, with its token.",
    "Open that address once in this browser. If you came by a link from elsewhere, open the page again from here.",
)
OTHER_HOST = Problem(
    400, "The server does not answer to this name.", "Use the printed address, or start it with --allow-host NAME."
)
FOREIGN = Problem(403, "That was asked by a page of another site.", "Open the page here, and ask from there.")
TOO_LONG = Problem(413, f"That is more than the {MOST_BODY_BYTES // 2**20} MB that are read.")


@dataclass(frozen=True)
class _Asked:
    """What of a request is looked at. `headers` has a list a name, for one that is given twice is suspicious."""

    method: str
    path: str
    query: str
    headers: dict[str, list[str]]

    @classmethod
    def of(cls, scope: Scope) -> _Asked:
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        return cls(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers)

    def header(self, name: str) -> str | None:
        return self.headers.get(name, [None])[0]

    def value(self, key: str) -> str | None:
        return next((value for name, value in self._values() if name == key), None)

    def address_without(self, key: str) -> str:
        """The path and the query, on this server whatever the path begins with."""
        query = urlencode([(name, value) for name, value in self._values() if name != key], errors="replace")
        path = "/" + quote(self.path, errors="replace").lstrip("/")
        return f"{path}?{query}" if query else path

    @property
    def sends_something(self) -> bool:
        """Whether a body follows, which nobody may have read when the answer stands."""
        length = self.header("content-length") or "0"
        return self.method not in ("GET", "HEAD") or length != "0" or "transfer-encoding" in self.headers

    @property
    def bearer(self) -> str | None:
        scheme, _, given = (self.header("authorization") or "").partition(" ")
        return given.strip() if scheme.lower() == "bearer" else None

    def cookie(self, name: str) -> str | None:
        for header in self.headers.get("cookie", ()):
            try:
                found = SimpleCookie(header).get(name)
            except CookieError:
                continue
            if found is not None:
                return found.value
        return None

    def _values(self) -> list[tuple[str, str]]:
        try:
            return parse_qsl(self.query, keep_blank_values=True, errors="replace", max_num_fields=1000)
        except ValueError:  # more fields than any page has
            return []


def _name_in(host: str) -> str:
    """The name in a Host header, without the port."""
    name, colon, port = host.rpartition(":")
    if not colon or port.endswith("]"):
        name, port = host, ""
    return name.lower().rstrip(".") if not port or (port.isascii() and port.isdigit()) else ""


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


def _is_origin_of(origin: str, host: str) -> bool:
    """Whether a page of `origin` is one of this server. The scheme is whatever a proxy before it speaks."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def _with_headers(send: Send, is_last: bool) -> Send:
    """Adds what every answer bears; after the last of a connection nothing more is listened to, however much is still
    being sent."""

    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            added = {**HEADERS, "cache-control": NEVER_KEPT}
            if is_last:
                added["connection"] = "close"
            if message["status"] == 405:
                added["allow"] = ", ".join(METHODS)
            if message["status"] == NO_TOKEN.status:
                added["www-authenticate"] = "Bearer"
            headers = [(name.encode(), value.encode()) for name, value in added.items() if name.encode() not in own]
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    return send_with
