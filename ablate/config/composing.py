"""From words to one composed config: Hydra's part, checked before Hydra sees it and cast afterwards.

    with composing(tree) as composer:
        config = composer.compose(parse_words(["optimizer=sgd", "model.dropout=0.3"]))
        config["optimizer"]["learning_rate"]      # 0.01

A composed config is made of dicts, lists and scalars; nothing of OmegaConf leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError, YAMLError

from ablate.config.arguments import RANGES, argument_problems
from ablate.config.building import OF_HYDRA, TARGET, is_target, locate, target_problems, with_stored_paths
from ablate.config.casting import cast_fields, cast_like
from ablate.config.files import read_leaf, read_yaml
from ablate.config.overrides import Word, Words, layered, write_word
from ablate.config.problems import ConfigError, Problem, nearest, problems_of, raise_any, sift
from ablate.config.ranges import range_problems
from ablate.config.tree import PRIMARY, ConfigTree, laid_over
from ablate.core.identity import Json
from ablate.sanitize.redact import PATH_KEYS

__all__ = ["SPLIT", "SWEEP", "Composer", "Config", "arguments_of", "composing", "lookup"]

Config = Mapping[str, Any]

SWEEP = "sweep"
# A dotted path into the leaves; what says more (`optimizer@inner`, `model/head`) is Hydra's to read.
VALUE_KEY = re.compile(r"[A-Za-z_]\w*(\.\w+)*")
# Keys of a data set that say how it is cut and how it travels; the others are its loader's arguments.
SPLIT = ("validation_fraction", "validation_last", "split_seed", "stream")
# These leaves are dataclasses without TensorFlow: a plan builds them, so that they check themselves.
CHECKED_BY_BUILDING = ("training", "executor")
TRAINER = "trainer"
# References to other values that a config may hold: many, each of several others, can stand for gigabytes.
MOST_REFERENCES = 20
_REFERENCE = re.compile(r"\$\{[^${}:]*\}")


@contextmanager
def composing(tree: ConfigTree) -> Iterator[Composer]:
    """A composer over the leaves of `tree`. Hydra's global state is entered and left with the context."""
    with initialize_config_dir(str(tree.shipped), job_name="ablate", version_base="1.3"):
        yield Composer(tree)


