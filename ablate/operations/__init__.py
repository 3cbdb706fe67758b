"""What can be done, as Python: one module a verb of the command line, with a function of its name.

    from ablate.operations.run import run
    from ablate.operations.plan import plan

Each takes plain arguments, and an observer where it takes a while, and returns a frozen result. None prints, and none
knows the command line, which is parsing, a call of one of these, printing, and an exit code. What goes wrong is raised
as an `ablate.core.errors.AblateError` error, with its hint and its exit code.

Shared by them: `request` (words → a study or a run), `sides` (a name → the runs that it stands for), `restore`
(stored weights → models), `events` (what an observer is told), `publish` (a study's tables and report).
"""
