"""Every public name of `ablate.stats` says what it takes, and the examples in its docstrings come out as printed."""

import doctest
import importlib
import inspect
import pkgutil
import re
from types import ModuleType

import pytest

import ablate.stats

MODULES = [
    importlib.import_module(f"ablate.stats.{module.name}") for module in pkgutil.iter_modules(ablate.stats.__path__)
]
PUBLIC = [
    pytest.param(value, id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in MODULES
    for name in module.__all__
    if callable(value := getattr(module, name)) and getattr(value, "__module__", "") == module.__name__
]
# `Holm 1979`, `Brunner and Munzel (2000)`, `Gallas et al. 2009`.
CITED = re.compile(r"([A-Z][\w']+(?: and [A-Z]\w+| et al\.)?) \(?((?:19|20)\d\d)\b")


def unnamed(names: set[str], text: str) -> set[str]:
    return names - set(re.findall(r"\w+", text))


def public_members(of: type) -> dict[str, object]:
    return {
        name: value
        for name, value in vars(of).items()
        if not name.startswith("_") and (isinstance(value, property) or inspect.isfunction(value))
    }


@pytest.mark.parametrize("public", PUBLIC)
def test_a_docstring_names_every_parameter(public):
    # Dataclasses have a docstring made of their signature unless they are given one.
    text = inspect.getdoc(public) or ""
    assert not text.startswith(f"{public.__name__}(")
    assert unnamed(set(inspect.signature(public).parameters), text) == set()


@pytest.mark.parametrize("public", [param for param in PUBLIC if inspect.isclass(param.values[0])])
def test_so_do_methods_and_properties(public):
    for name, member in public_members(public).items():
        text = inspect.getdoc(member)
        assert text, f"{public.__name__}.{name}"
        if inspect.isfunction(member):
            assert unnamed(set(inspect.signature(member).parameters) - {"self"}, text) == set()


def test_every_name_of_the_package_is_among_them():
    assert {getattr(ablate.stats, name) for name in ablate.stats.__all__} <= {param.values[0] for param in PUBLIC}


@pytest.mark.parametrize("module", [ablate.stats, *MODULES], ids=lambda module: module.__name__)
def test_examples_come_out_as_printed(module: ModuleType):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_sources_that_are_listed_are_those_that_are_cited():
    sources = (ablate.stats.__doc__ or "").partition("Sources\n")[2]
    listed = {" ".join(found.groups()) for line in sources.splitlines() if (found := CITED.match(line))}
    code = [" ".join(inspect.getsource(module).split()) for module in MODULES]
    assert {" ".join(found) for text in code for found in CITED.findall(text)} == listed
