"""ablate answers "which of my choices mattered?": sweeps, a store, honest comparisons.

    python -m ablate +sweep=optimizers        # plan, train what is missing, write reports/optimizers/
    python -m ablate compare optimizers:adam optimizers:sgd

The same from Python:

    import ablate

    done = ablate.run(["+sweep=optimizers", "sweep.seeds=3"])
    ablate.load("optimizers").verdicts        # a pandas frame
    ablate.compare("optimizers:adam", "optimizers:sgd")
    ablate.judge(frame, metric="accuracy", direction="max", margin=0.005)    # anybody's table, or a pandas frame
    ablate.to_json(done)                      # of any result, as --json prints it

Every verb of the command line is such a function, see `ablate.operations`. The parts can be used alone:

    from ablate.training.fit import fit       # one compiled GradientTape loop over any Keras model
    from ablate.storage.runs import RunStore  # records named by the hash of their spec
    from ablate.stats import paired_difference    # paired differences with intervals, on anybody's numbers
"""

import lazy_loader

__version__ = "0.1.0"

# Names are imported when they are first asked for; __init__.pyi lists them, for this and for type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
