"""What of a sweep was changed after its first results: the premise of its error rates.

    late_changes(former, plan, events)[Change.ADDED_SEEDS]     # {"optimizers": (5, 6)}: to be logged
    Premise.of(sweep.spec, events)                             # what of that is true of the sweep as it stands

A study's log tells every difference from the plan that stood when the first results existed. Whether such a difference
is there still is read off the plan that holds, so returning to the first one restores what it promised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ablate.core.plans import StudyPlan
from ablate.core.specs import SweepSpec

__all__ = ["AS_PLANNED", "Change", "Event", "Premise", "late_changes"]

Event = Mapping[str, Any]
Items = tuple[int | str, ...]


class Change(StrEnum):
    """The event of the study's log that maps each sweep to what was changed of it, as against the first plan."""

    ADDED_SEEDS = "post_hoc_seeds"
    WITHDRAWN_SEEDS = "withdrawn_seeds"
    ADDED_CLAIMS = "post_hoc_claims"
    WITHDRAWN_CLAIMS = "withdrawn_claims"
    # Lists the seeds that the sweep was first confirmed on.
    REPEATED_CONFIRMATION = "repeated_confirmation"


def late_changes(
    former: StudyPlan, plan: StudyPlan, events: Sequence[Event], confirmed: Iterable[str] = ()
) -> dict[Change, dict[str, Items]]:
    """What is to be logged of `plan`, which is to follow on `former`: change → sweep → what is listed of it.

    The plan that stood when the first results existed is the former one without what was ever added and with what was
    ever withdrawn, since all of that was logged.

    Args:
        former: a plan with results.
        events: the study's log.
        confirmed: the sweeps of `former` that have runs on their confirmation seeds.
    """
    found: dict[Change, dict[str, Items]] = {change: {} for change in Change}
    asked = {sweep.spec.name: sweep.spec for sweep in plan.sweeps}
    kept = {sweep.spec.name: sweep.spec for sweep in former.sweeps if sweep.spec.name in asked}
    for name, spec in kept.items():
        pairs: tuple[tuple[Change, Change, Items, Items], ...] = (
            (Change.ADDED_SEEDS, Change.WITHDRAWN_SEEDS, spec.seeds, asked[name].seeds),
            (Change.ADDED_CLAIMS, Change.WITHDRAWN_CLAIMS, spec.claims, asked[name].claims),
        )
        for added, withdrawn, before, after in pairs:
            late = _listed(events, added, name)
            first = dict.fromkeys((*(item for item in before if item not in late), *_listed(events, withdrawn, name)))
            found[added][name] = tuple(item for item in after if item not in first)
            found[withdrawn][name] = tuple(item for item in first if item not in after)
        first_confirmed = _first_confirmed(events, name) or (spec.confirmation_seeds if name in confirmed else ())
        is_another = first_confirmed != asked[name].confirmation_seeds
        found[Change.REPEATED_CONFIRMATION][name] = first_confirmed if is_another else ()
    return {change: {name: items for name, items in of.items() if items} for change, of in found.items()}


@dataclass(frozen=True)
class Premise:
    """What stands between a sweep and the error rates that it was planned with; nothing where all is as it was.

    Attributes:
        added_seeds, added_claims: that the first plan with results had not.
        withdrawn_seeds, withdrawn_claims: that it had.
        first_confirmed: the seeds that it was first confirmed on, where these are others than now.
        seen: those of its confirmation seeds that had results before.
    """

    added_seeds: tuple[int, ...] = ()
    withdrawn_seeds: tuple[int, ...] = ()
    added_claims: tuple[str, ...] = ()
    withdrawn_claims: tuple[str, ...] = ()
    first_confirmed: tuple[int, ...] = ()
    seen: tuple[int, ...] = ()

    @classmethod
    def of(cls, spec: SweepSpec, events: Iterable[Event]) -> Premise:
        logged = tuple(events)
        late = {change: _listed(logged, change, spec.name) for change in Change}
        known = (*late[Change.ADDED_SEEDS], *late[Change.WITHDRAWN_SEEDS])
        first = _first_confirmed(logged, spec.name)
        fresh = spec.confirmation_seeds
        return cls(
            added_seeds=tuple(seed for seed in spec.seeds if seed in late[Change.ADDED_SEEDS]),
            withdrawn_seeds=_numbers(seed for seed in late[Change.WITHDRAWN_SEEDS] if seed not in spec.seeds),
            added_claims=tuple(claim for claim in spec.claims if claim in late[Change.ADDED_CLAIMS]),
            withdrawn_claims=tuple(str(claim) for claim in late[Change.WITHDRAWN_CLAIMS] if claim not in spec.claims),
            first_confirmed=first if fresh and first != fresh else (),
            seen=tuple(seed for seed in fresh if seed in known),
        )

    @property
    def has_other_seeds(self) -> bool:
        """Whether the seeds are not those that were planned before the first look."""
        return bool(self.added_seeds or self.withdrawn_seeds)

    @property
    def is_confirmation_repeated(self) -> bool:
        """Whether the seeds that confirm are not those that were planned before a look at them."""
        return bool(self.first_confirmed or self.seen)

    @property
    def holds(self) -> bool:
        """Whether every verdict that is there was planned before the first look."""
        return not (self.has_other_seeds or self.added_claims or self.is_confirmation_repeated)


AS_PLANNED = Premise()


def _listed(events: Iterable[Event], change: Change, sweep: str) -> Items:
    """All that the events of one kind list for a sweep, each once, oldest first."""
    lists = [event.get(sweep) for event in events if event.get("event") == change.value]
    listed = (item for each in lists if isinstance(each, list | tuple) for item in each)
    return tuple(dict.fromkeys(item for item in listed if isinstance(item, int | str)))


def _first_confirmed(events: Iterable[Event], sweep: str) -> tuple[int, ...]:
    return _numbers(_listed(events, Change.REPEATED_CONFIRMATION, sweep))


def _numbers(items: Iterable[int | str]) -> tuple[int, ...]:
    return tuple(item for item in items if isinstance(item, int))
