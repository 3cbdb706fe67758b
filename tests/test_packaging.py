"""pyproject.toml, held: whatever is imported is declared, and whatever is named is there."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DISTRIBUTIONS = packages_distributions()
EXTRAS = PROJECT["project"]["optional-dependencies"]


def normalised(name: str) -> str:
    """As PEP 503 compares the names of distributions."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*groups: str) -> set[str]:
    """The distributions that the project needs, and those of these extras."""
    lines = [*PROJECT["project"]["dependencies"], *(line for group in groups for line in EXTRAS[group])]
    return {normalised(Requirement(line).name) for line in lines}


def imported(module: Path) -> set[str]:
    """The top-level names of everything that a module imports anywhere, functions included."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return {name.partition(".")[0] for name in found}


def undeclared(folder: str, known: set[str]) -> dict[str, list[str]]:
    """Imported name → the modules that import it, of those that come with none of the `known` distributions."""
    found: dict[str, list[str]] = {}
    # Benchmarks compare with what nobody needs who develops.
    modules = sorted(set((ROOT / folder).rglob("*.py")) - set((ROOT / "tests" / "benchmarks").rglob("*.py")))
    for module in modules:
        for name in imported(module) - sys.stdlib_module_names - {"ablate", "tests"}:
            brought = DISTRIBUTIONS.get(name, [name])
            if not {normalised(each) for each in brought} & known:
                found.setdefault(name, []).append(str(module.relative_to(ROOT)))
    return found


def test_whatever_the_package_imports_is_declared() -> None:
    assert undeclared("ablate", declared(*(set(EXTRAS) - {"dev"}))) == {}


def test_an_undeclared_import_would_be_found() -> None:
    assert {"yaml", "numpy", "PIL", "ray"} <= set(undeclared("ablate", set()))


def test_whatever_the_tests_import_comes_with_the_extra_for_developers() -> None:
    """Beside what pytest brings, and markdown-it, which rich brings."""
    assert set(undeclared("tests", declared(*EXTRAS) | {"markdown-it-py"})) == set()


def paths_named() -> Iterator[str]:
    """Every path of this checkout that pyproject.toml names."""
    project, tool = PROJECT["project"], PROJECT["tool"]
    build = tool["hatch"]["build"]["targets"]
    yield project["readme"]
    yield from project["license-files"]
    yield tool["hatch"]["version"]["path"]
    yield from build["wheel"]["packages"]
    yield from build["wheel"]["force-include"]
    yield from build["sdist"]["include"]
    yield from tool["pytest"]["ini_options"]["testpaths"]
    yield from tool["pytest"]["ini_options"]["pythonpath"]
    yield from tool["ruff"]["extend-exclude"]
    yield from (pattern.removesuffix("/**") for pattern in tool["ruff"]["lint"]["per-file-ignores"])
    yield from (name.replace(".", "/") for name in tool["mypy"]["packages"])


def modules_named() -> Iterator[str]:
    """Every module of ablate that a tool is told something about, and the entry points."""
    yield from (
        name for override in PROJECT["tool"]["mypy"]["overrides"] for name in override["module"] if "ablate" in name
    )
    yield from (target.partition(":")[0] for target in PROJECT["project"]["scripts"].values())


@pytest.mark.parametrize("path", sorted(set(paths_named())))
def test_whatever_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("module", sorted(set(modules_named())))
def test_every_module_that_is_named_is_there(module: str) -> None:
    path = ROOT / module.removesuffix(".*").replace(".", "/")
    assert path.is_dir() or path.with_suffix(".py").is_file()
