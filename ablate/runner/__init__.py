"""The runner: which runs of a study are missing, and processes that train them.

    work = missing(study.run_specs(), store)            # plan.py: what to run, subtracting what is done
    executor = LocalExecutor(workers=2)                 # local.py: worker processes; inline.py: this one
    executor.execute(work.todo, Session(store, data_dir, observe=print))

The parent alone writes the store and holds the claims; a worker trains what it is sent and sends back
what came out. `dispatch.py` is the parent's bookkeeping, `schedule.py` the choice of the next run,
`worker.py` the worker's side, `events.py` what an observer is told.
"""