class Composer:
    """Composes configs, each distinct one once."""

    def __init__(self, tree: ConfigTree) -> None:
        self.tree = tree
        self._search = write_word("hydra.searchpath", [f"file://{folder}" for folder in tree.added])
        self._chosen: dict[tuple[str, ...], DictConfig] = {}
        self._raw: dict[tuple[str, ...], Config] = {}
        self._typed: dict[tuple[str, ...], Config] = {}
        self._checked: set[Path] = set()

    def compose(self, words: Words) -> Config:
        """The config with `words` applied; every value has the type of its default.

        Raises:
            ConfigError: with every unknown group, choice and key, every value of a wrong type or out of its
                range, and every target that is not allowed.
        """
        key = tuple(word.text for word in words)
        if key not in self._typed:
            self._typed[key] = self._compose_checked(words)
        return self._typed[key]

    def check(self, words: Words, among: Words | None = None) -> list[Problem]:
        """What is wrong with each word by itself: its group, choice, key or type.

        Which keys there are depends on the leaves that are chosen: by the words `among`, else by `words`.
        """
        defaults = self._defaults(words if among is None else among)
        return [problem for word in words for problem in _word_problems(word, self.tree.groups, defaults)]

    def is_group(self, key: str) -> bool:
        return key in self.tree.groups

    def sweep(self, name: str) -> Config:
        """The leaf sweep/<name>.yaml."""
        return dict(self._compose((Word(f"+{SWEEP}={name}", SWEEP, name, "+"),))[SWEEP])

    def sound(self, words: Words) -> Words:
        """Those of the words that can be composed, each alone with the leaves that are chosen."""
        choices = [word for word in words if self.is_group(word.key) and not self.check((word,))]
        accepted, _ = sift(lambda word: self.compose(layered(choices, [word])), words)
        return tuple(word for word, _ in accepted)

    def _compose_checked(self, words: Words) -> Config:
        problems = self.check(words)
        # What is right by itself is composed all the same, for it may show what else is wrong.
        sound = tuple(word for word in words if not self.check((word,), among=words))
        composed, further = sift(self._compose_typed, [sound])
        raise_any([*problems, *further])
        return composed[0][1]

    def _compose_typed(self, words: Words) -> Config:
        return _typed(self._compose(words), self._defaults(words), self._compose(()), self.tree.allow_targets)

    def _defaults(self, words: Words) -> Config:
        """The config of the chosen leaves before any value is set: what exists, and of which type."""
        groups = self.tree.groups
        return self._compose(tuple(word for word in words if word.value in groups.get(word.key, ())))

    def _compose(self, words: Words) -> Config:
        texts = tuple(word.text for word in words)
        if texts not in self._raw:
            self._check_leaves(words)
            try:
                self._raw[texts] = self._with_values(words) or self._hydra(texts)
            except (HydraException, OmegaConfBaseException, YAMLError, RecursionError) as error:
                raise ConfigError(self._blame(words, error)) from error
        return self._raw[texts]

    def _check_leaves(self, words: Words) -> None:
        """Looks at those of the chosen leaves that do not come with ablate, before Hydra reads them."""
        chosen = [word for word in words if word.value in self.tree.groups.get(word.key, ())]
        for word in chosen:
            file = self.tree.leaf(word.key, str(word.value))
            if file not in self._checked and not self.tree.is_shipped(file):
                raise_any(_leaf_file_problems(file, word.key, read_leaf(file), self.tree.allow_targets))
                self._checked.add(file)

    def _with_values(self, words: Words) -> Config | None:
        """The config of words that choose leaves and set values of them, None where they ask for more.

        To set a value is one call of OmegaConf, the same that Hydra makes.
        """
        choices = tuple(word for word in words if self.is_group(word.key))
        values = [word for word in words if word not in choices]
        if any(word.sign for word in values) or not all(VALUE_KEY.fullmatch(word.key) for word in values):
            return None
        config = deepcopy(self._leaves(choices))
        try:
            for word in values:
                OmegaConf.update(config, word.key, word.value, merge=True)
        except OmegaConfBaseException:
            return None  # Hydra says what is wrong
        return _container(config)

    def _hydra(self, texts: tuple[str, ...]) -> Config:
        return _container(self._composed(texts))

    def _leaves(self, choices: Words) -> DictConfig:
        texts = tuple(word.text for word in choices)
        if texts not in self._chosen:
            self._chosen[texts] = self._exchanged(choices) or self._composed(texts)
        return self._chosen[texts]

    def _exchanged(self, choices: Words) -> DictConfig | None:
        """The config of no choice with the chosen leaves in it, None where Hydra has to be asked.

        Hydra would read all leaves again for each choice. A leaf says values of its own group and no word to Hydra
        (`read_leaf`), so to choose it is to merge it over what the primary config says of that group.
        """
        is_plain = len({word.key for word in choices}) == len(choices) and all(map(self._is_exchange, choices))
        if not choices or not is_plain:
            return None
        config = deepcopy(self._leaves(()))
        for word in choices:
            leaf = read_leaf(self.tree.leaf(word.key, str(word.value)))
            config[word.key] = laid_over(self._primary.get(word.key) or {}, leaf)
        return config

    def _is_exchange(self, word: Word) -> bool:
        """Whether a word names a leaf that is there, of a group that the primary config has a place for."""
        is_placed = word.key == SWEEP if word.sign == "+" else not word.sign and word.key in self._with_defaults
        return is_placed and word.value in self.tree.groups[word.key]

    @cached_property
    def _primary(self) -> dict[str, Any]:
        return dict(read_yaml(self.tree.shipped / PRIMARY))

    @cached_property
    def _with_defaults(self) -> frozenset[str]:
        """The groups that a config always has a leaf of."""
        return frozenset(key for entry in self._primary["defaults"] if isinstance(entry, dict) for key in entry)

    def _composed(self, texts: tuple[str, ...]) -> DictConfig:
        composed: DictConfig = hydra_compose(PRIMARY.removesuffix(".yaml"), [self._search.text, *texts])
        return composed

    def _blame(self, words: Words, error: Exception) -> Iterator[Problem]:
        """Hydra stops at the first word that it cannot apply; composed alone, each shows whether it can be."""
        blamed = False
        for word in words if len(words) > 1 else ():
            try:
                self._compose((word,))
            except ConfigError as alone:
                blamed = True
                yield from alone.problems
        if not blamed:
            text = " ".join(word.text for word in words)
            yield Problem(words[0].key if len(words) == 1 else text, text, f"what Hydra can compose ({_first(error)})")


def _container(config: DictConfig) -> Config:
    raise_any(_reference_problems(OmegaConf.to_container(config)))
    resolved: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    return with_stored_paths(resolved)  # type: ignore[return-value]


def _typed(raw: Config, defaults: Config, shipped: Config, allow: tuple[str, ...]) -> Config:
    roots, problems = sift(lambda root: _typed_root(root, raw[root], defaults.get(root), allow), raw)
    raise_any([*_root_problems(raw, shipped), *target_problems(dict(raw), allow), *problems])
    return dict(roots)


def lookup(config: Config, key: str) -> Any:
    """The value at a dotted key.

    Raises:
        KeyError: when there is none.
    """
    value: Any = config
    for part in key.split("."):
        if not isinstance(value, Mapping):
            raise KeyError(key)
        value = value[part]
    return value


