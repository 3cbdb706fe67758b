"""What several verbs say of the work there is, in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ablate.analysis.values import metric_rank
from ablate.core.specs import RunSpec

if TYPE_CHECKING:
    from ablate.runner.plan import WorkPlan

__all__ = ["counted", "metric_rows", "numerics_text", "work_text"]


def work_text(work: WorkPlan) -> str:
    """What there is to do in half a line."""
    total = counted(len(work.todo) + len(work.done), "run")
    if not work.jobs and not work.unmeasured:
        return f"{total}, all done"
    failed = f", {len(work.failed)} of them failed before" if work.failed else ""
    parts = [total]
    if work.todo:
        parts.append(f"{len(work.todo)} to train{failed}")
    if work.outdated:
        parts.append(f"{len(work.outdated)} of other versions to train anew")
    if work.incomplete:
        parts.append(f"{len(work.incomplete)} to train again for {_lacking_text(work, work.incomplete)}")
    if work.retrained:
        parts.append(f"{len(work.retrained)} to train again for {_lacking_text(work, work.retrained)}")
    if work.derived:
        parts.append(f"{_lacking_text(work, work.derived)} of {len(work.derived)} to derive from weights")
    if work.unmeasured:
        names = dict.fromkeys(metric.info.name for metrics in work.unmeasured.values() for metric in metrics)
        parts.append(f"{' and '.join(names)} of {len(work.unmeasured)} to derive from predictions")
    programs = f" · {counted(len(work.programs), 'program')} to compile" if work.programs else ""
    return ", ".join(parts) + programs


def _lacking_text(work: WorkPlan, specs: Iterable[RunSpec]) -> str:
    """The artefacts that some of these runs lack."""
    return " and ".join(dict.fromkeys(name for spec in specs for name in work.lacking[spec.run_id]))


def numerics_text(specs: Iterable[RunSpec]) -> str:
    """What will do the arithmetic: device, engine and threads, every kind that occurs."""
    kinds = dict.fromkeys(spec.numerics for spec in specs)
    return "; ".join(f"{kind.device}, {kind.engine}, {counted(kind.threads, 'thread')}" for kind in kinds)


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def metric_rows(metrics: Mapping[str, float]) -> list[list[str]]:
    """Name and value of every metric of a run, in the order of `METRICS`."""
    return [[name, f"{metrics[name]:.4f}"] for name in sorted(metrics, key=metric_rank)]
