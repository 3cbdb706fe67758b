"""From stored runs to numbers that can be said aloud: tables, summaries, paired differences, verdicts.

    tables = study_tables(plan, runs)                 # frame: tidy runs, history, timings
    results = study_results(plan, runs)               # results: everything a report shows, frozen
    difference = paired_difference(arm, baseline)     # contrasts: anybody's numbers, matched by seed
    verdicts = judge_arms(arms, "sgd", metric, margin=0.002)      # verdicts: what may be said of them

One engine: every question is one number per seed and a one-sample t on it. The modules, each usable alone:
`estimates` (a mean with its t interval), `contrasts` (one number per seed), `matching` (two arms by seed, on a
scale of `scales`), `decisions` (the table from numbers to words), `verdicts` (arms, claims, effects; `flagging`),
and what they use: `effect_sizes`, `sign_flips`, `improvement`, `equivalence`, `multiplicity`, `power`,
`divergence`. Other questions: `crossed` (new seeds and new examples), `factorial` (effects of a grid),
`sequential` (looking while seeds are added), `ranks` (many data sets), `unpaired` (other seeds on each side).
Of a study: `summaries` (an arm over its seeds), `curves`, `confusion`, `settings` (what differs), `frame` (tables
and their bytes), `tidy_frame` (verdicts from anybody's table), `results` (all of it), `comparison` (`ablate compare`).
Nothing here draws, trains or opens a file.

Names are imported when they are first asked for, so `from ablate.analysis import power_statement` does not
wait for pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "contrasts": ("paired_difference", "per_seed_contrast"),
    "crossed": ("CrossedMean", "McNemar", "crossed_mean", "mcnemar", "noise_floor"),
    "divergence": ("DivergenceRates", "WorstRank", "divergence_rates", "worst_rank"),
    "effect_sizes": ("EffectSize", "effect_size"),
    "equivalence": (
        "Equivalence",
        "equivalence_test",
        "paired_equivalence_from_summaries",
        "welch_equivalence",
    ),
    "estimates": ("Estimate", "estimate_mean"),
    "factorial": ("Effect", "Factorial", "VarianceShare", "dose_slopes", "factorial_effects"),
    "frame": ("study_tables", "verdict_table"),
    "improvement": (
        "Improvement",
        "ProbabilityOfSuperiority",
        "clopper_pearson",
        "paired_improvement",
        "probability_of_superiority",
        "sign_test_p",
    ),
    "matching": ("ArmValues",),
    "multiplicity": ("Adjustment", "bonferroni", "holm"),
    "power": (
        "PowerStatement",
        "power_of_difference",
        "power_of_equivalence",
        "power_statement",
        "seeds_for_difference",
        "seeds_for_equivalence",
        "seeds_needed",
    ),
    "ranks": (
        "Friedman",
        "average_ranks",
        "dunn_against_control",
        "friedman",
        "nemenyi_critical_difference",
        "signed_ranks",
    ),
    "results": ("study_results",),
    "sequential": ("SequentialPlan", "SequentialResult", "e_process", "e_value", "sequential_analysis"),
    "sign_flips": ("sign_flip_p",),
    "tidy_frame": ("TableProblem", "arms_from_frame", "verdicts_from_frame"),
    "unpaired": ("UnpairedDifference", "welch"),
    "verdict_rows": ("Family", "Flag", "Scale", "Verdict", "Word"),
    "verdicts": (
        "PairedQuestion",
        "judge_arms",
        "judge_claims",
        "judge_differences",
        "judge_effects",
        "judge_exploratory",
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
