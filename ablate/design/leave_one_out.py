"""Which ingredient matters: all of them but one, or, from the other end, one alone.

Every factor has two levels, first without the ingredient and then with it: `model.dropout: [0.0, 0.3]`.
The baseline is one of the two ends, and decides the direction:

    everything on    everything, without dropout, without l2, …, nothing
    everything off   nothing, with dropout, with l2, …, everything

With k factors these are k + 2 arms. Beyond `one_factor` the other end shows what all ingredients do together:
if removing each changes little, but removing all changes much, they replace one another.
"""

from __future__ import annotations

from ablate.core.identity import canonical
from ablate.design import DesignSettings, Levels, Refusal, Space, Unfit
from ablate.design._names import short_names

__all__ = ["TAKES", "arms"]

TAKES = ()
ALL, NONE = "everything", "nothing"


def arms(space: Space, settings: DesignSettings) -> list[tuple[str, Levels]]:  # noqa: ARG001, the signature of every design
    """The baseline, each factor alone at its other level, and the opposite end; where there is one factor
    alone, that is the opposite end.

    Raises:
        Unfit: when a factor has not two levels, or the baseline is neither end.
    """
    allowed = "two levels, first without the ingredient and then with it"
    many = [Refusal(f"factors.{key}", list(each), allowed) for key, each in space.factors.items() if len(each) != 2]
    if many:
        raise Unfit(*many)
    off, on = ({factor: levels[end] for factor, levels in space.factors.items()} for end in (0, 1))
    if space.is_baseline(on):
        others, word, ends = off, "without", (ALL, NONE)
    elif space.is_baseline(off):
        others, word, ends = on, "with", (NONE, ALL)
    else:
        allowed = "the first level of every factor, or the last of every factor"
        raise Unfit(Refusal("baseline", dict(space.baseline), allowed))
    names = short_names(space.factors)
    single = [(f"{word} {names[factor]}", {**space.baseline, factor: others[factor]}) for factor in space.factors]
    every = [(ends[0], dict(space.baseline)), *single, (ends[1], others)]
    first = {canonical(levels): name for name, levels in reversed(every)}
    return [(name, levels) for name, levels in every if first[canonical(levels)] == name]
