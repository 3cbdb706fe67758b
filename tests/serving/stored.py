"""What stands in the store that pages are tested with."""

from __future__ import annotations

from tests.synthetic import completed_runs, optimizer_sweep, run_spec

HOSTILE = "<script>alert(1)</script> & \x1b[2J 'quoted' \"twice\" {{ 7 * 7 }}"
SWEEP = optimizer_sweep(seeds=4, optimizers={"adam": 0.001, "sgd": 0.01, "nadam": 0.001})
RUNS = completed_runs(SWEEP)
# Of sgd three ended otherwise, so that nothing is said of it; of nadam the last one is not there.
_, SOUND, _, _, FAILED, DIVERGED, DAMAGED, _, _, _, _, LACKING = RUNS
ALONE = run_spec("Lion", seed=9)
