"""Statistics of paired runs: numbers in, numbers out. Nothing else of ablate is imported here, no file is opened.

    >>> from ablate.stats import paired_difference, power_statement
    >>> difference = paired_difference({0: 0.98, 1: 0.97, 2: 0.98}, {0: 0.97, 1: 0.97, 2: 0.96})    # matched by seed
    >>> round(difference.mean, 3), round(difference.p_two_sided, 3)
    (0.01, 0.225)
    >>> round(power_statement(n=5, m=8).smallest_effect_in_sds, 2)      # what five seeds and eight arms can see
    2.98

estimates       a mean with its t interval
contrasts       paired differences: one number for each seed
unpaired        two arms with different seeds (Welch)
resampled       splits of one data set, whose training sets overlap (Nadeau and Bengio)
clustered       examples of a benchmark, where some belong together
equivalence     two one-sided tests against a margin
effect_sizes    standardised differences (Cohen, Hedges) with exact intervals
sign_flips      the exact permutation test of paired differences
improvement     how often one arm beats another
multiplicity    Bonferroni and Holm
power           what a number of seeds can show, and how many would be needed
assurance       that power, where the spread is known from a few runs only
components      which part of a seed the noise of a run comes from
factorial       main effects, interactions and shares of variance of a full grid
crossed         new seeds and new examples at once; McNemar; the noise floor
ranks           several arms over many data sets

What the data cannot say is None, never NaN. Shapes are written [seeds], [seeds, examples], [blocks, arms].

Sources

Benavoli et al. 2016     Should we really use post-hoc tests based on mean-ranks? JMLR 17
Bouthillier et al. 2021  Accounting for variance in machine learning benchmarks. MLSys 3
Brunner and Munzel 2000  The nonparametric Behrens-Fisher problem. Biometrical Journal 42
Cliff 1993               Dominance statistics. Psychological Bulletin 114
Clopper and Pearson 1934 The use of confidence or fiducial limits illustrated in the case of the binomial. Biometrika 26
Cohen 1988               Statistical power analysis for the behavioral sciences, 2nd edition
Demšar 2006              Statistical comparisons of classifiers over multiple data sets. JMLR 7
Dietterich 1998          Approximate statistical tests for comparing supervised classification learning algorithms.
                         Neural Computation 10
Dunn 1964                Multiple comparisons using rank sums. Technometrics 6
Fisher 1935              The design of experiments
Friedman 1937            The use of ranks to avoid the assumption of normality implicit in the analysis of variance.
                         JASA 32
Gallas et al. 2009       A framework for random-effects ROC analysis. Communications in Statistics 38
Hedges 1981              Distribution theory for Glass's estimator of effect size and related estimators. Journal of
                         Educational Statistics 6
Hoenig and Heisey 2001   The abuse of power. The American Statistician 55
Holm 1979                A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6
Horowitz and Sahni 1974  Computing partitions with applications to the knapsack problem. Journal of the ACM 21
Hutter et al. 2014       An efficient approach for assessing hyperparameter importance. ICML
Iman and Davenport 1980  Approximations of the critical region of the Friedman statistic. Communications in Statistics 9
Jordan 2023              arXiv 2304.01910
Lakens 2017              Equivalence tests. Social Psychological and Personality Science 8
McNemar 1947             Note on the sampling error of the difference between correlated proportions. Psychometrika 12
Miller 2024              Adding error bars to evals. arXiv 2411.00640
Nadeau and Bengio 2003   Inference for the generalization error. Machine Learning 52
Nemenyi 1963             Distribution-free multiple comparisons. Princeton University
Noether 1987             Sample size determination for some common nonparametric tests. JASA 82
O'Hagan et al. 2005      Assurance in clinical trial design. Pharmaceutical Statistics 4
Phipson and Smyth 2010   Permutation p-values should never be zero. Statistical Applications in Genetics and Molecular
                         Biology 9
Satterthwaite 1946       An approximate distribution of estimates of variance components. Biometrics Bulletin 2
Schuirmann 1987          A comparison of the two one-sided tests procedure and the power approach for assessing the
                         equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics 15
Steiger and Fouladi 1997 Noncentrality interval estimation and the evaluation of statistical models
Student 1908             The probable error of a mean. Biometrika 6
Welch 1947               The generalization of "Student's" problem when several different population variances are
                         involved. Biometrika 34
Wilcoxon 1945            Individual comparisons by ranking methods. Biometrics Bulletin 1
"""

import lazy_loader

# Names are imported when they are first asked for; __init__.pyi lists them, for this and for type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