def _typed_root(root: str, value: Any, default: Json, allow: tuple[str, ...]) -> Any:
    """One root key's value, cast and checked."""
    if root in CHECKED_BY_BUILDING and is_dataclass(found := locate(value[TARGET], allow)):
        private = {key: item for key, item in value.items() if is_private(key)}
        arguments = {key: item for key, item in value.items() if not is_private(key)}
        return {**private, **asdict(cast_fields(found, arguments, root))}
    typed = cast_like(value, default, root)
    raise_any([*range_problems(root, typed), *_leaf_problems(root, typed, allow)])
    return typed


def _leaf_problems(key: str, leaf: Any, allow: tuple[str, ...]) -> Iterator[Problem]:
    """What is wrong with the arguments of a leaf, and of what is built inside it."""
    if isinstance(leaf, list):
        for index, item in enumerate(leaf):
            yield from _leaf_problems(f"{key}[{index}]", item, allow)
    elif isinstance(leaf, Mapping):
        for name in OF_HYDRA:
            if name in leaf:
                yield Problem(f"{key}.{name}", leaf[name], "the arguments of the target, each by its name")
        # Of a target that is refused, no source is looked at.
        if TARGET in leaf and is_target(leaf[TARGET], allow):
            yield from argument_problems(key, leaf[TARGET], arguments_of(leaf), leaf.get(RANGES) or {})
        for name, item in leaf.items():
            if not is_private(name):
                yield from _leaf_problems(f"{key}.{name}", item, allow)


def _leaf_file_problems(file: Path, group: str, leaf: Config, allow: tuple[str, ...]) -> Iterator[Problem]:
    """What a leaf must say, and what it must not: an executor imports the module that its `trainer` names."""
    if group != SWEEP and TARGET not in leaf:
        yield Problem(str(file), str(file), f"a leaf with a {TARGET}, null where nothing is built")
    if TRAINER in leaf and not is_target(f"{leaf[TRAINER]}.Trainer", allow):
        yield Problem(f"{file}: {TRAINER}", leaf[TRAINER], "a module of a package that --allow-target names")


def _reference_problems(unresolved: Any) -> Iterator[Problem]:
    """A problem for every value that is taken from the environment, or computed while it is read. Where things lie may
    depend on the machine; what a run is made of may not: it is stored, and shown in reports."""
    found = [(key, text) for key, text in _texts(unresolved) if "${" in text and key not in PATH_KEYS]
    for key, text in found:
        if "${" in _REFERENCE.sub("", text):
            yield Problem(key, text, "a value, or ${key} for that of another key: it has to stand in words")
    if sum(text.count("${") for _, text in found) > MOST_REFERENCES:
        yield Problem("${…}", len(found), f"at most {MOST_REFERENCES} references to other keys")


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Dotted key and text of every value that is one."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{key}[{index}]")


def _root_problems(raw: Config, shipped: Config) -> Iterator[Problem]:
    for root in raw:
        if root not in shipped:
            yield Problem(root, raw[root], f"one of {', '.join(shipped)}", nearest(root, shipped))


def _word_problems(word: Word, groups: Mapping[str, tuple[str, ...]], defaults: Config) -> list[Problem]:
    if word.key in groups:
        return _choice_problems(word, groups[word.key])
    return _key_problems(word, defaults) or _type_problems(word, defaults)


def _choice_problems(word: Word, choices: tuple[str, ...]) -> list[Problem]:
    if word.value in choices:
        return []
    return [Problem(word.key, word.value, f"one of {', '.join(choices)}", nearest(word.value, choices))]


def _key_problems(word: Word, defaults: Config) -> list[Problem]:
    if word.root not in defaults:
        return [Problem(word.key, word.value, f"a key under {', '.join(defaults)}", nearest(word.root, defaults))]
    if word.sign == "+" or _exists(word.key, defaults):
        return []
    keys = list(_keys(defaults[word.root], word.root))
    return [Problem(word.key, word.value, f"one of {', '.join(keys)}", nearest(word.key, keys))]


def _type_problems(word: Word, defaults: Config) -> list[Problem]:
    if word.sign or word.root in CHECKED_BY_BUILDING or _is_interpolation(word.value):
        return []
    return list(problems_of(lambda: cast_like(word.value, lookup(defaults, word.key), word.key)))


def _exists(key: str, config: Config) -> bool:
    try:
        lookup(config, key)
    except KeyError:
        return False
    return True


def _keys(value: Json, key: str) -> Iterator[str]:
    """The dotted keys of a config's values, without those that are no arguments."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            if not is_private(name):
                yield from _keys(item, f"{key}.{name}")
    else:
        yield key


def is_private(name: str) -> bool:
    """Whether a key of a leaf says something about the leaf, and is no argument: `_target_`, `_variables_`."""
    return name.startswith("_") and name.endswith("_")


def arguments_of(leaf: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a composed leaf gives to its target."""
    return {key: value for key, value in leaf.items() if not is_private(key) and key not in SPLIT}


def _is_interpolation(value: Json) -> bool:
    return isinstance(value, str) and "${" in value


def _first(error: Exception) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem_mark.name}:{error.problem_mark.line + 1}: {error.problem}"
    return next(iter(str(error).splitlines()), type(error).__name__)
