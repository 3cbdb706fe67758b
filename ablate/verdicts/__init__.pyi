from .divergence import (
    DivergenceRates as DivergenceRates,
    WorstRank as WorstRank,
    divergence_rates as divergence_rates,
    worst_rank as worst_rank,
)
from .effects import (
    EffectValues as EffectValues,
)
from .engine import (
    PairedQuestion as PairedQuestion,
    judge_arms as judge_arms,
    judge_claims as judge_claims,
    judge_differences as judge_differences,
    judge_effects as judge_effects,
    judge_exploratory as judge_exploratory,
)
from .pairing import (
    ArmValues as ArmValues,
)
from .sequential import (
    SequentialPlan as SequentialPlan,
    SequentialResult as SequentialResult,
    e_process as e_process,
    e_value as e_value,
    sequential_analysis as sequential_analysis,
)
from .verdict import (
    Family as Family,
    Flag as Flag,
    Scale as Scale,
    Verdict as Verdict,
    Word as Word,
)
