"""From the values of two arms to a word that may be said of them: better, worse, equivalent or inconclusive.

    verdicts = judge_arms(arms, "sgd", metric, margin=0.002)

One engine: every question is one number per seed and a one-sample t on it.

    verdict       the frozen result: its word, its interval, its flags
    scales        on which scale a metric is compared (raw, log of the error)
    pairing       two arms paired by seed, on such a scale
    effects       contrasts of several cells, with what became of their runs
    divergence    what a diverged run counts as
    decisions     the table from numbers to words
    flags         what a reader should know beside a verdict
    engine        arms, claims, effects and exploratory questions, each judged as a family
    per_example   the examples of a benchmark as the sample, in place of seeds
    sequential    looking while seeds are added
"""

import lazy_loader

# Names are imported when they are first asked for; __init__.pyi lists them, for this and for type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
