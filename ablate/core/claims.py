"""What a sweep claims, as people write it: `gelu < tanh on val_loss`.

    statement := side relation reference "on" quantity ["within" margin]
    reference := side | "value" number (in the quantity's unit)
    side      := name of an arm | level | factor=level[,factor=level…]
    relation  := "<" | ">" | "~" | "not worse than" | "better than" | "worse than"
    quantity  := metric | epochs_to(metric, number) | weight_std | weight_mean | … | epochs_run | best_epoch
               | what a probe measures (sharpness, dead_units, …; see ablate.core.artefacts)
    margin    := number (in the quantity's unit) | number%

    statement = parse_statement("adamw ~ adam on val_accuracy within 0.002")
    resolve_statement(statement, sweep.arms)      # ("optimizer=adamw", "optimizer=adam")

`<` and `>` compare numbers, `better` and `worse` look at which way the metric is good; `~` says that two
arms are equivalent, which takes a margin, as `not worse than` does. `value 0.9957` is a number that somebody
has stated, with no seeds of its own; the word keeps it apart from a level. Time is no quantity: it is no
function of what a run was asked to do.
"""

from __future__ import annotations

import json
import math
import re
from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ablate.core.artefacts import PROBE_QUANTITIES, probe_of
from ablate.core.identity import Json, canonical
from ablate.core.parse_error import Unreadable, nearest
from ablate.core.records import METRICS, MetricInfo
from ablate.core.specs import SweepSpec

__all__ = [
    "EPOCHS_TO",
    "FIRST_KERNEL_QUANTITIES",
    "VALUE",
    "WEIGHT_QUANTITIES",
    "ArmLike",
    "Quantity",
    "Relation",
    "Statement",
    "is_side",
    "metrics_asked",
    "parse_statement",
    "probes_of",
    "quantity_info",
    "resolution_errors",
    "resolve_statement",
    "stated_margin",
]

# Longer texts are no statements, and would take long to be refused word by word.
LONGEST = 2000
EPOCHS_TO = "epochs_to"
# What makes a number of the right side, which would else be a level.
VALUE = "value"
# Means over the kernels of what `records.WEIGHT_STATISTICS` says of each.
WEIGHT_QUANTITIES: Mapping[str, MetricInfo] = {
    "weight_mean": MetricInfo("weight_mean", "mean of the weights (average of the kernels)", "", ""),
    "weight_std": MetricInfo("weight_std", "standard deviation of the weights (average of the kernels)", "", ""),
    "weight_norm": MetricInfo("weight_norm", "Euclidean norm of a kernel (average of the kernels)", "", ""),
    "weight_near_zero": MetricInfo("weight_near_zero", "weights near zero (average of the kernels)", "", "fraction"),
}
# The same of the kernel that the inputs meet, since others are of other sizes.
FIRST_KERNEL_QUANTITIES: Mapping[str, MetricInfo] = {
    "first_kernel_std": MetricInfo("first_kernel_std", "standard deviation of the first kernel", "", ""),
    "first_kernel_max": MetricInfo("first_kernel_max", "largest entry of the first kernel", "", ""),
}
_BESIDE_METRICS: dict[str, MetricInfo] = {
    **WEIGHT_QUANTITIES,
    **FIRST_KERNEL_QUANTITIES,
    "epochs_run": MetricInfo("epochs_run", "epochs until the run ended", "", "epochs", resolution=1.0),
    "best_epoch": MetricInfo("best_epoch", "best epoch", "", "epochs", resolution=1.0),
    **PROBE_QUANTITIES,
}
# All quantities but `epochs_to`; metrics that are announced later are among them.
_MEASURED: Mapping[str, MetricInfo] = ChainMap(_BESIDE_METRICS, METRICS)  # type: ignore[arg-type]
_TIMES = ("time", "seconds", "wall_seconds", "compile_seconds", "seconds_per_epoch")


