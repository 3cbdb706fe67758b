"""Who may ask: the token, the Host header, the Origin of what is sent, and how much of it is read."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from ablate.serving.problems import Problem
from ablate.serving.security import HEADERS, Gate, Security, _name_in, is_everywhere, names_of
from tests.serving.conftest import Browser, TestClient

TOKEN = "a-token-that-nobody-guesses"


def refused(path: str, problem: Problem) -> Response:
    return PlainTextResponse(problem.message, problem.status)


def gated(token: str | None = None, most_body_bytes: int = 100) -> TestClient:
    """A client of an application that gives back what it was sent; what is below /stream goes on for long."""

    async def echo(scope, receive, send):  # type: ignore[no-untyped-def]
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await PlainTextResponse(b"read " + body)(scope, receive, send)

    app: ASGIApp = Gate(
        echo,
        Security(names_of("127.0.0.1", ["lab"]), token),
        refused,
        is_stream=lambda path: path.startswith("/stream"),
        is_open=lambda path: path == "/open",
        most_body_bytes=most_body_bytes,
    )
    return TestClient(app, base_url="http://127.0.0.1:8765", follow_redirects=False)


# the token ---------------------------------------------------------------------------------------------


def test_without_the_token_nothing_is_seen() -> None:
    client = gated(TOKEN)
    assert client.get("/anything").status_code == 401
    assert client.get("/open").text == "read "


@pytest.mark.parametrize("wrong", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\N{SNOWMAN}"])
def test_another_token_is_none(wrong: str) -> None:
    client = gated(TOKEN)
    assert client.get("/", params={"token": wrong}).status_code == 401
    assert client.get("/", headers={"authorization": f"Bearer {wrong}".encode()}).status_code == 401
    client.cookies.set(Security(frozenset(), TOKEN).cookie, wrong.encode("unicode_escape").decode())
    assert client.get("/").status_code == 401


def test_the_token_is_shown_once_and_then_stands_in_a_cookie() -> None:
    client = gated(TOKEN)
    first = client.get("/runs", params={"q": "a b&c", "token": TOKEN, "page": "2"})
    assert (first.status_code, first.headers["location"]) == (303, "/runs?q=a+b%26c&page=2")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert client.get(first.headers["location"]).text == "read "


def test_a_program_shows_it_in_a_header() -> None:
    assert gated(TOKEN).get("/", headers={"authorization": f"Bearer {TOKEN}"}).text == "read "


def test_the_address_after_the_token_is_one_of_this_server() -> None:
    """A path with two slashes would be the address of another."""
    answer = gated(TOKEN).get("http://127.0.0.1:8765//elsewhere.example/x", params={"token": TOKEN})
    assert answer.headers["location"] == "/elsewhere.example/x"


def test_two_servers_of_one_machine_have_cookies_of_their_own() -> None:
    assert Security(frozenset(), "a").cookie != Security(frozenset(), "b").cookie
    assert "a-token" not in Security(frozenset(), TOKEN).cookie


# the name ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8765", "localhost:1", "LOCALHOST", "[::1]:8765", "lab:80"])
def test_answers_to_its_names(host: str) -> None:
    assert gated().get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8765", "", "[::1", "lab:80:80", "lab:x", "::1"]
)
def test_answers_to_no_other(host: str) -> None:
    """A name of the internet that leads here is how another site would read what this one shows."""
    assert gated().get("/", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["10.1.2.3:8765", "[fe80::1]:8765", "127.0.0.1", "localhost", socket.gethostname()])
def test_bound_to_every_address_it_answers_to_each(host: str) -> None:
    """But to no name that others chose."""
    everywhere = Security(names_of("0.0.0.0"), any_address=is_everywhere("0.0.0.0"))
    assert everywhere.is_called(_name_in(host.lower()))
    assert not everywhere.is_called("evil.example")
    assert not Security(names_of("127.0.0.1"), any_address=is_everywhere("127.0.0.1")).is_called("10.1.2.3")
    assert {is_everywhere(each) for each in ("0.0.0.0", "::")} == {True}


def test_a_name_that_is_said_twice_is_none() -> None:
    answer = gated().get("/", headers=[("host", "127.0.0.1"), ("host", "evil.example")])
    assert answer.status_code == 400


# other sites -------------------------------------------------------------------------------------------

OURS = "http://127.0.0.1:8765"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": OURS}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9"}, 403),
        ({"origin": "http://["}, 403),
        ({"origin": OURS, "sec-fetch-site": "cross-site"}, 403),
        ({"origin": OURS, "sec-fetch-site": "same-site"}, 403),
    ],
)
def test_only_a_page_of_this_server_sends(headers: dict[str, str], status: int) -> None:
    assert gated().post("/", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), ({"sec-fetch-site": "cross-site"}, 403), ({"origin": "http://evil.example"}, 403)],
)
def test_only_a_page_of_this_server_follows(headers: dict[str, str], status: int) -> None:
    assert gated().get("/stream/optimizers", headers=headers).status_code == status
    assert gated().get("/else", headers=headers).status_code == 200


def test_a_program_with_the_token_sends_without_a_page() -> None:
    assert gated(TOKEN).post("/", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert gated().post("/", headers={"authorization": "Bearer whatever"}).status_code == 403


# how much ----------------------------------------------------------------------------------------------


def test_as_much_as_may_be_is_read() -> None:
    assert gated().post("/", content=b"x" * 100, headers={"origin": OURS}).text == "read " + "x" * 100


def test_more_is_refused_before_it_is_read() -> None:
    def pieces() -> Iterator[bytes]:
        yield from [b"x" * 60] * 2

    said = gated().post("/", content=b"x" * 101, headers={"origin": OURS})
    assert (said.status_code, said.headers["connection"]) == (413, "close")
    # Without a length, it is counted on the way.
    assert gated().post("/", content=pieces(), headers={"origin": OURS}).status_code == 413


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "²", "9" * 400])
def test_a_length_that_is_none(length: str) -> None:
    answer = gated().post("/", headers=[("origin", OURS), ("content-length", length.encode("utf-8"))])
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    "said", [{"content-length": "5"}, {"transfer-encoding": "chunked"}, {"content-length": "5", "origin": OURS}]
)
def test_after_an_answer_nothing_more_of_what_is_sent_is_listened_to(said: dict[str, str]) -> None:
    """An upload without an end would be read for as long as it is sent."""
    assert gated(TOKEN).post("/", headers=said).headers["connection"] == "close"
    assert gated(TOKEN).request("GET", "/", headers=said).headers["connection"] == "close"
    assert "connection" not in gated().get("/").headers


def test_an_address_without_an_end() -> None:
    assert gated().get("/" + "a" * 40_000).status_code == 414
    assert gated().get("/?" + "a=1&" * 10_000).status_code == 414
    assert gated().get("/?" + "columns=a&" * 1000).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_not_known(method: str) -> None:
    answer = gated().request(method, "/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


# what every answer bears ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/runs", "/nowhere", "/api/studies", "/api/nowhere", "/assets/style.css"])
def test_every_answer_bears_the_headers(path: str, browser: Browser) -> None:
    answer = browser().get(path)
    assert HEADERS.items() <= dict(answer.headers).items()
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not [part for part in policy.values() if "http" in part or "unsafe" in part or "*" in part]
    assert answer.headers["cache-control"] == ("max-age=60" if path.startswith("/assets/") else "no-store")


def test_what_may_not_be_sent_is_said_in_our_words(browser: Browser) -> None:
    answer = browser().post("/runs", headers={"origin": OURS})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert "not be sent anything" in answer.text


def test_what_is_refused_says_so_in_its_own_way(browser: Browser) -> None:
    client = browser(token=TOKEN)
    page, document = client.get("/runs"), client.get("/api/runs")
    assert page.status_code == document.status_code == 401
    assert "text/html" in page.headers["content-type"]
    assert "printed" in page.text
    assert (document.json()["kind"], document.json()["status"]) == ("problem", 401)
    # The page that refuses has its style.
    assert client.get("/assets/style.css").status_code == 200
