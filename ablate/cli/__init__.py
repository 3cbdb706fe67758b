"""The command line: the only place that prints and that sets exit codes.

    main(["+sweep=optimizers", "sweep.seeds=3"])     # 0
    main(["compare", "optimizers:adam", "optimizers:sgd"])

A first bare word is a verb; without one, the words describe runs in Hydra's override grammar. One file a
verb, found by its name; each imports what it needs when it is called, so that `ablate --help` is quick
and only a worker ever imports TensorFlow.
"""

from ablate.cli.command import main

__all__ = ["main"]