class Relation(StrEnum):
    LESS = "<"
    GREATER = ">"
    SAME = "~"
    NOT_WORSE = "not worse than"
    BETTER = "better than"
    WORSE = "worse than"

    @property
    def needs_margin(self) -> bool:
        """Whether it says how far apart two arms are at most."""
        return self in (Relation.SAME, Relation.NOT_WORSE)

    @property
    def is_directed(self) -> bool:
        """Whether it says on which side a difference lies."""
        return not self.needs_margin

    @property
    def judges(self) -> bool:
        """Whether it depends on which way the quantity is good."""
        return self in (Relation.NOT_WORSE, Relation.BETTER, Relation.WORSE)


@dataclass(frozen=True)
class Quantity:
    """One number of a run: `val_loss`, or `epochs_to` with the metric and the value that it should reach."""

    name: str
    metric: str = ""
    threshold: float | None = None

    def __str__(self) -> str:
        return self.name if self.threshold is None else f"{self.name}({self.metric}, {self.threshold!r})"


@dataclass(frozen=True)
class Statement:
    """One claim. `str()` of it is its normal form, which is read back as an equal statement.

    Attributes:
        subject, reference: the two sides as written, yet to be resolved against the arms of a sweep; a
            reference that is a number is `value` and the number.
        margin: in the quantity's unit, or relative as in `5%`; None where none is stated.
    """

    subject: str
    relation: Relation
    reference: str
    quantity: Quantity
    margin: float | str | None = None

    def __str__(self) -> str:
        within = "" if self.margin is None else f" within {self.margin}"
        return f"{self.subject} {self.relation} {self.reference} on {self.quantity}{within}"

    @property
    def sign(self) -> int:
        """+1 where a positive difference subject − reference is what the statement says, −1 where a negative
        one is, 0 where none is. Of `not worse than` it is the sign of the good side."""
        good = quantity_info(self.quantity).sign
        signs = {Relation.GREATER: 1, Relation.LESS: -1, Relation.SAME: 0, Relation.WORSE: -good}
        return signs.get(self.relation, good)

    @property
    def value(self) -> float | None:
        """The number that the reference is, in the quantity's unit; None where it is an arm."""
        return _stated_value(self.reference)

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Where in `str()` of it subject, relation, reference and quantity stand."""
        spans, start = {}, 0
        for part in ("subject", "relation", "reference", "quantity"):
            end = start + len(str(getattr(self, part)))
            spans[part] = (start, end)
            start = end + (len(" on ") if part == "reference" else 1)
        return spans


class ArmLike(Protocol):
    """What must be known of an arm: `specs.Arm`, `plans.PlannedArm` and `design.Assignment` all do."""

    @property
    def name(self) -> str: ...

    @property
    def levels(self) -> Mapping[str, Json]: ...

    @property
    def is_baseline(self) -> bool: ...


def quantity_info(quantity: Quantity) -> MetricInfo:
    """What the quantity's number means."""
    if quantity.name == EPOCHS_TO:
        metric = METRICS[quantity.metric]
        title = f"epochs to a {metric.title} of {quantity.threshold:g}"
        return MetricInfo(
            str(quantity),
            title,
            "min",
            "epochs",
            metric.task,
            is_error=True,
            range=(0.0, math.inf),
            measure=EPOCHS_TO,
            resolution=1.0,
        )
    return _MEASURED[quantity.name]


def probes_of(claims: Iterable[str]) -> tuple[str, ...]:
    """The probes that measure what these claims are about, each once; a claim that cannot be read needs none."""
    quantities = (quantity.name for claim in claims if (quantity := _quantity_of(claim)) is not None)
    return tuple(dict.fromkeys(probe_of(name) for name in quantities if name in PROBE_QUANTITIES))


def metrics_asked(sweep: SweepSpec) -> tuple[str, ...]:
    """The metrics that a sweep, its claims, and the numbers that it puts to the test are about, each once."""
    numbers = () if sweep.original is None else sweep.original.numbers
    texts = (*sweep.claims, *(f"a > {VALUE} 0 on {quantity}" for quantity in numbers))
    quantities = (quantity for text in texts if (quantity := _quantity_of(text)) is not None)
    names = (sweep.metric, *(quantity.metric or quantity.name for quantity in quantities))
    return tuple(dict.fromkeys(name for name in names if name in METRICS))


