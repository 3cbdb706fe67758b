"""Nonsense from a browser: whatever is asked for, the answer is words and never a mistake of the server's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from starlette.types import ASGIApp, Message

from ablate.serving.application import application
from ablate.serving.routes import Route, routes
from ablate.serving.security import METHODS, Security, names_of
from ablate.serving.site import Site
from tests.serving.stored import DAMAGED, FAILED, LACKING, SOUND

ODD = (
    b"",
    b".",
    b"..",
    b"../../../etc/passwd",
    b"..\\..\\windows",
    b"\0",
    b"a\0b",
    b"\xff\xfe\x80",
    b"\xed\xa0\x80",  # half a pair of UTF-16
    "\N{SNOWMAN}\u202e".encode(),
    b"<script>",
    b"%",
    b"%2e%2e%2f",
    b"{{7*7}}",
    b"CON",
    b"optimizers",
    b"optimizers:adam",
    b"optimizers:",
    b":",
    b"optimizers:a:b",
    b"optimizers\nadam",
    b"-1",
    b"1e9",
    b"99999999999999999999",
    "²".encode(),
    b"nan",
    b"status=failed",
    b"seed='",
    b"=",
    b"a=b=c",
    b"model.dropout=[1,{a: b}]",
    b"where=${oc.env:HOME}",
    b"~x=1",
    b"x" * 5000,
    SOUND.encode(),
    SOUND[:8].encode(),
    SOUND.upper().encode(),
    FAILED.encode(),
    DAMAGED.encode(),
    LACKING.encode(),
)
texts = st.one_of(st.sampled_from(ODD), st.binary(max_size=30))
KEYS = sorted({key for route in routes() for key in route.parameters} | {"token", "nonsense"})
queries = st.lists(st.tuples(st.sampled_from(KEYS), texts), max_size=6)
HEADERS = st.sampled_from(
    [
        {},
        {"origin": "http://localhost"},
        {"cookie": "ablate_x=\x01; a=b;;=; \xff"},
        {"authorization": "Bearer \xff"},
        {"content-length": "0"},
        {"accept": "\xff"},
        {"range": "bytes=0-"},
    ]
)


def ask(app: ASGIApp, method: str, target: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Status and body of what is answered, asked as uvicorn asks."""
    path, _, query = target.partition(b"?")
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"localhost"), *((k.encode(), v.encode("latin-1")) for k, v in headers.items())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8765),
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def target_of(route: Route, parts: Iterable[bytes], query: Iterable[tuple[str, bytes]]) -> bytes:
    """The address that is asked for: each variable part of the path another text."""
    remaining = iter(parts)
    segments = [quote_from_bytes(next(remaining)) if part.startswith("{") else part for part in route.path.split("/")]
    said = "&".join(f"{key}={quote_from_bytes(value)}" for key, value in query)
    return f"{'/'.join(segments)}?{said}".encode("ascii")


@cache
def app_of(results: Path) -> ASGIApp:
    return application(Site(results), Security(names_of("127.0.0.1"), None))


@settings(max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    route=st.sampled_from([route for route in routes() if not route.is_stream]),
    parts=st.lists(texts, min_size=3, max_size=3),
    query=queries,
    method=st.sampled_from(METHODS),
    headers=HEADERS,
)
def test_no_question_breaks_it(
    route: Route,
    parts: list[bytes],
    query: list[tuple[str, bytes]],
    method: str,
    headers: dict[str, str],
    results: Path,
) -> None:
    status, body = ask(app_of(results), method, target_of(route, parts, query), headers)
    assert status < 500, body
    assert b"Traceback (most recent call last):\n  File" not in body


@pytest.mark.parametrize("part", ODD, ids=lambda part: quote_from_bytes(part[:30]) or "empty")
def test_no_name_breaks_a_page(part: bytes, results: Path) -> None:
    """Each odd text as the name of everything that is asked for by name."""
    for path in (
        "/runs/",
        "/studies/",
        "/api/runs/",
        "/api/studies/",
        "/compare?with=",
        "/runs?where=",
        "/runs?sort=",
        "/",
    ):
        status, body = ask(app_of(results), "GET", f"{path}{quote_from_bytes(part)}".encode(), {})
        assert status < 500, (path, body)


@pytest.mark.parametrize("target", [b"/%", b"/%zz", b"//", b"/./..", b"/?&&&=&a", b"/?" + b"a=1&" * 3000, b"*"])
def test_no_address_breaks_it(target: bytes, results: Path) -> None:
    assert ask(app_of(results), "GET", target, {})[0] < 500
