"""What several verbs say of the work there is, in the same words."""

from __future__ import annotations

from collections.abc import Iterable

from ablate.runner.plan import WorkPlan
from ablate.specs import RunSpec

__all__ = ["RUN_WORDS", "RUN_WORDS_HELP", "counted", "numerics_text", "work_text"]

RUN_WORDS = "override"
RUN_WORDS_HELP = "a setting in Hydra's grammar: optimizer=sgd, model.dropout=0.3, +sweep=optimizers"


def work_text(work: WorkPlan) -> str:
    """What there is to do in half a line."""
    total = counted(len(work.todo) + len(work.done), "run")
    if not work.todo:
        return f"{total}, all done"
    again = f", {len(work.failed)} of them failed before" if work.failed else ""
    return f"{total}, {len(work.todo)} to train{again} · {counted(len(work.programs), 'program')} to compile"


def numerics_text(specs: Iterable[RunSpec]) -> str:
    """What will do the arithmetic: device, engine and threads, every kind that occurs."""
    kinds = dict.fromkeys(spec.numerics for spec in specs)
    return "; ".join(f"{kind.device}, {kind.engine}, {counted(kind.threads, 'thread')}" for kind in kinds)


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