def _quantity_of(claim: str) -> Quantity | None:
    try:
        return parse_statement(claim).quantity
    except Unreadable:
        return None


def stated_margin(statement: Statement, metric: str, margin: float | str | None) -> float | str | None:
    """The statement's own margin, or that of its sweep where it is about the sweep's `metric`; else None."""
    if statement.margin is None and str(statement.quantity) == metric:
        return margin
    return statement.margin


# reading -----------------------------------------------------------------------------------------------

_RELATION = re.compile(r"[=!≤≥]*[<>~≤≥][<>~=]*|(?<!\S)(?:not\s+worse|better|worse)\s+than(?!\S)")
_COMPARISON = re.compile(r"(?:not\s+)?\S+\s+than(?!\S)|==|!=|≈")
_ON = re.compile(r"(?<!\S)on(?!\S)")
_WITHIN = re.compile(r"(?<!\S)within(?!\S)")
_CALL = re.compile(r"\s*(\w+)\s*\(([^,()]*)(?:,([^()]*))?\)\s*")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_RELATIONS = "<, >, ~, not worse than, better than or worse than"
_SIDE = "an arm, a level or factor=level"


@dataclass(frozen=True)
class _Piece:
    """A part of a text that knows where it stands."""

    text: str
    start: int
    end: int

    @property
    def words(self) -> str:
        return " ".join(self.text[self.start : self.end].split())

    def part(self, start: int, end: int | None = None) -> _Piece:
        """From `start` to `end` of the text, without the blanks around it."""
        stop = self.end if end is None else end
        inner = self.text[start:stop]
        begin = start + len(inner) - len(inner.lstrip())
        return _Piece(self.text, begin, begin + len(inner.strip()))

    def refuse(self, expected: str, nearest: str | None = None) -> Unreadable:
        return Unreadable(self.text, self.start, self.end, expected, nearest)


def parse_statement(text: str) -> Statement:
    """The statement that `text` makes.

    Raises:
        Unreadable: with the word that cannot stand where it does.
    """
    whole = _Piece(text, 0, len(text))
    if len(text) > LONGEST:
        raise whole.part(LONGEST).refuse(f"the end after at most {LONGEST} characters")
    on = _on(whole)
    relation = _relation(whole.part(0, on.start))
    within = _WITHIN.search(text, on.end)
    quantity = _quantity(whole.part(on.end, within.start() if within else None))
    statement = Statement(
        subject=_side(whole.part(0, relation.start)),
        relation=Relation(relation.words),
        reference=_reference(whole.part(relation.end, on.start)),
        quantity=quantity,
        margin=_margin(whole.part(within.end()), quantity) if within else None,
    )
    info = quantity_info(quantity)
    if statement.relation.judges and not info.direction:
        raise relation.refuse(f"< or >, since neither less nor more {info.name} is better,")
    return statement


def is_side(text: str) -> bool:
    """Whether a statement can name an arm that is called `text`."""
    try:
        statement = parse_statement(f"{text} < {text} on val_loss")
    except Unreadable:
        return False
    return statement.subject == statement.reference == text


def _on(whole: _Piece) -> _Piece:
    """The last `on`: an arm's name may hold the word."""
    found = list(_ON.finditer(whole.text))
    if not found:
        end = len(whole.text.rstrip())
        raise _Piece(whole.text, end, end).refuse("on and a quantity, as in on val_loss")
    return _Piece(whole.text, *found[-1].span())


def _relation(head: _Piece) -> _Piece:
    found = [_Piece(head.text, *match.span()) for match in _RELATION.finditer(head.text, head.start, head.end)]
    if not found:
        slip = _COMPARISON.search(head.text, head.start, head.end)
        place = _Piece(head.text, *slip.span()) if slip else head
        raise place.refuse(f"{'' if slip else 'two sides with '}{_RELATIONS}{'' if slip else ' between them'}")
    first, *others = found
    if first.words not in tuple(Relation):
        raise first.refuse(_RELATIONS)
    if others:
        raise others[0].refuse("on and a quantity, after one relation,")
    return first


