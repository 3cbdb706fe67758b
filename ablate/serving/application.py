"""The application: the pages behind the gate, each in a thread of a few, and nothing but words where one cannot be.

uvicorn.run(application(Site(results_dir), Security(names_of("127.0.0.1"), token)))
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable
from functools import cached_property, partial
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route as StarletteRoute, Router, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from ablate.serving.answers import Answer, Document, Download, Page, Redirect
from ablate.serving.asked import Asked
from ablate.serving.problems import API, INTERNAL, NO_PAGE, ONLY_SHOWN, Problem, problem_of
from ablate.serving.routes import Route, routes
from ablate.serving.security import MOST_BODY_BYTES, Gate, Security, TooLong
from ablate.serving.shell import ASSETS, page_html, problem_html, served
from ablate.serving.site import Site

__all__ = ["application", "refuse"]

log = logging.getLogger(__name__)
# Pages are made of numbers under one lock of Python's; more at once would only make all of them late.
MOST_THREADS = 4
# Of what takes seconds, so that it leaves threads to the rest.
MOST_LONG = 2


def application(site: Site, security: Security, most_body_bytes: int = MOST_BODY_BYTES) -> ASGIApp:
    """The ASGI application that shows `site` to whom `security` lets in."""
    declared = routes()
    lanes = _Lanes()
    own = [StarletteRoute(each.path, partial(_answer, each, site, lanes), methods=[each.method]) for each in declared]
    of_assets = StarletteRoute(f"{ASSETS}{{name:path}}", _asset)
    streams = [compile_path(each.path)[0] for each in declared if each.is_stream]

    def is_stream(path: str) -> bool:
        return any(pattern.match(path) for pattern in streams)

    return Gate(
        _Guarded(Router([*own, of_assets], redirect_slashes=False, default=_no_page)),
        security,
        refuse,
        is_stream,
        lambda path: path.startswith(ASSETS),
        most_body_bytes,
    )


def refuse(path: str, problem: Problem) -> Response:
    """What says a problem: JSON under `/api/`, a page anywhere else."""
    if path == API or not path.startswith(f"{API}/"):
        return _html(problem_html(problem), problem.status)
    return JSONResponse(problem.to_json(), problem.status)


class _Guarded:
    """Turns whatever a page raises into words; what nobody has foreseen is told to the terminal."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_noting(message: object) -> None:
            nonlocal begun
            begun = True
            await send(message)  # type: ignore[arg-type]

        try:
            # Without an application in the scope Starlette would say in words of its own what may not be sent.
            await self._app({**scope, "app": self._app}, receive, send_noting)
        except HTTPException as error:
            await refuse(scope["path"], _of_starlette(error))(scope, receive, send)
        except TooLong:  # the gate says that
            raise
        except Exception as error:
            if begun:
                raise
            problem = problem_of(error)
            if problem is None:
                log.exception("%s could not be shown", scope["path"])
            await refuse(scope["path"], problem or INTERNAL)(scope, receive, send)


def _of_starlette(error: HTTPException) -> Problem:
    if error.status_code == 404:
        return NO_PAGE
    if error.status_code == 405:
        return ONLY_SHOWN
    return Problem(error.status_code, str(error.detail))


async def _no_page(scope: Scope, receive: Receive, send: Send) -> None:
    await refuse(scope["path"], NO_PAGE)(scope, receive, send)


class _Lanes:
    """How many threads there are for what is answered at once, and for what takes long. Each limit belongs to the
    event loop, and so it is made there."""

    @cached_property
    def soon(self) -> CapacityLimiter:
        return CapacityLimiter(MOST_THREADS)

    @cached_property
    def long(self) -> CapacityLimiter:
        return CapacityLimiter(MOST_LONG)


async def _answer(route: Route, site: Site, lanes: _Lanes, request: Request) -> Response:
    asked = Asked(site, request)
    if inspect.iscoroutinefunction(route.answer):
        return _response(await route.answer(asked))
    made: Callable[[], Response] = partial(_made, route, asked)
    return await to_thread.run_sync(made, limiter=lanes.long if route.takes_long else lanes.soon)


def _made(route: Route, asked: Asked) -> Response:
    """The template of a large table takes its time as well, and so it is filled in the thread."""
    answer = route.answer(asked)
    assert not inspect.isawaitable(answer)
    return _response(answer)


def _response(answer: Answer) -> Response:
    match answer:
        case Page():
            return _html(page_html(answer), answer.status)
        case Document(content):
            text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1)
            return Response(text.encode(errors="replace"), media_type="application/json")
        case Download(content, name, media_type, inline):
            disposition = f"{'inline' if inline else 'attachment'}; filename*=utf-8''{quote(name, errors='replace')}"
            return Response(content, media_type=media_type, headers={"content-disposition": disposition})
        case Redirect(address):
            return RedirectResponse(address, status_code=303)
    return answer


def _html(document: str, status: int) -> Response:
    # Half a pair of UTF-16, as a name in a hostile plan may hold, has no bytes.
    return Response(document.encode(errors="replace"), status, media_type="text/html")


async def _asset(request: Request) -> Response:
    """Kept by the browser for as long as the file is the same."""
    asset = served().get(request.path_params["name"])
    if asset is None:
        return refuse(request.url.path, NO_PAGE)
    return Response(asset.content, media_type=asset.media_type, headers={"cache-control": "max-age=60"})
