"""From stored runs to what a report shows: tidy tables, summaries, and frozen results.

    tables = study_tables(plan, runs)      # frame: tidy runs, history, timings
    results = study_results(plan, runs)    # results: everything a report shows

Of a study: `summaries` (an arm over its seeds), `curves`, `confusion`, `settings` (what differs), `frame` (tables
and their bytes), `judging` (its questions put to `ablate.verdicts`), `results` (all of it), `comparison` (`ablate
compare`); of a table that was made elsewhere and that `ablate.tables` has read: `tidy_frame`. Nothing here draws,
trains or opens a file.
"""

import lazy_loader

# Names are imported when they are first asked for; __init__.pyi lists them, for this and for type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
