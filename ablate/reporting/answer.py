"""The answer to a question in one or two plain sentences, made of verdicts alone; it opens whatever tells of a study.

    answer_of_sweep(findings_of(results)).plain
    # No arm beats adam in validation loss: momentum and nadam are equivalent within 10%, sgd is worse.

It never says more than the verdicts: an arm that was not shown to be better is not said to be as good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablate.analysis.judging import Judged
from ablate.analysis.replication import ConclusionFound, revisit
from ablate.analysis.results import SweepResults
from ablate.analysis.seed_noise import SeedNoise, seed_noise
from ablate.analysis.summaries import ArmSummary, summarise
from ablate.analysis.sweep_flags import sweep_flags
from ablate.analysis.values import Runs, column_info, value_in
from ablate.core.plans import PlannedSweep
from ablate.core.records import MetricInfo
from ablate.plots.labels import row_labels, shortened
from ablate.reporting.blocks import Code, Number, Text, joined, text
from ablate.reporting.numbers import interval, mean
from ablate.reporting.quantities import margin
from ablate.reporting.seed_noise import noise_sentences
from ablate.stats.estimates import estimate_mean
from ablate.stats.power import MINIMUM_SEEDS
from ablate.verdicts.verdict import Flag, Scale, Verdict, Word

__all__ = [
    "FATES",
    "Findings",
    "answer_of_study",
    "answer_of_sweep",
    "answer_of_verdicts",
    "conclusion_counts",
    "findings_of",
    "findings_of_judged",
    "in_a_row",
    "level_sentence",
]

MOST_NAMED = 4
LABEL_CHARACTERS = 60
# What became of a claim or a conclusion, in the order in which it is told; of several, "were" stands for "was".
FATES: Mapping[Word, str] = {
    Word.SUPPORTED: "held",
    Word.REFUTED: "did not hold",
    Word.NO_PRACTICAL_DIFFERENCE: "made no difference that matters",
    Word.NOT_RESOLVED: "was not resolved",
}
_NONE = ("Neither {}", "None of {} {}s")
# Of two and of more claims that all went alike, and what became of them.
ALL_ALIKE: Mapping[Word, tuple[tuple[str, str], str]] = {
    Word.SUPPORTED: (("Both {}s", "All {} {}s"), "held"),
    Word.REFUTED: (_NONE, "held"),
    Word.NOT_RESOLVED: (_NONE, "was resolved"),
}
# What is said of arms beside the baseline, in the order in which it is told.
SAID: Mapping[Word, str] = {
    Word.BETTER: "better",
    Word.EQUIVALENT: "equivalent",
    Word.IDENTICAL: "identical",
    Word.WORSE: "worse",
    Word.NO_DIFFERENCE_SEEN: "without a difference at this resolution",
    Word.INCONCLUSIVE: "inconclusive",
}
NO_NAMES = ("null", "none", "true", "false")
INCONCLUSIVE = (Word.INCONCLUSIVE, Word.NO_DIFFERENCE_SEEN, None)
# What takes the bound on false words from all arms of a sweep.
UNGUARANTEED = (Flag.POST_HOC_SEEDS, Flag.WITHDRAWN_SEEDS)


@dataclass(frozen=True)
class Findings:
    """What the answer of one sweep is made of.

    Attributes:
        verdicts: of each arm but the baseline. claims: of each claim.
        conclusions: of the document that the sweep puts to the test; they are told in place of their claims.
        is_exploratory: whether something done after seeing results has taken the guarantee from its words.
        noise: of a sweep that asks which parts of a seed noise comes from; told in place of its arms.
    """

    name: str
    metric: MetricInfo
    baseline: ArmSummary
    verdicts: tuple[Verdict, ...] = ()
    claims: tuple[Verdict, ...] = ()
    conclusions: tuple[ConclusionFound, ...] = ()
    is_exploratory: bool = False
    noise: SeedNoise | None = None


def findings_of(results: SweepResults) -> Findings:
    raised = {raised.flag for raised in results.flags}
    return Findings(
        results.planned.spec.name,
        results.metric,
        results.baseline,
        results.verdicts,
        results.claims,
        results.revisited.conclusions if results.revisited else (),
        is_exploratory=not raised.isdisjoint(UNGUARANTEED),
        noise=results.noise,
    )


def findings_of_judged(
    sweep: PlannedSweep, judged: Judged, runs: Runs, events: Sequence[Mapping[str, Any]] = ()
) -> Findings:
    """The same without all else that a report shows.

    Args:
        events: the study's log, see `StudyFolder.events`.
    """
    summaries = summarise(sweep, runs, value_in(sweep.spec.metric))
    revisited = revisit(sweep, runs, judged.claims)
    raised = {each.flag for each in sweep_flags(sweep, runs, judged.verdicts, events)}
    return Findings(
        sweep.spec.name,
        column_info(sweep.spec.metric),
        next(summary for summary in summaries if summary.is_baseline),
        judged.verdicts,
        judged.claims,
        revisited.conclusions if revisited else (),
        is_exploratory=not raised.isdisjoint(UNGUARANTEED),
        noise=seed_noise(sweep, summaries, column_info(sweep.spec.metric)),
    )


def answer_of_sweep(found: Findings) -> Text:
    """How the arms stand beside the baseline, and what became of the claims; of the conclusions of a document first."""
    about_claims, about_arms = _about_claims([found]), _about_arms(found)
    sentences = [*about_claims, *about_arms] if _are_tested([found]) else [*about_arms, *about_claims]
    exploratory = ["Exploratory, for the plan was changed after results had been seen."] if found.is_exploratory else []
    return joined(" ", [*exploratory, *sentences])


def answer_of_verdicts(verdicts: Sequence[Verdict]) -> Text:
    """How arms stand beside one baseline, of their verdicts alone, one or more."""
    first = verdicts[0]
    baseline = ArmSummary(first.reference, True, estimate_mean({}), first.n_planned, first.n_diverged_reference, 0, 0)
    return answer_of_sweep(Findings("", first.metric, baseline, tuple(verdicts)))


def answer_of_study(found: Sequence[Findings]) -> Text:
    """Of one sweep its answer; of several how many of their conclusions or claims held, and how their arms stand."""
    if len(found) == 1:
        return answer_of_sweep(found[0])
    return joined(" ", [*_about_claims(found), *_about_all_arms(found)])


def conclusion_counts(conclusions: Sequence[ConclusionFound]) -> Iterator[str]:
    """`Of 3 conclusions tested, 2 held and 1 did not hold.` and how many were not tested."""
    tested = [each.word for each in conclusions if each.word is not None]
    if tested:
        yield f"{_told(tested, 'conclusion', ' tested')}."
    unjudged = sum(each.is_without_verdict for each in conclusions)
    if unjudged:
        yield f"{_counted(unjudged, 'conclusion')} {'has' if unjudged == 1 else 'have'} no verdict."
    untested = len(conclusions) - len(tested) - unjudged
    if untested:
        yield f"{_counted(untested, 'conclusion')} {'was' if untested == 1 else 'were'} not tested."


def level_sentence(metric: MetricInfo, baseline: ArmSummary, aim: str = "") -> Text:
    """Where the baseline stands, without a full stop.

    Args:
        aim: what is said of the metric behind its value.
    """
    if baseline.estimate.mean is None:
        return text("The baseline ", Code(baseline.arm), " has no completed run")
    # Of one seed there is no interval.
    level = f"{mean(baseline.estimate)} {interval(baseline.estimate) if baseline.estimate.n > 1 else ''}".rstrip()
    over = f"{aim} over {_counted(baseline.estimate.n, 'seed')}"
    return text("The baseline ", Code(baseline.arm), f" has a mean {metric.title} of ", Number(level), over)


def in_a_row(items: Sequence[str | Text | Code]) -> Text:
    """`a`, `a and b`, `a, b and c`."""
    *others, last = items
    return text(joined(", ", others), " and ", last) if others else text(last)


# claims ------------------------------------------------------------------------------------------------


def _about_claims(found: Sequence[Findings]) -> Iterator[Text]:
    """Of the conclusions of a document, where one is tested, in place of the claims that test them."""
    conclusions = map(text, conclusion_counts([each for sweep in found for each in sweep.conclusions]))
    if not _are_tested(found):
        yield from _about_claims_alone(found)
    yield from conclusions


def _are_tested(found: Sequence[Findings]) -> bool:
    return any(each.verdicts for sweep in found for each in sweep.conclusions)


def _about_claims_alone(found: Sequence[Findings]) -> Iterator[Text]:
    claims = [verdict for sweep in found for verdict in sweep.claims]
    judged = [word for verdict in claims if (word := verdict.word) is not None]
    if len(claims) == 1 and judged:
        yield text("The claim that ", Code(claims[0].subject), f" {_fate(judged[0])}.")
    elif judged:
        yield text(f"{_told(judged, 'claim')}.")
    if len(judged) < len(claims):
        unjudged = len(claims) - len(judged)
        yield text(f"{_counted(unjudged, 'claim')} {'has' if unjudged == 1 else 'have'} no verdict.")


def _told(words: Sequence[Word], noun: str, which: str = "") -> str:
    if len(words) == 1:
        return f"The one {noun}{which} {_fate(words[0])}"
    if len(set(words)) == 1 and words[0] in ALL_ALIKE:
        quantity, fate = ALL_ALIKE[words[0]]
        whose = quantity[0].format(noun) if len(words) == 2 else quantity[1].format(len(words), noun)
        return f"{whose}{which} {fate}"
    counts = Counter(words)
    told = dict.fromkeys((*FATES, *counts))
    shares = in_a_row([f"{counts[word]} {_fate(word, counts[word])}" for word in told if counts[word]]).plain
    return f"Of {len(words)} {noun}s{which}, {shares}"


def _fate(word: Word, count: int = 1) -> str:
    fate = FATES.get(word, word.value)
    return fate if count == 1 else fate.replace("was ", "were ")


# arms --------------------------------------------------------------------------------------------------


def _about_arms(found: Findings) -> Iterator[Text]:
    if found.noise is not None:
        yield from noise_sentences(found.noise)
    elif not found.verdicts:
        beside = ", and there is no other arm." if found.baseline.estimate.mean is None else "; there is no other arm."
        yield text(level_sentence(found.metric, found.baseline), beside)
    elif all(verdict.word is None for verdict in found.verdicts):
        yield _without_verdicts(found)
    else:
        yield _compared(found)
    yield from _diverged(found)


def _without_verdicts(found: Findings) -> Text:
    seeds = max(verdict.n for verdict in found.verdicts)
    _, reference = _labels(found)
    beside = text(" beside ", reference, f" in {found.metric.title}")
    if seeds < MINIMUM_SEEDS:
        paired = f"{_counted(seeds, 'seed')} on both sides, and {MINIMUM_SEEDS} are needed"
        return text("No arm has a verdict", beside, f": there {'is' if seeds == 1 else 'are'} {paired}.")
    return text("No arm has a verdict", beside, ".")


def _compared(found: Findings) -> Text:
    """One clause where all arms stand alike; otherwise who beats the baseline, if any does, and then the others."""
    names, reference = _labels(found)
    groups = _by_word(found.verdicts)
    inside = f" in {found.metric.title}"
    if len(groups) == 1:
        ((word, verdicts),) = groups.items()
        return text(_those(verdicts, names), _stand(word, verdicts, reference), inside, ".")
    better = groups.pop(Word.BETTER, [])
    # Names of several words need more than a comma between those who stand alike and the others.
    between = "; " if any(" " in code.name for code in names.values()) else ", "
    rest = joined(between, (text(_those(some, names), _stand(word, some)) for word, some in groups.items()))
    if better:
        beats = f" {'beats' if len(better) == 1 else 'beat'} "
        return text(_those(better, names), beats, reference, inside, "; ", rest, ".")
    is_open = any(word in INCONCLUSIVE for word in groups)
    shown = "is shown to beat" if is_open else "beats"
    none = "Neither arm" if len(found.verdicts) == 2 else "No arm"
    return text(f"{none} {shown} ", reference, inside, ": ", rest, ".")


def _by_word(verdicts: Sequence[Verdict]) -> dict[Word | None, list[Verdict]]:
    words = dict.fromkeys((*SAID, *filter(None, (verdict.word for verdict in verdicts)), None))
    groups = {word: [verdict for verdict in verdicts if verdict.word is word] for word in words}
    return {word: some for word, some in groups.items() if some}


def _stand(word: Word | None, verdicts: Sequence[Verdict], reference: Code | None = None) -> Text:
    """` is worse`, and of one clause alone ` is worse than adam`."""
    is_, beside = (" is ", reference or "") if len(verdicts) == 1 else (" are ", reference or "")
    match word:
        case None:
            return text(f"{is_}without a verdict", " beside " if reference else "", beside)
        case Word.BETTER if reference:
            return text(" beats " if len(verdicts) == 1 else " beat ", reference)
        case Word.BETTER | Word.WORSE:
            return text(f"{is_}{word.value}", " than " if reference else "", beside)
        case Word.NO_DIFFERENCE_SEEN if reference:
            shows = " shows" if len(verdicts) == 1 else " show"
            return text(f"{shows} no difference from ", reference, " at this resolution")
        case Word.INCONCLUSIVE if reference:
            return text(f"{is_}inconclusive against ", reference)
        case _:
            to = text(" to ", reference) if reference else text()
            within = f" within {_margin(verdicts[0])}" if word is Word.EQUIVALENT else ""
            return text(f"{is_}{SAID.get(word, word.value)}", to, within)


def _margin(verdict: Verdict) -> str:
    return margin(verdict) if verdict.scale is Scale.LOG_ERROR else f"±{margin(verdict)}"


def _those(verdicts: Sequence[Verdict], names: Mapping[str, Code]) -> Text:
    named: list[Text | Code] = [names[verdict.subject] for verdict in verdicts]
    if len(named) > MOST_NAMED + 1:
        named = [*named[:MOST_NAMED], text(f"{len(named) - MOST_NAMED} more")]
    return in_a_row(named)


def _labels(found: Findings) -> tuple[dict[str, Code], Code]:
    """What arms are called beside each other, and the baseline."""
    arms = [found.baseline.arm, *(verdict.subject for verdict in found.verdicts)]
    labels, _ = row_labels(arms, LABEL_CHARACTERS)
    # A number alone, or `null`, does not say of what it is.
    if any(map(_is_no_name, labels)):
        labels = [shortened(arm, LABEL_CHARACTERS) for arm in arms]
    reference, *others = map(Code, labels)
    return dict(zip(arms[1:], others, strict=True)), reference


def _is_no_name(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return label.lower() in NO_NAMES
    return True


def _diverged(found: Findings) -> Iterator[Text]:
    """How many runs of which arms diverged: nothing is said of an arm without it."""
    names, reference = _labels(found)
    counts = [(reference, found.baseline.n_diverged, found.baseline.n_planned)] if found.baseline.n_diverged else []
    counts += [(names[each.subject], each.n_diverged, each.n_planned) for each in found.verdicts if each.n_diverged]
    if not counts:
        return
    told = [
        text(f"{count} of {planned} ", "of " if place else "runs of ", arm)
        for place, (arm, count, planned) in enumerate(counts[:MOST_NAMED])
    ]
    rest = [text(f"some of {len(counts) - MOST_NAMED} more arms")] if len(counts) > MOST_NAMED else []
    yield text(in_a_row([*told, *rest]), " diverged.")


def _about_all_arms(found: Sequence[Findings]) -> Iterator[Text]:
    words = [verdict.word for sweep in found for verdict in sweep.verdicts]
    if words:
        counts = Counter("without a verdict" if word is None else SAID.get(word, word.value) for word in words)
        told = dict.fromkeys((*SAID.values(), *counts))
        shares = in_a_row([f"{counts[said]} {_verb(counts[said])} {said}" for said in told if counts[said]])
        arms = "the arm" if len(words) == 1 else f"the {len(words)} arms"
        yield text(f"Of {arms} compared with the baseline of their sweep, ", shares, ".")


def _verb(count: int) -> str:
    return "is" if count == 1 else "are"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
