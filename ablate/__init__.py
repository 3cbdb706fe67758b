"""ablate answers "which of my choices mattered?": sweeps, a store, honest comparisons.

    python -m ablate +sweep=optimizers        # plan, train what is missing, write reports/optimizers/
    python -m ablate compare optimizers:adam optimizers:sgd

The parts can be used alone:

    from ablate.training.fit import fit       # one compiled GradientTape loop over any Keras model
    from ablate.storage.runs import RunStore         # records named by the hash of their spec
    from ablate.analysis import contrasts     # paired differences with intervals, on anybody's numbers
"""

__all__ = ["__version__"]
__version__ = "0.1.0"
