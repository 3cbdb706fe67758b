"""Single overrides in Hydra's grammar, e.g. `optimizer=sgd`, `model.dropout=0.3`, `+sweep=[a,b]`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override as HydraOverride, RangeSweep
from hydra.errors import HydraException

from ablate.config.bounds import MOST_VALUES
from ablate.config.problems import ConfigError, Problem, gather, raise_any
from ablate.core.identity import Json
from ablate.sanitize.redact import PATH_KEYS

__all__ = [
    "Override",
    "Overrides",
    "layered",
    "parse_choices",
    "parse_override",
    "parse_overrides",
    "raise_repeated",
    "write_override",
]


# The key that names sweeps.
SWEEP = "sweep"
# Keys whose values are names of folders and files, and never numbers: 2024, 1e5 and nan name as other words do.
NAMES = ("study", SWEEP, "experiment", *PATH_KEYS)


@dataclass(frozen=True)
class Override:
    """One override. `sign` is `+` where it adds a key, `~` where it deletes one, else empty."""

    text: str
    key: str
    value: Json
    sign: str = ""

    @property
    def root(self) -> str:
        return self.key.partition(".")[0]


Overrides = tuple[Override, ...]


def parse_overrides(texts: Iterable[str]) -> Overrides:
    """The overrides that `texts` spell, in order.

    Raises:
        ConfigError: with every text that is none in Hydra's grammar, or that lists several values; or else with every
            key that is given twice.
    """
    overrides = tuple(gather(parse_override, texts))
    raise_repeated(overrides)
    return overrides


def raise_repeated(overrides: Iterable[Override]) -> None:
    """Refuses keys that are given twice: whichever of the values held, somebody would take it for the other.

    Raises:
        ConfigError: with every override whose key an earlier one has.
    """
    first: dict[str, Override] = {}
    raise_any(
        Problem(override.key, override.value, _once(first[override.key], override))
        for override in overrides
        if first.setdefault(override.key, override) is not override
    )


def _once(first: Override, again: Override) -> str:
    if first.key == SWEEP:
        both = [
            name for each in (first, again) for name in (each.value if isinstance(each.value, list) else [each.value])
        ]
        return f"each key once; for several sweeps +{SWEEP}=[{','.join(map(str, both))}]"
    return f"each key once, and {first.text} is given, too"


def parse_override(text: str) -> Override:
    """The override that `text` spells.

    Raises:
        ConfigError: when it is none in Hydra's grammar, or lists several values.
    """
    parsed = _parsed(text)
    if parsed.is_sweep_override():
        allowed = "one value, or with -m several, which makes a grid of them"
        raise ConfigError([Problem(_key(parsed), text.partition("=")[2], allowed)])
    override = Override(text, _key(parsed), parsed.value(), _sign(parsed))
    return _as_written(override) if override.key in NAMES else override


def parse_choices(text: str) -> Overrides:
    """An override for each of the values that `text` lists, as in `optimizer=sgd,adam` or `seed=range(8)`.

    Raises:
        ConfigError: when it is no override in Hydra's grammar, lists more values than can be meant, or draws them from
            an interval or a pattern.
    """
    parsed = _parsed(text)
    if not parsed.is_sweep_override():
        return (parse_override(text),)
    if _counted(parsed.value()) > MOST_VALUES:
        raise ConfigError([Problem(_key(parsed), text.partition("=")[2], f"at most {MOST_VALUES:,} values")])
    try:
        values = list(parsed.sweep_string_iterator())
    except (HydraException, AssertionError) as error:  # glob(…) and interval(…) list none
        problem = Problem(_key(parsed), text.partition("=")[2], "values one by one, as in 0.1,0.2")
        raise ConfigError([problem]) from error
    return tuple(parse_override(f"{parsed.get_key_element()}={value}") for value in values)


def _counted(listed: object) -> float:
    """How many values a word lists, without listing them."""
    if not isinstance(listed, RangeSweep) or not listed.step:
        return 0
    return (float(listed.stop or 0) - float(listed.start or 0)) / float(listed.step)


def write_override(key: str, value: Json) -> Override:
    """The override that sets the dotted `key` to `value`, quoted so that it is read back as it is."""
    return Override(f"{key}={_literal(value)}", key, value)


def layered(*layers: Sequence[Override]) -> Overrides:
    """All overrides of the layers; of overrides with one key only that of the last layer."""
    last = {override.key: override for layer in layers for override in layer}
    return tuple(last.values())


def _parsed(text: str) -> HydraOverride:
    try:
        return OverridesParser.create().parse_override(text)
    except (HydraException, RecursionError) as error:
        raise ConfigError([Problem(text, text, _grammar(text))]) from error


def _grammar(text: str) -> str:
    """What a text that cannot be read had to be."""
    key, _, value = text.partition("=")
    if "~" not in value:
        return "key=value in Hydra's grammar"
    home = f", or {key}=$HOME{value[1:]}" if value.startswith("~/") else ""
    return f"""key=value in Hydra's grammar, where a value with ~ stands in quotes: '{key}="{value}"'{home}"""


def _as_written(override: Override) -> Override:
    """The override with the name that stands in its text, which the grammar may have read as a number."""
    if override.value is None or isinstance(override.value, (str, list, dict)):
        return override
    name = override.text.partition("=")[2].strip()
    return Override(f"{override.sign}{write_override(override.key, name).text}", override.key, name, override.sign)


def _key(parsed: HydraOverride) -> str:
    key: str = parsed.get_key_element()
    return key.lstrip("+~")


def _sign(parsed: HydraOverride) -> str:
    if parsed.is_delete():
        return "~"
    return "+" if parsed.is_add() or parsed.is_force_add() else ""


def _literal(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Sequence):
        return f"[{','.join(map(_literal, value))}]"
    return f"{{{','.join(f'{key}:{_literal(item)}' for key, item in value.items())}}}"


def _quoted(text: str) -> str:
    """Hydra reads a backslash as an escape only before a quote, so only those that stand there are doubled."""
    pieces = text.split("'")
    return "'" + "\\'".join(_double_last_backslashes(piece) for piece in pieces) + "'"


def _double_last_backslashes(text: str) -> str:
    return text + "\\" * (len(text) - len(text.rstrip("\\")))
