"""Metrics that are measured of stored runs where a sweep asks for them: one file each, found by its name.

A file holds `FACTS`, a `MetricInfo` that says what the number means, and a function of what a run has kept of the test
examples. The names of its arguments say which of it the function is given:

    labels          int [N], or float64 [N] for regression
    predictions     int [N], the predicted classes, or float64 [N] for regression
    probabilities   float32 [N, C], of all classes; a run that has not kept them gives them from its weights

A leaf in `conf/metric/` names the function; the metric is then called `test_` and the name of the leaf, as in
`sweep.metric=test_balanced_accuracy`.
"""