def _side(side: _Piece) -> str:
    if not side.words:
        raise side.refuse(_SIDE)
    if _stated_value(side.words) is not None:
        raise side.refuse(f"{_SIDE}, since a value stands on the right alone,")
    return side.words


def _reference(side: _Piece) -> str:
    value = _stated_value(side.words)
    if value is not None:
        return f"{VALUE} {value!r}"
    return _side(side)


def _stated_value(words: str) -> float | None:
    name, _, number = words.partition(" ")
    return _number(number) if name == VALUE else None


def _quantity(written: _Piece) -> Quantity:
    call = _CALL.fullmatch(written.text, written.start, written.end)
    if call and call[1] == EPOCHS_TO:
        metric, number = (written.part(*call.span(group)) if call[group] is not None else None for group in (2, 3))
        return _epochs_to(written, metric, number)
    name, _, rest = written.words.partition(" ")
    if name in _MEASURED and not rest:
        return Quantity(name)
    if name in _MEASURED:
        start = written.text.index(name, written.start) + len(name)
        raise written.part(start, written.end).refuse("the end, or within and a margin,")
    if name in _TIMES:
        raise written.refuse("a quantity that the spec of a run determines, which time is not,")
    quantities = (*_MEASURED, EPOCHS_TO)
    expected = f"a metric, {EPOCHS_TO}(metric, number), {', '.join(_own_quantities())}"
    raise written.refuse(expected, nearest(name.partition("(")[0], quantities))


def _own_quantities() -> list[str]:
    return [name for name in _MEASURED if name not in METRICS]


def _epochs_to(written: _Piece, metric: _Piece | None, number: _Piece | None) -> Quantity:
    reachable = [name for name, info in METRICS.items() if info.direction and not info.is_final]
    if metric is None or metric.words not in reachable:
        expected = "a metric that every epoch has and of which less, or more, is better"
        place = metric or written
        raise place.refuse(expected, nearest(place.words, reachable))
    threshold = _number(number.words) if number else None
    if threshold is None:
        raise (number or written).refuse(f"a number that {metric.words} should reach")
    return Quantity(EPOCHS_TO, metric.words, threshold)


def _margin(written: _Piece, quantity: Quantity) -> float | str:
    is_relative = written.words.endswith("%")
    number = _number(written.words.removesuffix("%").rstrip())
    if number is None or number <= 0:
        raise written.refuse("a number above 0, or a percentage as in 5%,")
    if not is_relative:
        return number
    if not quantity_info(quantity).is_error:
        raise written.refuse(f"a number in the unit of {quantity}, which has no error above 0 to take a part of,")
    return f"{number!r}%"


def _number(text: str) -> float | None:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


# resolving ---------------------------------------------------------------------------------------------

# What stands between commas, those inside a list or a mapping that is a level aside.
_PAIR = re.compile(r"(?:[^,\[{]|\[[^\]]*\]?|\{[^}]*\}?)+")


def resolve_statement(statement: Statement, arms: Sequence[ArmLike]) -> tuple[str, str]:
    """The names of the two arms that the statement is about, subject and reference; a reference that is a
    value names itself.

    A side is an arm's name; or a level or levels, numbers being equal as numbers, which mean the arm with
    these and the baseline's levels otherwise.

    Raises:
        Unreadable: when a side means no arm, or several, or both mean one; it points into the normal form
            of the statement.
    """
    for error in resolution_errors(statement, arms):
        raise error
    subject, reference = _sides(statement, arms)
    return str(subject), str(reference)


def resolution_errors(statement: Statement, arms: Sequence[ArmLike]) -> tuple[Unreadable, ...]:
    """All that `resolve_statement` could raise."""
    sides = _sides(statement, arms)
    errors = tuple(side for side in sides if isinstance(side, Unreadable))
    if not errors and sides[0] == sides[1]:
        return (Unreadable(str(statement), *statement.spans["reference"], f"an arm other than {sides[0]}"),)
    return errors


_Side = str | Unreadable


