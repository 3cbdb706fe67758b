"""What was asked for: the address taken apart, and the site that is asked."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request

from ablate.core.errors import UsageError
from ablate.serving.site import Site

__all__ = ["MOST_FILTERED", "Asked", "address"]

# Characters of what is typed into one field, and of all filters together.
MOST_TYPED, MOST_FILTERED = 200, 1000

Values = list[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """A request to a page. `request` is for coroutines that read what was sent."""

    site: Site
    request: Request

    @property
    def path(self) -> str:
        return self.request.url.path

    def part(self, name: str) -> str:
        """A variable part of the path."""
        return str(self.request.path_params[name])

    @property
    def query(self) -> Values:
        """Names and values in their order; those that are empty, as a form sends them, are left out."""
        return [(name, value) for name, value in self.request.query_params.multi_items() if value.strip()]

    def value(self, key: str, otherwise: str = "") -> str:
        """The last value of a key."""
        return next((value for name, value in reversed(self.query) if name == key), otherwise).strip()

    def values(self, key: str) -> list[str]:
        """Every value of a key, each once."""
        return list(dict.fromkeys(value.strip() for name, value in self.query if name == key))

    def short(self, key: str, most: int = MOST_TYPED) -> str:
        """The last value of a key that somebody types.

        Raises:
            UsageError: when it is longer than anybody does.
        """
        text = self.value(key)
        if len(text) > most:
            raise UsageError(f"{key} has {len(text):,} characters; it may have {most:,}.")
        return text

    def filters(self) -> list[str]:
        """The filters that are given, each as `ablate list` takes it.

        Raises:
            UsageError: when they are longer than anybody types; a long one takes long to understand.
        """
        given = self.values("where")
        if sum(map(len, given)) > MOST_FILTERED:
            raise UsageError(f"The filters have more than {MOST_FILTERED:,} characters.")
        return given

    def number(self, key: str, otherwise: int, least: int, most: int) -> int:
        """A whole number.

        Raises:
            UsageError: where it is none, or out of its bounds.
        """
        text = self.value(key, str(otherwise))
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 15 or not least <= int(text) <= most:
            raise UsageError(f"{key} is {text}; it is a whole number from {least} to {most:,}.")
        return int(text)

    def changed(self, **changes: str | int | None) -> str:
        """The address of this page with some keys of its query changed; None takes one out."""
        kept = [(name, value) for name, value in self.query if name not in changes]
        return address(self.path, [*kept, *((name, str(each)) for name, each in changes.items() if each is not None)])


def address(path: str, query: Values) -> str:
    """A path of this server with its query."""
    return f"{path}?{urlencode(query, errors='replace')}" if query else path
