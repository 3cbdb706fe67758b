"""Contracts: what an executor, a trainer, a metric, a design, a probe or a store of anybody's has to keep, as tests.

A contract is a class whose methods are tests. Whoever has written one of these names it in a subclass, which pytest
collects as it does any other class of tests:

    # tests/test_my_trainer.py
    from ablate.testing.trainers import TrainerContract
    from ablate.testing.specs import tiny_spec

    class TestMyTrainer(TrainerContract):
        def spec(self):
            return tiny_spec("trainer=mine")        # a leaf of your conf/, seen from the current folder

    executors   ExecutorContract, and WorkersContract where runs have processes of their own
    trainers    TrainerContract
    metrics     MetricContract
    designs     DesignContract
    probes      ProbeContract
    stores      StoreContract

Nothing here needs pytest: a test takes at most a folder of its own, `tmp_path`, and may be called by hand. With
`pytest.register_assert_rewrite("ablate.testing")` in a conftest.py, before the first import of a contract, what does
not hold is shown as in tests of one's own.

`specs` makes runs small enough to be trained by a test; `scripted` has a trainer that misbehaves as it is told to.
"""