def _sides(statement: Statement, arms: Sequence[ArmLike]) -> tuple[_Side, _Side]:
    """For each side the name of its arm, or the error that says why it means none."""
    text, spans = str(statement), statement.spans
    subject = _resolved(text, *spans["subject"], arms)
    return subject, statement.reference if statement.value is not None else _resolved(text, *spans["reference"], arms)


def _resolved(text: str, start: int, end: int, arms: Sequence[ArmLike]) -> _Side:
    side, names = text[start:end], [arm.name for arm in arms]
    if side in names:
        return side
    pairs = [match.span() for match in _PAIR.finditer(text, start, end)]
    by_factor = [text[first:last].partition("=") for first, last in pairs]
    if all(sign for _, sign, _ in by_factor):
        found = _arms_with([(_factors(key, arms), level) for key, _, level in by_factor], arms)
    else:
        found = [name for factor in arms[0].levels for name in _arms_with([([factor], side)], arms)]
    meant = tuple(dict.fromkeys(found))
    if len(meant) == 1:
        return meant[0]
    if meant:
        return Unreadable(text, start, end, f"one arm alone, not several ({', '.join(meant)}),")
    if all(sign for _, sign, _ in by_factor):
        for first, last in pairs:
            if (error := _pair_error(_Piece(text, first, last), arms)) is not None:
                return error
    known = dict.fromkeys([*names, *(_level_text(level) for arm in arms for level in arm.levels.values())])
    number = f", or {VALUE} {side} for the number itself," if _number(side) is not None else ""
    return Unreadable(text, start, end, f"an arm of the sweep ({', '.join(names)}){number}", nearest(side, known))


def _pair_error(pair: _Piece, arms: Sequence[ArmLike]) -> Unreadable | None:
    """What is wrong with one factor=level by itself."""
    sign = pair.text.index("=", pair.start, pair.end)
    key, level = pair.part(pair.start, sign), pair.part(sign + 1)
    factors = _factors(key.words, arms)
    if not factors:
        return key.refuse(f"a factor of the sweep ({', '.join(arms[0].levels)})", nearest(key.words, arms[0].levels))
    levels = [arm.levels[factor] for factor in factors for arm in arms]
    if any(_is_level(level.words, each) for each in levels):
        return None
    texts = list(dict.fromkeys(map(_level_text, levels)))
    return level.refuse(f"a level of {key.words} ({', '.join(texts)})", nearest(level.words, texts))


def _factors(key: str, arms: Sequence[ArmLike]) -> list[str]:
    """The factors that are written as `key`: by the whole dotted name or by its last parts."""
    factors, written = list(arms[0].levels), key.strip()
    return [written] if written in factors else [each for each in factors if each.endswith(f".{written}")]


def _arms_with(wanted: Sequence[tuple[Sequence[str], str]], arms: Sequence[ArmLike]) -> list[str]:
    """The arms in which one factor of each group has the level that is written beside it, and all other
    factors have the baseline's."""
    baseline = next(arm.levels for arm in arms if arm.is_baseline)
    return [arm.name for arm in arms if _is_meant(wanted, arm.levels, baseline)]


def _is_meant(
    wanted: Sequence[tuple[Sequence[str], str]], levels: Mapping[str, Json], baseline: Mapping[str, Json]
) -> bool:
    matches = [{each for each in factors if _is_level(text.strip(), levels[each])} for factors, text in wanted]
    named = set().union(*matches)
    return all(matches) and all(
        canonical(levels[each]) == canonical(baseline[each]) for each in levels if each not in named
    )


def _is_level(text: str, level: Json) -> bool:
    """Whether `text` is a way to write `level`: 0.30 is 0.3, 0 is 0.0, but 1 is not true."""
    if isinstance(level, str):
        return text == level
    number = _number(text)
    if number is not None:
        return isinstance(level, (int, float)) and not isinstance(level, bool) and number == level
    try:
        return canonical(json.loads(text)) == canonical(level)
    except (ValueError, RecursionError):
        return False


def _level_text(level: Json) -> str:
    return level if isinstance(level, str) else canonical(level)
