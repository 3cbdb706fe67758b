"""What no study needs, listed, and removed if it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ablate.core.errors import UsageError
from ablate.operations.as_json import document
from ablate.operations.request import results_folder
from ablate.operations.space import Space, space_by_kind
from ablate.storage.atomic import file_system_time
from ablate.storage.garbage import (
    Garbage,
    GarbageKind,
    StoredItem,
    UnknownNeeds,
    find_garbage,
    lone_runs,
    remove as remove_for_good,
    stored_items,
)

__all__ = ["Collection", "Listed", "gc"]

SECONDS_A_DAY = 86400.0


@dataclass(frozen=True)
class Listed:
    """A thing that no study needs.

    Attributes:
        subject: how a reader knows it: a run by the beginning of its id.
        path: where it is, seen from the results folder.
        is_chosen: whether it is among what was asked for, to be removed or to be only listed.
        is_removed: whether it is gone: what somebody has taken meanwhile stays.
    """

    kind: GarbageKind
    subject: str
    path: Path
    bytes: int
    age_seconds: float
    is_chosen: bool
    is_removed: bool


@document("gc", version=1)
@dataclass(frozen=True)
class Collection:
    """All that was listed. `unknown` says why the runs of no study are not known; empty where they are."""

    results_dir: Path
    listed: tuple[Listed, ...]
    unknown: str = ""

    @property
    def chosen(self) -> tuple[Listed, ...]:
        return tuple(each for each in self.listed if each.is_chosen)

    @property
    def removed(self) -> tuple[Listed, ...]:
        return tuple(each for each in self.listed if each.is_removed)

    @property
    def space(self) -> dict[str, Space]:
        return space_by_kind((each.kind.value, each.bytes) for each in self.listed)


def gc(
    results_dir: Path | str | None = None,
    *,
    remove: bool = False,
    with_lone_runs: bool = False,
    older_than_days: float = 0.0,
) -> Collection:
    """What no study needs. What processes that live may want is never listed.

    Args:
        remove: whether to remove for good what is chosen.
        with_lone_runs: whether to choose the runs of no study, too; they are listed in any case.
        older_than_days: only what has not changed for so long is listed.

    Raises:
        UsageError: when `older_than_days` is no number from 0.
        NoResultsFolder: where there is none.
        UnknownNeeds: when something is to be removed, or lone runs are wanted, and a study without a plan that can be
            read leaves open what it needs: what was set aside may be that plan.
        WriteFailed: when the file system refuses; what was removed before is gone.
    """
    if not older_than_days >= 0:
        raise UsageError("--older-than takes a number of days from 0")
    results = results_folder(results_dir)
    there = stored_items(results)
    now = file_system_time(results)
    lone, unknown = _lone(there, results, now, are_known=remove or with_lone_runs)

    def listed(garbage: Garbage) -> Listed:
        is_chosen = with_lone_runs or garbage.kind is not GarbageKind.LONE_RUN
        is_removed = remove and is_chosen and remove_for_good(garbage, results, now)
        return Listed(
            garbage.kind,
            garbage.subject,
            garbage.item.path.relative_to(results),
            garbage.item.bytes,
            now - garbage.item.modified_at,
            is_chosen,
            is_removed,
        )

    found = (*find_garbage(there, results, now), *lone)
    old = [each for each in found if now - each.item.modified_at >= older_than_days * SECONDS_A_DAY]
    return Collection(results, tuple(map(listed, old)), unknown)


def _lone(
    there: Sequence[StoredItem], results_dir: Path, now: float, are_known: bool
) -> tuple[tuple[Garbage, ...], str]:
    """The runs of no study. Where a plan cannot be read none is known to be one; the second says why, which is an
    error where they have to be."""
    try:
        return lone_runs(there, results_dir, now), ""
    except UnknownNeeds as error:
        if are_known:
            raise
        return (), str(error)
