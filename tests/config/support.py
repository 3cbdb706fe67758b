"""What the tests of configuration share: a data set and a device that need no data and no device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ablate.config.problems import ConfigError
from ablate.config.requests import Request, load_request
from ablate.config.tree import ConfigTree, find_tree
from ablate.core.specs import Component, RunSpec, Study, Sweep

CHECKOUT = Path(__file__).parents[2]
DIGEST = "d" * 64
REGRESSIONS = ("ablate.datasets.diabetes.load", "ablate.datasets.california_housing.load")


@dataclass(frozen=True)
class FakeFacts:
    digest: str = DIGEST
    train_examples: int = 1437
    classes: int | None = 10
    shape: tuple[int, ...] = (8, 8, 1)


def fake_facts(source: Component, split_seed: int, data_dir: Path | None) -> FakeFacts:
    if source.target in REGRESSIONS:
        return FakeFacts(classes=None, shape=(10,))
    return FakeFacts(train_examples=60_000, shape=(28, 28, 1)) if "mnist" in source.target else FakeFacts()


def tree(current: Path = CHECKOUT, config_dirs: tuple[Path, ...] = (), allow: tuple[str, ...] = ()) -> ConfigTree:
    return find_tree(current, config_dirs, allow)


def load(words: str, among: ConfigTree | None = None, device: str = "cpu") -> Request:
    """The request of a command line, its words separated by blanks."""
    return load_request(words.split(), among or tree(), fake_facts, lambda asked: device)


def load_run(words: str, among: ConfigTree | None = None, device: str = "cpu") -> RunSpec:
    work = load(words, among, device).work
    assert isinstance(work, RunSpec)
    return work


def load_study(words: str, among: ConfigTree | None = None) -> Study:
    work = load(words, among).work
    assert isinstance(work, Study)
    return work


def load_sweep(words: str, among: ConfigTree | None = None) -> Sweep:
    (sweep,) = load_study(words, among).sweeps
    return sweep


def problems(words: str, among: ConfigTree | None = None) -> list[tuple[str, object, str | None]]:
    """Key, value and nearest name of every problem of a command line."""
    try:
        load(words, among)
    except ConfigError as error:
        return [(problem.key, problem.value, problem.nearest) for problem in error.problems]
    return []


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
