"""Which error rates a study's verdicts have, and where they have none: what was changed after there were results.

scope_blocks(results.sweeps)               # once for a study
premise_blocks(sweep, command)             # [] where the sweep stands as it was planned
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from ablate.analysis.results import SweepResults
from ablate.core.specs import SweepSpec
from ablate.reporting.blocks import Block, Code, CodeBlock, Inline, Text, joined, paragraph, text
from ablate.reporting.families import percent_of, scope_sentence

__all__ = ["fresh_command", "premise_blocks", "scope_blocks"]

NAMES_A_STUDY = ("study=", "experiment=", "+experiment=")


def scope_blocks(sweeps: Sequence[SweepResults]) -> list[Block]:
    """What is bounded over a study, and what is not; of those of its sweeps that stand as they were planned."""
    judged = [sweep for sweep in sweeps if sweep.verdicts]
    standing = [sweep for sweep in judged if not sweep.premise.has_other_seeds]
    groups: dict[tuple[float, str, bool], list[SweepResults]] = {}
    for sweep in standing:
        resplits = any(arm.resplits for arm in sweep.planned.arms)
        groups.setdefault((sweep.planned.spec.alpha, sweep.multiplicity, resplits), []).append(sweep)
    are_all = len(groups) == 1 and len(standing) == len(judged)
    told = [
        text(*(() if are_all else (_names(of), ": ")), scope_sentence(*scope)) for scope, of in sorted(groups.items())
    ]
    has_more = any(multiplicity != "study" for _, multiplicity, _ in groups)
    option = (" ", Code("sweep.multiplicity=study"), " bounds it all.") if has_more else ()
    return paragraph(joined(" ", told), *option) if told else []


def _names(sweeps: Iterable[SweepResults]) -> Text:
    return joined(", ", (Code(sweep.planned.spec.name) for sweep in sweeps))


def premise_blocks(results: SweepResults, command: Sequence[str]) -> list[Block]:
    """What no longer has the error rate that was planned, and the command that would decide.

    Args:
        command: the words after `ablate` that made the study.
    """
    told = [*_of_seeds(results), *_of_claims(results), *_of_confirmation(results)]
    if not told:
        return []
    how = text(" To decide it, run the same sweep under a new name, on fresh seeds:")
    words = " ".join(map(shlex.quote, fresh_command(results, command)))
    return [*paragraph(joined(" ", told), how), CodeBlock(f"python -m ablate {words}".replace("\n", " "), "sh")]


def _of_seeds(results: SweepResults) -> list[Text]:
    premise = results.premise
    if not premise.has_other_seeds:
        return []
    changes = [
        f"{_seeds(seeds)} {'was' if len(seeds) == 1 else 'were'} {done}"
        for seeds, done in ((premise.added_seeds, "added"), (premise.withdrawn_seeds, "taken away"))
        if seeds
    ]
    bound = percent_of(results.planned.spec.alpha)
    return [
        text(
            f"{' and '.join(changes)[:1].upper()}{' and '.join(changes)[1:]} after there were results, so these rows "
            f"are exploratory: the chance of a false verdict is not bounded by {bound}."
        )
    ]


def _of_claims(results: SweepResults) -> list[Text]:
    added = results.premise.added_claims
    if not added:
        return []
    whose = joined(", ", map(Code, added))
    were = "was" if len(added) == 1 else "were"
    return [text(whose, f" {were} claimed after there were results, so no error rate covers it.")]


def _of_confirmation(results: SweepResults) -> list[Inline]:
    """Of a sweep that has been confirmed on other seeds before, or on seeds that were there already."""
    premise = results.premise
    if not premise.is_confirmation_repeated:
        return []
    if premise.first_confirmed:
        return [f"The confirmation is a repetition: the first was on {_seeds(premise.first_confirmed)}."]
    return [f"The confirmation is on {_seeds(premise.seen)}, which had results before."]


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed{'' if len(seeds) == 1 else 's'} {', '.join(map(str, seeds))}"


def fresh_command(results: SweepResults, command: Sequence[str]) -> tuple[str, ...]:
    """The words that ask the same of seeds that nobody has seen, as many as there ever were, under a new name."""
    spec, premise = results.planned.spec, results.premise
    asked = tuple(command) or (f"+sweep={spec.name}",)
    kept = (word for word in asked if not word.startswith(("study=", "sweep.seeds=")))
    planned = {*spec.seeds, *premise.withdrawn_seeds}
    first = max({*planned, *spec.confirmation_seeds, *premise.first_confirmed}) + 1
    fresh = ",".join(map(str, range(first, first + len(planned))))
    return (*kept, f"study={_next_name(asked, spec)}", f"sweep.seeds=[{fresh}]")


def _next_name(command: Iterable[str], spec: SweepSpec) -> str:
    """The study's name with the next number behind it."""
    words = tuple(command)
    named = (word.removeprefix(start) for start in NAMES_A_STUDY for word in words if word.startswith(start))
    name = next(named, spec.name)
    stem, _, number = name.rpartition("_")
    return f"{stem}_{int(number) + 1}" if stem and number.isdecimal() else f"{name}_2"
