"""See the store in a browser, on this machine: studies, runs, comparisons. Nothing is written. Ctrl-C ends it.

ablate serve                      prints an address that this user alone can open, for it holds a token
ablate serve --port 0             at a free port
ablate serve results_dir=copied   another results folder, a read-only one too
"""

from __future__ import annotations

import argparse
import logging
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation
from ablate.core.errors import ExitCode, UsageError

WORDS = "setting"
WORDS_HELP = "results_dir=…, and data_dir=… where data sets lie"

PORT, MOST_PORT = 8765, 65535


class MissingExtra(UsageError):
    """A library is not installed without which there is no server."""

    @property
    def hint(self) -> str:
        return "pip install 'ablate[serve]'"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at; by default this machine alone")
    parser.add_argument("--port", type=port, default=PORT, help=f"by default {PORT}; 0 takes a free one")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a further name that browsers may call it by"
    )
    parser.add_argument("--no-token", action="store_true", help="show it to everybody who reaches the address")


def execute(invocation: Invocation, output: Output) -> int:
    options = invocation.options
    settings, words = invocation.settings()
    if words:
        raise UsageError(f"serve takes no name: {' '.join(words)}. Another folder: results_dir=…")
    try:
        # All of it, a second of import, so that whoever opens the printed address is answered at once.
        from ablate.serving.application import application
        from ablate.serving.reader import Reader
        from ablate.serving.security import Security, is_everywhere, is_loopback, names_of
        from ablate.serving.server import address_of, bound, serve
        from ablate.serving.site import Site
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "ablate":
            raise
        raise MissingExtra(f"ablate serve needs {error.name}, which is not installed.") from error
    token = None if options.no_token else secrets.token_urlsafe(32)
    listening = bound(options.host, options.port)
    names = names_of(options.host, options.allow_host)
    with closing(Reader(settings)) as reader, _errors_alone():
        site = Site(settings.results_dir, settings.data_dir, settings.allow_targets, reader)
        app = application(site, Security(names, token, any_address=is_everywhere(options.host)))
        output.result(address_of(listening, options.host, token))
        if not is_loopback(options.host):
            output.say("Others reach this server over the network, and nothing on the way is encrypted.")
        if is_everywhere(options.host):
            port_taken = listening.getsockname()[1]
            output.say(f"They call it http://{socket.gethostname()}:{port_taken}/ or by an address of this machine.")
        if token is None:
            output.say("Without a token, whoever reaches this address sees all of it.")
        output.say(f"It shows {settings.results_dir}, and writes nothing there. Ctrl-C ends it.")
        serve(app, listening)
    return ExitCode.DONE


@contextmanager
def _errors_alone() -> Iterator[None]:
    """What is damaged is said on the pages that show it, and not here whenever somebody looks."""
    log = logging.getLogger("ablate")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def port(given: str) -> int:
    """The type of --port.

    Raises:
        argparse.ArgumentTypeError: for what is none.
    """
    if not (given.isascii() and given.isdigit()) or int(given) > MOST_PORT:
        raise argparse.ArgumentTypeError(f"{given} is no port: a number from 0 to {MOST_PORT}")
    return int(given)
