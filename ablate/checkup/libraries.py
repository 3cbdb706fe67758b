"""Python and the libraries that ablate is written for, in the ranges that its installation states."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ablate.checkup.findings import Finding, Level

__all__ = ["look_at_libraries"]


def look_at_libraries(
    package: str = "ablate", installed: Callable[[str], str] = version, python: str = platform.python_version()
) -> Iterator[Finding]:
    """Python, then every library that `package` requires without extras.

    Args:
        installed: the version of a distribution; raises PackageNotFoundError where it is not there.
        python: its version.
    """
    try:
        needed, about = requires(package) or [], metadata(package)
    except PackageNotFoundError:
        yield Finding(
            package, "it is not installed, so its ranges are not known", Level.NOTE, "python -m pip install -e ."
        )
        return
    pythons = str(about.json.get("requires_python", ""))
    yield _judged("Python", python, SpecifierSet(pythons), f"use a Python {pythons}")
    for requirement in sorted(map(Requirement, needed), key=lambda each: each.name.lower()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _library(requirement, installed)


def _library(requirement: Requirement, installed: Callable[[str], str]) -> Finding:
    name, allowed = requirement.name, requirement.specifier
    mend = f"python -m pip install '{name}{allowed}'"
    try:
        found = installed(name)
    except PackageNotFoundError:
        return Finding(name, "it is not installed", Level.WRONG, mend)
    return _judged(name, found, allowed, mend)


def _judged(name: str, found: str, allowed: SpecifierSet, mend: str) -> Finding:
    if allowed.contains(found, prereleases=True):
        return Finding(name, f"{found} ({allowed})" if str(allowed) else found)
    return Finding(name, f"{found}, and it has to be {allowed}", Level.WRONG, mend)
