"""`ablate serve` as a process: the address it prints, what it answers there, how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ablate.serving.application import application
from ablate.serving.security import Security, names_of
from ablate.serving.server import CannotListen, bound, server_of
from ablate.serving.site import Site

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{40,}")
MEGABYTE = b"x" * 2**20


@contextmanager
def served(*words: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the first line that it printed."""
    command = [sys.executable, "-m", "ablate", "serve", "--port", "0", *words]
    process = subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_from_the_printed_address_to_ctrl_c(results: Path, tmp_path: Path) -> None:
    with served(f"results_dir={results}", folder=tmp_path) as (process, address):
        assert ADDRESS.fullmatch(address)
        origin = address.partition("/?")[0]
        assert httpx.get(f"{origin}/runs").status_code == 401
        with httpx.Client(base_url=origin, follow_redirects=True) as client:
            first = client.get(address)
            assert (first.status_code, str(first.url)) == (200, f"{origin}/")
            assert "optimizers" in first.text
            assert client.get("/studies/optimizers").status_code == 200
            assert client.get("/studies/optimizers/report.html").status_code == 200
        maps = Path(f"/proc/{process.pid}/maps")
        assert not maps.exists() or "tensorflow" not in maps.read_text()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=20)
        assert process.returncode == 130
        assert "Traceback" not in out + errors
        assert "Ctrl-C ends it" in errors + out


def test_a_large_upload_is_refused_and_not_read(results: Path, tmp_path: Path) -> None:
    """A hundred megabytes, of which a server that read them all would have had to be sent the last one."""
    with served("--no-token", f"results_dir={results}", folder=tmp_path) as (_, address):
        host, port = re.fullmatch(r"http://([\d.]+):(\d+)/", address).groups()  # type: ignore[union-attr]
        with socket.create_connection((host, int(port)), timeout=20) as line:
            head = [
                "POST /runs HTTP/1.1",
                f"Host: {host}:{port}",
                f"Origin: http://{host}:{port}",
                f"Content-Length: {100 * 2**20}",
            ]
            line.sendall("\r\n".join([*head, "", ""]).encode() + MEGABYTE)
            answer = line.recv(2**16)
        assert answer.startswith(b"HTTP/1.1 413")
        assert httpx.get(f"{address}runs").status_code == 200


def test_an_upload_without_an_end_is_ended(results: Path, tmp_path: Path) -> None:
    """It has no length, nobody asked for it, and it would never stop."""
    with served("--no-token", f"results_dir={results}", folder=tmp_path) as (_, address):
        host, port = re.fullmatch(r"http://([\d.]+):(\d+)/", address).groups()  # type: ignore[union-attr]
        with socket.create_connection((host, int(port)), timeout=20) as line:
            head = ["POST /runs HTTP/1.1", f"Host: {host}:{port}", f"Origin: http://{host}:{port}"]
            line.sendall("\r\n".join([*head, "Transfer-Encoding: chunked", "", ""]).encode())
            chunks = (b"100000\r\n" + MEGABYTE + b"\r\n" for _ in range(500))
            with pytest.raises(ConnectionError):
                line.sendall(b"".join(chunks))
        assert httpx.get(f"{address}runs").status_code == 200


def test_half_a_question_is_not_waited_for_without_an_end(results: Path) -> None:
    """Some hundred connections of one who never ends a question would keep everybody else out."""
    app = application(Site(results), Security(names_of("127.0.0.1"), None))
    listening = bound("127.0.0.1", 0)
    place, seconds = listening.getsockname(), 0.3
    server = server_of(app, seconds)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        with socket.create_connection(place, timeout=20) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: ")
            assert line.recv(100) == b""
        with socket.create_connection(place, timeout=20) as line:
            # A question that is slow is one all the same; after it the line stays for a while, and then ends.
            for part in (b"GET /runs HTTP/1.1\r\n", f"Host: 127.0.0.1:{place[1]}\r\n".encode(), b"\r\n"):
                line.sendall(part)
                time.sleep(seconds / 5)
            assert read_to_the_end(line).startswith(b"HTTP/1.1 200")
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()


def read_to_the_end(line: socket.socket) -> bytes:
    found = b""
    while part := line.recv(2**20):
        found += part
    return found


def test_nonsense_on_the_line_ends_nothing(results: Path, tmp_path: Path) -> None:
    with served("--no-token", f"results_dir={results}", folder=tmp_path) as (process, address):
        host, port = re.fullmatch(r"http://([\d.]+):(\d+)/", address).groups()  # type: ignore[union-attr]
        for nonsense in (
            b"\0" * 100,
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
            os.urandom(999),
        ):
            with socket.create_connection((host, int(port)), timeout=20) as line:
                line.sendall(nonsense + b"\r\n\r\n")
                line.recv(2**16)
        assert httpx.get(address).status_code == 200
        assert process.poll() is None


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "ablate", "serve", "--port", str(port)], cwd=tmp_path, capture_output=True, text=True
        )
    assert done.returncode == 2
    assert f"Port {port} is in use" in done.stderr
    assert "--port 0" in done.stderr


@pytest.mark.parametrize(
    ("host", "said"),
    [("no.such.host.invalid", "no address"), ("203.0.113.7", "cannot be listened"), ("", "every address")],
)
def test_an_address_that_is_none_of_this_machine_is_said(host: str, said: str) -> None:
    with pytest.raises(CannotListen, match=said):
        bound(host, 0)


def test_without_the_extra_it_says_what_installs_it(tmp_path: Path) -> None:
    script = "import sys; sys.modules['uvicorn'] = None\nfrom ablate.cli import main\nsys.exit(main(['serve']))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "uvicorn" in done.stderr
    assert "pip install 'ablate[serve]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"), [(["--port", "65536"], "no port"), (["--port", "x"], "no port"), (["optimizers"], "no name")]
)
def test_what_it_does_not_take_is_said(words: list[str], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ablate", "serve", *words], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert said in done.stderr
