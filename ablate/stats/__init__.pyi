from .assurance import (
    assured_power as assured_power,
    seeds_for_assurance as seeds_for_assurance,
    smallest_assured_effect as smallest_assured_effect,
)
from .clustered import (
    ClusteredMean as ClusteredMean,
    by_group as by_group,
    clustered_mean as clustered_mean,
)
from .components import (
    VarianceComponents as VarianceComponents,
    VariancePart as VariancePart,
    variance_components as variance_components,
)
from .contrasts import (
    paired_difference as paired_difference,
    per_seed_contrast as per_seed_contrast,
)
from .crossed import (
    CrossedMean as CrossedMean,
    McNemar as McNemar,
    crossed_mean as crossed_mean,
    mcnemar as mcnemar,
    noise_floor as noise_floor,
)
from .effect_sizes import (
    EffectSize as EffectSize,
    effect_size as effect_size,
)
from .equivalence import (
    Equivalence as Equivalence,
    equivalence_test as equivalence_test,
    paired_equivalence_from_summaries as paired_equivalence_from_summaries,
    welch_equivalence as welch_equivalence,
)
from .estimates import (
    Estimate as Estimate,
    MeanEstimate as MeanEstimate,
    estimate_mean as estimate_mean,
)
from .factorial import (
    Effect as Effect,
    Factorial as Factorial,
    VarianceShare as VarianceShare,
    dose_slopes as dose_slopes,
    factorial_effects as factorial_effects,
)
from .improvement import (
    Improvement as Improvement,
    ProbabilityOfSuperiority as ProbabilityOfSuperiority,
    clopper_pearson as clopper_pearson,
    paired_improvement as paired_improvement,
    probability_of_superiority as probability_of_superiority,
    sign_test_p as sign_test_p,
)
from .multiplicity import (
    Adjustment as Adjustment,
    bonferroni as bonferroni,
    holm as holm,
)
from .power import (
    PowerStatement as PowerStatement,
    SeedsNeeded as SeedsNeeded,
    examples_needed as examples_needed,
    power_of_difference as power_of_difference,
    power_of_equivalence as power_of_equivalence,
    power_statement as power_statement,
    seeds_for_difference as seeds_for_difference,
    seeds_for_equivalence as seeds_for_equivalence,
    seeds_needed as seeds_needed,
)
from .ranks import (
    AgainstControl as AgainstControl,
    Friedman as Friedman,
    SignedRanks as SignedRanks,
    average_ranks as average_ranks,
    dunn_against_control as dunn_against_control,
    friedman as friedman,
    nemenyi_critical_difference as nemenyi_critical_difference,
    signed_ranks as signed_ranks,
)
from .resampled import (
    resampled_mean as resampled_mean,
)
from .sign_flips import (
    sign_flip_p as sign_flip_p,
)
from .unpaired import (
    UnpairedDifference as UnpairedDifference,
    welch as welch,
)
