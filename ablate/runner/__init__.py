"""The runner: which runs of a study are missing, and processes that train them.

    work = missing(study.run_specs(), store, keep)      # plan.py: what to run, subtracting what is done
    executor = LocalExecutor(workers=2)                 # local.py: worker processes; inline.py: this one
    executor.execute(work.jobs, Session(store, data_dir, print, keep))

The parent alone writes the store and holds the leases; a worker does the jobs that it is sent (`jobs.py`:
train a run, or derive artefacts from kept weights) and sends back what came out. `dispatch.py` is the
parent's bookkeeping, `schedule.py` the choice of the next run, `worker.py` the worker's side, `events.py`
what an observer is told.
"""
