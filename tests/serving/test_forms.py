"""A form with files, as a browser and as nobody sends it."""

from __future__ import annotations

import os

import httpx
import pytest

from ablate.core.errors import UsageError
from ablate.serving.forms import Field, fields_of


def sent(content: bytes, **fields: str) -> tuple[str, bytes]:
    """The content type and the body, as httpx writes them."""
    request = httpx.Request("POST", "http://x/", data=fields, files={"picture": ("fünf.png", content, "image/png")})
    return request.headers["content-type"], request.read()


@pytest.mark.parametrize(
    "content",
    [b"", bytes(range(256)) * 40, os.urandom(100_000), b"\r\n\r\n--\r\n", b"a\rb\nc\r\n\x0b\x0c\x1c\x85" * 99, b"\n"],
    ids=["nothing", "all bytes", "random", "ends of lines", "other ends", "one end"],
)
def test_every_byte_of_a_file_arrives(content: bytes) -> None:
    field, file = fields_of(*sent(content, **{"with": "a:b é"}))
    assert (field.name, field.text, field.file_name) == ("with", "a:b é", "")
    assert file == Field("picture", content, "fünf.png")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", b"x"),
        ("application/x-www-form-urlencoded", b"a=b"),
        ("multipart/form-data; boundary=a\r\nevil: x", b"--a--"),
    ],
)
def test_what_is_no_form_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(UsageError, match="no form"):
        fields_of(kind, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--a",
        b"--a\r\n\r\nno name\r\n--a--",
        b"--a\r\nContent-Disposition: form-data; name*=utf-8''%ff%\r\n\r\nx\r\n--a--",
        b"--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--b--\r\n--a--",
        b'--a\r\nContent-Disposition: \xff\xfe; name="\xff"\r\nContent-Transfer-Encoding: base64\r\n\r\n=\r\n--a--',
        os.urandom(5000),
    ],
)
def test_nonsense_is_read_or_refused(body: bytes) -> None:
    for kind in ("multipart/form-data; boundary=a", "multipart/form-data"):
        try:
            found = fields_of(kind, body)
        except UsageError:
            continue
        assert all(isinstance(each, Field) for each in found)
