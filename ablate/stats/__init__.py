"""Statistics of paired runs: numbers in, numbers out. Nothing else of ablate is imported here, no file is opened.

from ablate.stats import paired_difference, power_statement, welch

paired_difference({0: 0.98, 1: 0.97, 2: 0.98}, {0: 0.97, 1: 0.97, 2: 0.96})    # matched by seed, with a t interval
power_statement(n=5, arms=8)

estimates       a mean with its t interval
contrasts       paired differences: one number for each seed
unpaired        two arms with different seeds (Welch)
equivalence     two one-sided tests against a margin
effect_sizes    standardised differences (Cohen, Hedges) with exact intervals
sign_flips      the exact permutation test of paired differences
improvement     how often one arm beats another
multiplicity    Bonferroni and Holm
power           what a number of seeds can show, and how many would be needed
factorial       main effects, interactions and shares of variance of a full grid
crossed         new seeds and new examples at once; McNemar; the noise floor
ranks           several arms over many data sets
"""

import lazy_loader

# Names are imported when they are first asked for; __init__.pyi lists them, for this and for type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
